/*
 * acpi_table.h - ACPI tables in memory: from the RSDP to the root's entries, and fields.
 *
 * Source: ACPI 6.5 §5.2.5 (RSDP), §5.2.6 (header), §5.2.7 (RSDT), §5.2.8 (XSDT), §5.2.3.2 (generic
 * address).
 */
#ifndef NONOS_KERNEL_DEV_ACPI_TABLE_H
#define NONOS_KERNEL_DEV_ACPI_TABLE_H

#include "abi/error.h"
#include "crypto/bytes.h"
#include "kernel/dev/acpi.h"

#define ACPI_HEADER_LEN 36u
/* What is longer is not read. One that lists things has up to 64 KiB: thousands of processors. */
#define ACPI_LIST_MAX_LEN (64u * 1024)
#define ACPI_DSDT_MAX_LEN (1024u * 1024)
/* A root with more entries is malformed, and the rest of it is not read: each may cost a page. */
#define ACPI_ROOT_MAX_ENTRIES 256u

struct acpi_view {
    acpi_memory *show;
    void *context;
};

struct acpi_table {
    const uint8_t *bytes; /* null: none */
    size_t len;
};

struct acpi_root {
    struct acpi_table table;
    size_t entry_len; /* 8: XSDT, 4: RSDT */
    size_t entry_count;
};

/* Finds the root table: the XSDT from revision 2 on, else, and where that one is malformed, the
 * RSDT. NONOS_E_NOT_FOUND: there is no RSDP. NONOS_E_ACPI_TABLE: something on the way is malformed;
 * *root is then what there is all the same, maybe nothing. */
[[nodiscard]] enum nonos_error acpi_root_read(const struct acpi_view *view, uint64_t rsdp_paddr,
                                              struct acpi_root *root);

/* Physical address of the table that an entry names. index < entry_count. */
uint64_t acpi_root_entry(const struct acpi_root *root, size_t index);

/* The four letters at paddr; null when no table's header is there. */
const uint8_t *acpi_signature_at(const struct acpi_view *view, uint64_t paddr);

/* The table at paddr, of min_len to max_len bytes. False, and *table empty, when its signature,
 * length or checksum is wrong, or not all of it can be read. */
[[nodiscard]] bool acpi_table_read(const struct acpi_view *view, uint64_t paddr,
                                   const char *signature, size_t min_len, size_t max_len,
                                   struct acpi_table *table);

/* Little-endian fields; zero where the table ends before them, as older revisions do. */
uint8_t acpi_field8(const struct acpi_table *table, size_t offset);
uint32_t acpi_field32(const struct acpi_table *table, size_t offset);
uint64_t acpi_field64(const struct acpi_table *table, size_t offset);

/* A generic address; empty where the table ends before it, or it is not in memory or a port. */
struct acpi_register acpi_field_register(const struct acpi_table *table, size_t offset);

#endif
