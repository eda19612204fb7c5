#include "kernel/dev/acpi.h"

#include "crypto/bytes.h"

#include <string.h>

#define RSDP_LEN_1 20u /* revision 0 and 1 */
#define RSDP_LEN_2 36u
#define RSDP_MAX_LEN 4096u
#define HEADER_LEN 36u

/* Offsets in the FADT (ACPI 6.5 table 5.9). */
enum {
    FADT_DSDT = 40,
    FADT_SMI_COMMAND = 48,
    FADT_ACPI_ENABLE = 52,
    FADT_PM1A_CONTROL = 64,
    FADT_PM1B_CONTROL = 68,
    FADT_FLAGS = 112,
    FADT_RESET_REGISTER = 116,
    FADT_RESET_VALUE = 128,
    FADT_X_DSDT = 140,
    FADT_X_PM1A_CONTROL = 172,
    FADT_X_PM1B_CONTROL = 184,
    FADT_SLEEP_CONTROL = 244,
};

#define FADT_MIN_LEN 116u /* ACPI 1.0 */
#define FADT_FLAG_RESET (1u << 10)
#define FADT_FLAG_HARDWARE_REDUCED (1u << 20)
#define GENERIC_ADDRESS_LEN 12u

/* ACPI 6.5 §20.2. */
enum {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE = 0x0A,
    AML_WORD = 0x0B,
    AML_DWORD = 0x0C,
    AML_PACKAGE = 0x12,
    AML_ONES = 0xFF,
};

struct table {
    const uint8_t *bytes; /* null: none */
    size_t len;
};

struct memory {
    acpi_memory *show;
    void *context;
};

static const uint8_t *show(const struct memory *memory, uint64_t paddr, size_t len)
{
    return paddr == 0 ? nullptr : memory->show(memory->context, paddr, len);
}

