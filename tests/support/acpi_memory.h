/*
 * acpi_memory.h - for tests: physical memory with a machine's ACPI tables in it.
 *
 * setup() builds the tables of a machine like QEMU's (build() another revision), seal() sets a
 * changed table's checksum right, read_all() reads them as the kernel does. The test of one table
 * has table_add() and table_at() alone.
 */
#ifndef NONOS_TESTS_ACPI_MEMORY_H
#define NONOS_TESTS_ACPI_MEMORY_H

#include "crypto/bytes.h"
#include "kernel/dev/acpi_table.h"
#include "kernel/dev/platform.h"
#include "tests/support/vectors.h"

/* Physical memory with a few tables in it, each in an allocation of its own, so that the sanitizer
 * sees a read past the end of any. */
#define BLOCK_COUNT 16u
#define BUILT_COUNT 8u /* what build(2) makes */

struct block {
    uint64_t paddr;
    uint8_t *bytes;
    size_t len;
};

static struct block blocks[BLOCK_COUNT];
static size_t block_count;
static unsigned read_count;

static inline const uint8_t *show([[maybe_unused]] void *context, uint64_t paddr, size_t len)
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

static inline uint8_t *block_add(uint64_t paddr, size_t len)
{
    struct block *block = &blocks[block_count++];

    assert_true(block_count <= BLOCK_COUNT);
    *block = (struct block){paddr, calloc(1, len), len};
    assert_non_null(block->bytes);
    return block->bytes;
}

static inline struct block *block_at(uint64_t paddr)
{
    for (size_t i = 0; i < block_count; i++) {
        if (blocks[i].paddr == paddr)
            return &blocks[i];
    }
    fail();
    return nullptr;
}

/* Zeroes follow what there was. */
static inline uint8_t *block_resize(uint64_t paddr, size_t len)
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
static inline void set_checksum(uint8_t *bytes, size_t len, size_t offset)
{
    uint8_t sum = 0;

    bytes[offset] = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[offset] = (uint8_t)-sum;
}

static inline uint8_t *table_add(uint64_t paddr, const char *signature, size_t len)
{
    uint8_t *bytes = block_add(paddr, len);

    memcpy(bytes, signature, 4);
    store_le32(bytes + 4, (uint32_t)len);
    return bytes;
}

static inline struct acpi_table table_at(uint64_t paddr)
{
    const struct block *block = block_at(paddr);

    return (struct acpi_table){block->bytes, block->len};
}

static inline void seal(uint64_t paddr)
{
    struct block *block = block_at(paddr);

    set_checksum(block->bytes, block->len, 9);
}

#define RSDP 0xF5000u
#define RSDT 0x7FE1000u
#define XSDT 0x7FE2000u
#define FADT 0x7FE3000u
#define DSDT 0x7FE4000u
#define MADT 0x7FE5000u
#define HPET 0x7FE6000u
#define MCFG 0x7FE7000u
#define OTHER 0x7FE8000u

static const uint8_t s5[] = {0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0A, 0x05, 0x0A, 0x06};

static inline void set_register(uint8_t *to, uint8_t space, uint8_t width, uint64_t address)
{
    to[0] = space;
    to[1] = width;
    store_le64(to + 4, address);
}

static inline void seal_rsdp(void)
{
    uint8_t *rsdp = block_at(RSDP)->bytes;

    set_checksum(rsdp, 20, 8);
    if (rsdp[15] >= 2)
        set_checksum(rsdp, 36, 32);
}

/* An entry of the MADT at offset. Returns where the next one goes. */
static inline size_t put_entry(uint8_t *madt, size_t offset, const uint8_t *entry)
{
    memcpy(madt + offset, entry, entry[1]);
    return offset + entry[1];
}

/* Two processors, an I/O APIC, the timer's override. */
static inline void build_madt(void)
{
    static const uint8_t cpu0[] = {0, 8, 0, 0, 1, 0, 0, 0};
    static const uint8_t cpu1[] = {0, 8, 1, 1, 1, 0, 0, 0};
    static const uint8_t io_apic[] = {1, 12, 7, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0};
    static const uint8_t timer[] = {2, 10, 0, 0, 2, 0, 0, 0, 0, 0};
    uint8_t *madt = table_add(MADT, "APIC", 44 + 8 + 8 + 12 + 10);
    size_t at;

    store_le32(madt + 36, 0xFEE00000);
    madt[40] = 1;
    at = put_entry(madt, 44, cpu0);
    at = put_entry(madt, at, cpu1);
    at = put_entry(madt, at, io_apic);
    (void)put_entry(madt, at, timer);
    seal(MADT);
}

static inline void build_fadt(unsigned revision)
{
    uint8_t *fadt = table_add(FADT, "FACP", revision >= 2 ? 276 : 116);

    store_le32(fadt + 40, DSDT);
    store_le32(fadt + 48, 0xB2);
    fadt[52] = 0xF1;
    store_le32(fadt + 64, 0x604);
    store_le32(fadt + 76, 0x608);
    fadt[91] = 4;
    if (revision >= 2) {
        store_le32(fadt + 112, 1u << 10);
        set_register(fadt + 116, ACPI_SPACE_IO, 8, 0xCF9);
        fadt[128] = 0x0F;
    }
    seal(FADT);
}

static inline void build_places(void)
{
    uint8_t *hpet = table_add(HPET, "HPET", 56);
    uint8_t *mcfg = table_add(MCFG, "MCFG", 60);

    set_register(hpet + 40, ACPI_SPACE_MEMORY, 0, 0xFED00000);
    store_le64(mcfg + 44, 0xB0000000);
    mcfg[55] = 255;
    seal(HPET);
    seal(MCFG);
}

/* A machine as QEMU's: fixed hardware, all in one DSDT. The RSDT names MADT and FADT alone. */
static inline void build(unsigned revision)
{
    static const uint32_t tables[] = {MADT, FADT, HPET, MCFG};
    uint8_t *rsdp = block_add(RSDP, revision >= 2 ? 36 : 20);
    uint8_t *rsdt = table_add(RSDT, "RSDT", 36 + 8);
    uint8_t *dsdt = table_add(DSDT, "DSDT", 36 + 100);

    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[15] = (uint8_t)revision;
    store_le32(rsdp + 16, RSDT);
    store_le32(rsdt + 36, MADT);
    store_le32(rsdt + 40, FADT);
    build_madt();
    build_fadt(revision);
    if (revision >= 2) {
        uint8_t *xsdt = table_add(XSDT, "XSDT", 36 + sizeof tables / 4 * 8);

        store_le32(rsdp + 20, 36);
        store_le64(rsdp + 24, XSDT);
        for (size_t i = 0; i < sizeof tables / 4; i++)
            store_le64(xsdt + 36 + 8 * i, tables[i]);
        build_places();
        seal(XSDT);
    }
    memcpy(dsdt + 60, s5, sizeof s5);
    seal_rsdp();
    seal(RSDT);
    seal(DSDT);
}

static inline int setup([[maybe_unused]] void **state)
{
    block_count = 0;
    build(2);
    return 0;
}

static inline int teardown([[maybe_unused]] void **state)
{
    for (size_t i = 0; i < block_count; i++)
        free(blocks[i].bytes);
    block_count = 0;
    return 0;
}

static inline unsigned kind_bit(enum acpi_kind kind)
{
    return 1u << kind;
}

static inline struct platform read_all(void)
{
    struct platform platform;

    memset(&platform, 0xAA, sizeof platform);
    acpi_read(show, nullptr, RSDP, &platform);
    return platform;
}

#endif
