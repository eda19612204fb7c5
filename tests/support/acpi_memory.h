/*
 * acpi_memory.h - for tests: physical memory with a machine's ACPI tables in it.
 *
 * setup() builds the tables of a machine like QEMU's (build() another revision), seal() sets a
 * changed table's checksum right, check_read() reads them as the kernel does.
 */
#ifndef NONOS_TESTS_ACPI_MEMORY_H
#define NONOS_TESTS_ACPI_MEMORY_H

#include "crypto/bytes.h"
#include "kernel/dev/acpi.h"
#include "tests/support/vectors.h"

/* Physical memory with a few tables in it, each in an allocation of its own, so that the sanitizer
 * sees a read past the end of any. */
#define BLOCK_COUNT 8u
#define BUILT_COUNT 6u /* what build(2) makes */

struct block {
    uint64_t paddr;
    uint8_t *bytes;
    size_t len;
};

static struct block blocks[BLOCK_COUNT];
static size_t block_count;
static unsigned read_count;

static const uint8_t *show([[maybe_unused]] void *context, uint64_t paddr, size_t len)
{
    read_count++;
    for (size_t i = 0; i < block_count; i++) {
        const struct block *block = &blocks[i];

        if (paddr >= block->paddr && paddr - block->paddr <= block->len &&
            len <= block->len - (paddr - block->paddr))
            return block->bytes + (paddr - block->paddr);
    }
    return nullptr;
}

static uint8_t *block_add(uint64_t paddr, size_t len)
{
    struct block *block = &blocks[block_count++];

    assert_true(block_count <= BLOCK_COUNT);
    *block = (struct block){paddr, calloc(1, len), len};
    assert_non_null(block->bytes);
    return block->bytes;
}

static struct block *block_at(uint64_t paddr)
{
    for (size_t i = 0; i < block_count; i++) {
        if (blocks[i].paddr == paddr)
            return &blocks[i];
    }
    fail();
    return nullptr;
}

/* Zeroes follow what there was. */
static uint8_t *block_resize(uint64_t paddr, size_t len)
{
    struct block *block = block_at(paddr);

    uint8_t *bytes = calloc(1, len);

    assert_non_null(bytes);
    memcpy(bytes, block->bytes, block->len);
    free(block->bytes);
    block->bytes = bytes;
    block->len = len;
    return block->bytes;
}

/* Makes the sum of len bytes zero by the byte at offset. */
static void set_checksum(uint8_t *bytes, size_t len, size_t offset)
{
    uint8_t sum = 0;

    bytes[offset] = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[offset] = (uint8_t)-sum;
}

static uint8_t *table_add(uint64_t paddr, const char *signature, size_t len)
{
    uint8_t *bytes = block_add(paddr, len);

    memcpy(bytes, signature, 4);
    store_le32(bytes + 4, (uint32_t)len);
    return bytes;
}

static void seal(uint64_t paddr)
{
    struct block *block = block_at(paddr);

    set_checksum(block->bytes, block->len, 9);
}

#define RSDP 0xF5000u
#define RSDT 0x7FE1000u
#define XSDT 0x7FE2000u
#define FADT 0x7FE3000u
#define DSDT 0x7FE4000u
#define OTHER 0x7FE5000u

static const uint8_t s5[] = {0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0A, 0x05, 0x0A, 0x06};

static void set_register(uint8_t *to, uint8_t space, uint8_t width, uint64_t address)
{
    to[0] = space;
    to[1] = width;
    store_le64(to + 4, address);
}

static void seal_rsdp(void)
{
    uint8_t *rsdp = block_at(RSDP)->bytes;

    set_checksum(rsdp, 20, 8);
    if (rsdp[15] >= 2)
        set_checksum(rsdp, 36, 32);
}

/* A machine as QEMU's: fixed hardware, all in one DSDT. */
static void build(unsigned revision)
{
    uint8_t *rsdp = block_add(RSDP, revision >= 2 ? 36 : 20);
    uint8_t *rsdt = table_add(RSDT, "RSDT", 36 + 8);
    uint8_t *fadt = table_add(FADT, "FACP", revision >= 2 ? 276 : 116);
    uint8_t *dsdt = table_add(DSDT, "DSDT", 36 + 100);

    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[15] = (uint8_t)revision;
    store_le32(rsdp + 16, RSDT);
    (void)table_add(OTHER, "APIC", 44);
    store_le32(rsdt + 36, OTHER);
    store_le32(rsdt + 40, FADT);
    store_le32(fadt + 40, DSDT);
    store_le32(fadt + 48, 0xB2);
    fadt[52] = 0xF1;
    store_le32(fadt + 64, 0x604);
    if (revision >= 2) {
        uint8_t *xsdt = table_add(XSDT, "XSDT", 36 + 16);

        store_le32(rsdp + 20, 36);
        store_le64(rsdp + 24, XSDT);
        store_le64(xsdt + 36, OTHER);
        store_le64(xsdt + 44, FADT);
        store_le32(fadt + 112, 1u << 10);
        set_register(fadt + 116, ACPI_SPACE_IO, 8, 0xCF9);
        fadt[128] = 0x0F;
        seal(XSDT);
    }
    memcpy(dsdt + 60, s5, sizeof s5);
    seal_rsdp();
    seal(RSDT);
    seal(FADT);
    seal(DSDT);
    seal(OTHER);
}

static int setup([[maybe_unused]] void **state)
{
    block_count = 0;
    build(2);
    return 0;
}

static int teardown([[maybe_unused]] void **state)
{
    for (size_t i = 0; i < block_count; i++)
        free(blocks[i].bytes);
    block_count = 0;
    return 0;
}

static struct acpi_power check_read(enum nonos_error wanted)
{
    static const struct acpi_power zero = {};
    struct acpi_power power;

    memset(&power, 0xAA, sizeof power);
    assert_int_equal(acpi_read_power(show, nullptr, RSDP, &power), wanted);
    if (wanted != NONOS_OK)
        assert_memory_equal(&power, &zero, sizeof power);
    return power;
}

static void check_s5(bool wanted)
{
    assert_int_equal(check_read(NONOS_OK).has_s5, wanted);
}

#endif