static bool checksum_is_right(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

static bool has_signature(const uint8_t *bytes, const char signature[4])
{
    return memcmp(bytes, signature, 4) == 0;
}

/* The table at paddr, once its signature, length and checksum are right. */
static bool read_table(const struct memory *memory, uint64_t paddr, const char signature[4],
                       struct table *table)
{
    const uint8_t *header = show(memory, paddr, HEADER_LEN);
    size_t len;

    *table = (struct table){};
    if (header == nullptr || !has_signature(header, signature))
        return false;
    len = load_le32(header + 4);
    if (len < HEADER_LEN || len > ACPI_TABLE_MAX_LEN)
        return false;
    header = show(memory, paddr, len);
    if (header == nullptr || !checksum_is_right(header, len))
        return false;
    *table = (struct table){header, len};
    return true;
}

/* Little-endian fields; zero where the table ends before them, as older revisions do. */
static uint8_t field8(const struct table *table, size_t offset)
{
    return offset < table->len ? table->bytes[offset] : 0;
}

static uint32_t field32(const struct table *table, size_t offset)
{
    return offset + 4 <= table->len ? load_le32(table->bytes + offset) : 0;
}

static uint64_t field64(const struct table *table, size_t offset)
{
    return offset + 8 <= table->len ? load_le64(table->bytes + offset) : 0;
}

/* Finds the root table: the XSDT from revision 2 on, else the RSDT. */
static enum nonos_error read_root(const struct memory *memory, uint64_t paddr, struct table *root,
                                  size_t *entry_len)
{
    const uint8_t *rsdp = show(memory, paddr, RSDP_LEN_1);
    uint64_t xsdt = 0;
    size_t len;

    if (rsdp == nullptr || memcmp(rsdp, "RSD PTR ", 8) != 0)
        return NONOS_E_NOT_FOUND;
    if (!checksum_is_right(rsdp, RSDP_LEN_1))
        return NONOS_E_ACPI_TABLE;
    if (rsdp[15] >= 2) {
        rsdp = show(memory, paddr, RSDP_LEN_2);
        if (rsdp == nullptr)
            return NONOS_E_ACPI_TABLE;
        len = load_le32(rsdp + 20);
        xsdt = load_le64(rsdp + 24);
        if (len < RSDP_LEN_2 || len > RSDP_MAX_LEN)
            return NONOS_E_ACPI_TABLE;
        rsdp = show(memory, paddr, len);
        if (rsdp == nullptr || !checksum_is_right(rsdp, len))
            return NONOS_E_ACPI_TABLE;
    }
    *entry_len = xsdt != 0 ? 8 : 4;
    if (xsdt != 0)
        return read_table(memory, xsdt, "XSDT", root) ? NONOS_OK : NONOS_E_ACPI_TABLE;
    return read_table(memory, load_le32(rsdp + 16), "RSDT", root) ? NONOS_OK : NONOS_E_ACPI_TABLE;
}

static enum nonos_error find_fadt(const struct memory *memory, const struct table *root,
                                  size_t entry_len, struct table *fadt)
{
    const uint8_t *header;
    uint64_t paddr;

    for (size_t at = HEADER_LEN; at + entry_len <= root->len; at += entry_len) {
        paddr = entry_len == 8 ? field64(root, at) : field32(root, at);
        header = show(memory, paddr, HEADER_LEN);
        if (header == nullptr || !has_signature(header, "FACP"))
            continue;
        if (!read_table(memory, paddr, "FACP", fadt) || fadt->len < FADT_MIN_LEN)
            return NONOS_E_ACPI_TABLE;
        return NONOS_OK;
    }
    return NONOS_E_NOT_FOUND;
}

static struct acpi_register generic_register(const struct table *table, size_t offset)
{
    if (offset + GENERIC_ADDRESS_LEN > table->len)
        return (struct acpi_register){};
    return (struct acpi_register){
        .space = table->bytes[offset],
        .width_bits = table->bytes[offset + 1],
        .address = load_le64(table->bytes + offset + 4),
    };
}

/* A PM1 control block: the generic address where there is one, else the older port number. */
static struct acpi_register pm1_register(const struct table *fadt, size_t generic, size_t port)
{
    struct acpi_register pm1 = generic_register(fadt, generic);

    if (pm1.address == 0)
        pm1 = (struct acpi_register){.space = ACPI_SPACE_IO, .address = field32(fadt, port)};
    pm1.width_bits = 16;
    return pm1;
}

/* PkgLength, ACPI 6.5 §20.2.4. The length counts from the lead byte, which it includes. Returns how
 * many bytes the encoding has, 0 when it is cut off. */
static size_t package_len(const uint8_t *aml, size_t available, size_t *len)
{
    size_t more;

    if (available == 0)
        return 0;
    more = aml[0] >> 6;
    if (more + 1 > available)
        return 0;
    *len = more == 0 ? aml[0] & 0x3Fu : aml[0] & 0x0Fu;
    for (size_t i = 1; i <= more; i++)
        *len |= (size_t)aml[i] << (8 * i - 4);
    return more + 1;
}

/* One constant of a package that is available bytes long. Returns its length, 0 when it is none;
 * only the low byte is kept, more does not fit a sleep type. */
static size_t package_constant(const uint8_t *aml, size_t available, uint8_t *value)
{
    size_t len;

    if (available == 0)
        return 0;
    switch (aml[0]) {
    case AML_ZERO:
    case AML_ONE:
    case AML_ONES:
        *value = aml[0];
        return 1;
    case AML_BYTE:
        len = 2;
        break;
    case AML_WORD:
        len = 3;
        break;
    case AML_DWORD:
        len = 5;
        break;
    default:
        return 0;
    }
    if (len > available)
        return 0;
    *value = aml[1];
    return len;
}

/* Reads the package that should start at aml: at least one constant, a second one if it has two. */
static bool read_sleep_package(const uint8_t *aml, size_t available, struct acpi_power *power)
{
    uint8_t values[2] = {};
    size_t encoding_len;
    size_t len;
    size_t at;
    size_t constant_len;
    size_t count;

    if (available < 1 || aml[0] != AML_PACKAGE)
        return false;
    encoding_len = package_len(aml + 1, available - 1, &len);
    if (encoding_len == 0 || len > available - 1 || len < encoding_len + 1)
        return false;
    at = 1 + encoding_len;
    count = aml[at++];
    if (count == 0)
        return false;
    for (size_t i = 0; i < 2 && i < count; i++) {
        constant_len = package_constant(aml + at, len + 1 - at, &values[i]);
        if (constant_len == 0)
            return false;
        at += constant_len;
    }
    if (values[0] > 7 || values[1] > 7)
        return false;
    power->s5_a = values[0];
    power->s5_b = values[1];
    return true;
}

/* Name (\_S5_, Package () {...}) is the byte 0x08, with or without a backslash, the four letters
 * and the package. */
static void find_s5(const struct table *dsdt, struct acpi_power *power)
{
    const uint8_t *aml = dsdt->bytes;

    for (size_t at = HEADER_LEN + 1; at + 4 <= dsdt->len && !power->has_s5; at++) {
        /* The first byte decides almost always. */
        if (aml[at] != '_' || !has_signature(aml + at, "_S5_"))
            continue;
        if (aml[at - 1] != AML_NAME && (aml[at - 1] != '\\' || aml[at - 2] != AML_NAME))
            continue;
        power->has_s5 = read_sleep_package(aml + at + 4, dsdt->len - at - 4, power);
    }
}

enum nonos_error acpi_read_power(acpi_memory *memory, void *context, uint64_t rsdp_paddr,
                                 struct acpi_power *power)
{
    const struct memory physical = {memory, context};
    struct table root;
    struct table fadt;
    struct table dsdt;
    size_t entry_len;
    enum nonos_error error;
    uint64_t dsdt_paddr;

    *power = (struct acpi_power){};
    error = read_root(&physical, rsdp_paddr, &root, &entry_len);
    if (error == NONOS_OK)
        error = find_fadt(&physical, &root, entry_len, &fadt);
    if (error != NONOS_OK)
        return error;

    power->hardware_reduced = (field32(&fadt, FADT_FLAGS) & FADT_FLAG_HARDWARE_REDUCED) != 0;
    power->pm1a_control = pm1_register(&fadt, FADT_X_PM1A_CONTROL, FADT_PM1A_CONTROL);
    power->pm1b_control = pm1_register(&fadt, FADT_X_PM1B_CONTROL, FADT_PM1B_CONTROL);
    power->sleep_control = generic_register(&fadt, FADT_SLEEP_CONTROL);
    power->smi_command_port = field32(&fadt, FADT_SMI_COMMAND);
    power->acpi_enable_value = field8(&fadt, FADT_ACPI_ENABLE);
    if ((field32(&fadt, FADT_FLAGS) & FADT_FLAG_RESET) != 0) {
        power->reset = generic_register(&fadt, FADT_RESET_REGISTER);
        power->reset_value = field8(&fadt, FADT_RESET_VALUE);
    }
    dsdt_paddr = field64(&fadt, FADT_X_DSDT);
    if (dsdt_paddr == 0)
        dsdt_paddr = field32(&fadt, FADT_DSDT);
    if (read_table(&physical, dsdt_paddr, "DSDT", &dsdt))
        find_s5(&dsdt, power);
    return NONOS_OK;
}
