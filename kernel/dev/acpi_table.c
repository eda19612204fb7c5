#include "kernel/dev/acpi_table.h"

#include <string.h>

#define RSDP_LEN_1 20u /* revision 0 and 1 */
#define RSDP_LEN_2 36u
#define RSDP_MAX_LEN 4096u

static const uint8_t *show(const struct acpi_view *view, uint64_t paddr, size_t len)
{
    return paddr == 0 ? nullptr : view->show(view->context, paddr, len);
}

static bool checksum_is_right(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

const uint8_t *acpi_signature_at(const struct acpi_view *view, uint64_t paddr)
{
    return show(view, paddr, ACPI_HEADER_LEN);
}

bool acpi_table_read(const struct acpi_view *view, uint64_t paddr, const char *signature,
                     size_t min_len, size_t max_len, struct acpi_table *table)
{
    const uint8_t *bytes = show(view, paddr, ACPI_HEADER_LEN);
    size_t len;

    *table = (struct acpi_table){};
    if (bytes == nullptr || memcmp(bytes, signature, 4) != 0)
        return false;
    len = load_le32(bytes + 4);
    if (len < min_len || len > max_len)
        return false;
    bytes = show(view, paddr, len);
    if (bytes == nullptr || !checksum_is_right(bytes, len))
        return false;
    *table = (struct acpi_table){bytes, len};
    return true;
}

static bool read_root_table(const struct acpi_view *view, uint64_t paddr, size_t entry_len,
                            struct acpi_root *root)
{
    root->entry_len = entry_len;
    if (!acpi_table_read(view, paddr, entry_len == 8 ? "XSDT" : "RSDT", ACPI_HEADER_LEN,
                         ACPI_LIST_MAX_LEN, &root->table))
        return false;
    root->entry_count = (root->table.len - ACPI_HEADER_LEN) / entry_len;
    if (root->entry_count <= ACPI_ROOT_MAX_ENTRIES &&
        (root->table.len - ACPI_HEADER_LEN) % entry_len == 0)
        return true;
    if (root->entry_count > ACPI_ROOT_MAX_ENTRIES)
        root->entry_count = ACPI_ROOT_MAX_ENTRIES;
    return false;
}

/* What revision 2 added to the RSDP; *xsdt is 0 where it names none. */
static bool read_extension(const struct acpi_view *view, uint64_t paddr, uint64_t *xsdt)
{
    const uint8_t *rsdp = show(view, paddr, RSDP_LEN_2);
    size_t len;

    *xsdt = 0;
    if (rsdp == nullptr)
        return false;
    len = load_le32(rsdp + 20);
    if (len < RSDP_LEN_2 || len > RSDP_MAX_LEN)
        return false;
    rsdp = show(view, paddr, len);
    if (rsdp == nullptr || !checksum_is_right(rsdp, len))
        return false;
    *xsdt = load_le64(rsdp + 24);
    return true;
}

enum nonos_error acpi_root_read(const struct acpi_view *view, uint64_t rsdp_paddr,
                                struct acpi_root *root)
{
    const uint8_t *rsdp = show(view, rsdp_paddr, RSDP_LEN_1);
    bool good = true;
    uint64_t xsdt = 0;

    *root = (struct acpi_root){};
    if (rsdp == nullptr || memcmp(rsdp, "RSD PTR ", 8) != 0)
        return NONOS_E_NOT_FOUND;
    if (!checksum_is_right(rsdp, RSDP_LEN_1))
        return NONOS_E_ACPI_TABLE;
    if (rsdp[15] >= 2)
        good = read_extension(view, rsdp_paddr, &xsdt);
    if (xsdt != 0)
        good = read_root_table(view, xsdt, 8, root);
    if (root->table.bytes == nullptr)
        good &= read_root_table(view, load_le32(rsdp + 16), 4, root);
    return good ? NONOS_OK : NONOS_E_ACPI_TABLE;
}

uint64_t acpi_root_entry(const struct acpi_root *root, size_t index)
{
    size_t at = ACPI_HEADER_LEN + index * root->entry_len;

    return root->entry_len == 8 ? acpi_field64(&root->table, at) : acpi_field32(&root->table, at);
}

/* Little-endian, of at most 8 bytes. */
static uint64_t field(const struct acpi_table *table, size_t offset, size_t len)
{
    uint64_t value = 0;

    if (offset + len > table->len)
        return 0;
    while (len > 0)
        value = value << 8 | table->bytes[offset + --len];
    return value;
}

uint8_t acpi_field8(const struct acpi_table *table, size_t offset)
{
    return (uint8_t)field(table, offset, 1);
}

uint32_t acpi_field32(const struct acpi_table *table, size_t offset)
{
    return (uint32_t)field(table, offset, 4);
}

uint64_t acpi_field64(const struct acpi_table *table, size_t offset)
{
    return field(table, offset, 8);
}

struct acpi_register acpi_field_register(const struct acpi_table *table, size_t offset)
{
    struct acpi_register reg = {
        .address = acpi_field64(table, offset + 4),
        .space = acpi_field8(table, offset),
        .width_bits = acpi_field8(table, offset + 1),
    };

    if (reg.space > ACPI_SPACE_IO || (reg.space == ACPI_SPACE_IO && reg.address > UINT16_MAX) ||
        reg.address == 0)
        return (struct acpi_register){};
    return reg;
}
