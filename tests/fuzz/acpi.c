/* The firmware's ACPI tables. */
#include "tests/fuzz/fuzz.h"

#include "crypto/bytes.h"
#include "kernel/dev/acpi.h"

#define MEMORY_PADDR UINT64_C(0x1000)
#define SHOWN_MAX_COUNT 4096u

/* All memory is the input. What is shown is a copy, exactly as long as was asked for. */
struct physical {
    const uint8_t *bytes;
    size_t len;
    bool mend; /* set checksums right, which random changes never do */
    uint8_t *shown[SHOWN_MAX_COUNT];
    size_t shown_count;
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
    fuzz_require(len > 0 && len <= ACPI_TABLE_MAX_LEN);
    if (paddr < MEMORY_PADDR || len > physical->len || paddr - MEMORY_PADDR > physical->len - len ||
        physical->shown_count == SHOWN_MAX_COUNT)
        return nullptr;
    uint8_t *copy = fuzz_allocate(len);
    memcpy(copy, physical->bytes + (paddr - MEMORY_PADDR), len);
    if (physical->mend)
        mend(copy, len);
    physical->shown[physical->shown_count++] = copy;
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct physical physical;
    struct fuzz_input input = {bytes, len};
    struct acpi_power power;
    uint8_t choice = fuzz_take8(&input);
    memset(&power, 0xEE, sizeof power);
    physical = (struct physical){.bytes = input.bytes, .len = input.len, .mend = choice % 4 != 0};
    /* Not always where a table begins. */
    uint64_t rsdp_paddr = MEMORY_PADDR + choice / 128;
    if (acpi_read_power(show, &physical, rsdp_paddr, &power) == NONOS_OK)
        fuzz_require(power.s5_a <= 7 && power.s5_b <= 7 &&
                     (power.has_s5 || (power.s5_a | power.s5_b) == 0));
    else
        fuzz_require(bytes_are_zero(&power, sizeof power));
    for (size_t i = 0; i < physical.shown_count; i++)
        free(physical.shown[i]);
    return 0;
}
