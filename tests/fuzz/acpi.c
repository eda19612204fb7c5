/* The firmware's ACPI tables. */
#include "tests/fuzz/fuzz.h"

#include "kernel/dev/acpi_table.h"
#include "kernel/dev/platform.h"

#define MEMORY_PADDR UINT64_C(0x1000)
/* RSDP twice, two roots twice; of each entry its header twice and the whole; the DSDT twice. */
#define SHOWN_MAX_COUNT (7u + 3 * ACPI_ROOT_MAX_ENTRIES + 2)

/* All memory is the input. What is shown is a copy, exactly as long as was asked for. */
struct physical {
    const uint8_t *bytes;
    size_t len;
    bool mend; /* set checksums right, which random changes never do */
    uint8_t *shown[SHOWN_MAX_COUNT];
    size_t shown_count;
    size_t asked_count;
};

static void mend_checksum(uint8_t *bytes, size_t len, size_t at)
{
    uint8_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[at] = (uint8_t)(bytes[at] - sum);
}

static void mend(uint8_t *bytes, size_t len)
{
    if (len >= 20 && memcmp(bytes, "RSD PTR ", 8) == 0) {
        mend_checksum(bytes, 20, 8);
        if (len >= 36)
            mend_checksum(bytes, len, 32);
    } else if (len >= 36) {
        mend_checksum(bytes, len, 9);
    }
}

static const uint8_t *show(void *context, uint64_t paddr, size_t len)
{
    struct physical *physical = context;
    fuzz_require(paddr != 0 && len > 0 && len <= ACPI_DSDT_MAX_LEN);
    fuzz_require(physical->asked_count++ < SHOWN_MAX_COUNT);
    if (paddr < MEMORY_PADDR || len > physical->len || paddr - MEMORY_PADDR > physical->len - len)
        return nullptr;
    uint8_t *copy = fuzz_allocate(len);
    memcpy(copy, physical->bytes + (paddr - MEMORY_PADDR), len);
    if (physical->mend)
        mend(copy, len);
    physical->shown[physical->shown_count++] = copy;
    return copy;
}

static void check_processors(const struct platform *platform)
{
    uint32_t count = platform->processor_count;
    fuzz_require(count <= PLATFORM_PROCESSOR_MAX);
    fuzz_require(count == PLATFORM_PROCESSOR_MAX || platform->processors_ignored == 0);
    for (uint32_t i = 0; i < count; i++) {
        fuzz_require(platform->processors[i].apic_id != UINT32_MAX);
        for (uint32_t other = 0; other < i; other++)
            fuzz_require(platform->processors[i].apic_id != platform->processors[other].apic_id);
    }
    fuzz_require(platform->lapic_paddr % 4096 == 0);
}

static void check_interrupts(const struct platform *platform)
{
    unsigned irqs = 0;
    fuzz_require(platform->io_apic_count <= PLATFORM_IO_APIC_MAX);
    for (uint32_t i = 0; i < platform->io_apic_count; i++) {
        const struct platform_io_apic *io_apic = &platform->io_apics[i];
        fuzz_require(io_apic->paddr != 0);
        for (uint32_t other = 0; other < i; other++)
            fuzz_require(io_apic->paddr != platform->io_apics[other].paddr &&
                         io_apic->gsi_base != platform->io_apics[other].gsi_base);
    }
    fuzz_require(platform->override_count <= PLATFORM_OVERRIDE_MAX);
    for (uint32_t i = 0; i < platform->override_count; i++) {
        fuzz_require(platform->overrides[i].irq < 16);
        fuzz_require((irqs >> platform->overrides[i].irq & 1) == 0);
        irqs |= 1u << platform->overrides[i].irq;
    }
}

static void check_places(const struct platform *platform)
{
    static uint8_t buses[65536][256 / 8];
    fuzz_require(platform->hpet_paddr % 1024 == 0);
    fuzz_require(platform->ecam_count <= PLATFORM_ECAM_MAX);
    for (uint32_t i = 0; i < platform->ecam_count; i++) {
        const struct platform_ecam *ecam = &platform->ecam[i];
        fuzz_require(ecam->paddr != 0 && ecam->paddr % (1u << 20) == 0);
        fuzz_require(ecam->first_bus <= ecam->last_bus && ecam->paddr < UINT64_C(1) << 45);
        for (unsigned bus = ecam->first_bus; bus <= ecam->last_bus; bus++) {
            uint8_t *bits = &buses[ecam->segment][bus / 8];
            fuzz_require((*bits >> bus % 8 & 1) == 0);
            *bits = (uint8_t)(*bits | 1u << bus % 8);
        }
    }
    for (uint32_t i = 0; i < platform->ecam_count; i++)
        memset(buses[platform->ecam[i].segment], 0, sizeof buses[0]);
}

static void check_register(const struct acpi_register *reg)
{
    fuzz_require(reg->space == ACPI_SPACE_MEMORY ||
                 (reg->space == ACPI_SPACE_IO && reg->address <= UINT16_MAX));
}

static void check_power(const struct platform *platform)
{
    const struct acpi_power *power = &platform->power;
    uint8_t width_bits = platform->pm_timer.width_bits;
    fuzz_require(power->s5_a <= 7 && power->s5_b <= 7);
    fuzz_require(power->has_s5 || (power->s5_a | power->s5_b) == 0);
    fuzz_require(!power->has_s5 || (platform->tables >> ACPI_DSDT & 1) != 0);
    check_register(&power->pm1a_control);
    check_register(&power->pm1b_control);
    check_register(&power->sleep_control);
    check_register(&power->reset);
    check_register(&platform->pm_timer);
    fuzz_require(platform->pm_timer.address == 0 || width_bits == 24 || width_bits == 32);
}

/* What was not read left nothing behind. */
static void check_absent(const struct platform *platform)
{
    unsigned tables = platform->tables;
    fuzz_require((tables >> ACPI_KIND_COUNT | platform->malformed >> ACPI_KIND_COUNT) == 0);
    fuzz_require((tables >> ACPI_ROOT & 1) != 0 || tables == 0);
    if ((tables >> ACPI_MADT & 1) == 0)
        fuzz_require(platform->processor_count == 0 && platform->lapic_paddr == 0 &&
                     platform->io_apic_count == 0 && platform->override_count == 0 &&
                     !platform->has_8259);
    if ((tables >> ACPI_FADT & 1) == 0)
        fuzz_require(bytes_are_zero(&platform->power, sizeof platform->power) &&
                     platform->pm_timer.address == 0 && (tables >> ACPI_DSDT & 1) == 0);
    fuzz_require((tables >> ACPI_HPET & 1) != 0 || platform->hpet_paddr == 0);
    fuzz_require((tables >> ACPI_MCFG & 1) != 0 || platform->ecam_count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct physical physical;
    struct fuzz_input input = {bytes, len};
    struct platform platform;
    uint8_t choice = fuzz_take8(&input);
    memset(&platform, 0xEE, sizeof platform);
    physical = (struct physical){.bytes = input.bytes, .len = input.len, .mend = choice % 4 != 0};
    /* Not always where a table begins. */
    acpi_read(show, &physical, MEMORY_PADDR + choice / 128, &platform);
    check_processors(&platform);
    check_interrupts(&platform);
    check_places(&platform);
    check_power(&platform);
    check_absent(&platform);
    for (size_t i = 0; i < physical.shown_count; i++)
        free(physical.shown[i]);
    return 0;
}
