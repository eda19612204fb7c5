/*
 * acpi_seeds.h - what fuzzing of ACPI's tables starts from.
 */
#ifndef NONOS_TESTS_FUZZ_ACPI_SEEDS_H
#define NONOS_TESTS_FUZZ_ACPI_SEEDS_H

#include "crypto/bytes.h"
#include "tests/fuzz/measured_seeds.h"

static inline uint8_t *put_table(uint8_t *at, const char *signature, uint32_t len)
{
    memcpy(at, signature, 4);
    store_le32(at + 4, len);
    return at;
}

/* A processor of each kind, an I/O APIC, an override, an address of the local APIC. */
static inline void put_madt(uint8_t *madt)
{
    static const uint8_t entries[] = {0, 8,  0, 0, 1, 0, 0,    0,                             /* */
                                      9, 16, 0, 0, 0, 1, 0,    0,    1,  0, 0, 0, 0, 0, 0, 0, /* */
                                      1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0,  0, 0, 0,             /* */
                                      2, 10, 0, 9, 9, 0, 0,    0,    13, 0,                   /* */
                                      5, 12, 0, 0, 0, 0, 0xE0, 0xFE, 0,  0, 0, 0};
    store_le32(put_table(madt, "APIC", 44 + sizeof entries) + 36, 0xFEE00000);
    madt[40] = 1;
    memcpy(madt + 44, entries, sizeof entries);
}

static inline void put_fadt(uint8_t *fadt, uint32_t dsdt_paddr)
{
    (void)put_table(fadt, "FACP", 276);
    store_le32(fadt + 40, dsdt_paddr);
    store_le32(fadt + 48, 0xB2);
    fadt[52] = 0xF1;
    store_le32(fadt + 64, 0x604);
    store_le32(fadt + 76, 0x608);
    fadt[91] = 4;
    store_le32(fadt + 112, 1u << 10);
    fadt[116] = 1;
    fadt[117] = 8;
    store_le64(fadt + 120, 0xCF9);
}

/* Physical memory from 0x1000 on, behind the byte that chooses. The target mends checksums. */
static inline void write_acpi_seeds(seed_writer *write_seed)
{
    static const uint8_t s5[] = {0x08, '_', 'S', '5', '_', 0x12, 6, 4, 0x0A, 5, 0x0A, 6};
    static const uint32_t tables[] = {0x1100, 0x1280, 0x1300, 0x1380};
    uint8_t seed[1 + 0x460] = {1};
    uint8_t *rsdp = seed + 1;
    uint8_t *rsdt = put_table(rsdp + 0x40, "RSDT", 52);
    uint8_t *xsdt = put_table(rsdp + 0x80, "XSDT", 68);
    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[15] = 2;
    store_le32(rsdp + 16, 0x1040);
    store_le32(rsdp + 20, 36);
    store_le64(rsdp + 24, 0x1080);
    for (size_t i = 0; i < 4; i++) {
        store_le32(rsdt + 36 + 4 * i, tables[i]);
        store_le64(xsdt + 36 + 8 * i, tables[i]);
    }
    put_fadt(rsdp + 0x100, 0x1400);
    put_madt(rsdp + 0x280);
    store_le64(put_table(rsdp + 0x300, "HPET", 56) + 44, 0xFED00000);
    store_le64(put_table(rsdp + 0x380, "MCFG", 76) + 44, 0xB0000000);
    rsdp[0x380 + 55] = 255;
    store_le64(rsdp + 0x380 + 60, 0xC0000000);
    rsdp[0x380 + 68] = 1;
    memcpy(put_table(rsdp + 0x400, "DSDT", 96) + 50, s5, sizeof s5);
    write_seed("acpi", "revision-2", seed, sizeof seed);
    rsdp[15] = 0;
    write_seed("acpi", "revision-0", seed, sizeof seed);
}

#endif
