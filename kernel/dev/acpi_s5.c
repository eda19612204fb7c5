#include "kernel/dev/acpi_s5.h"

#include <string.h>

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
void acpi_s5_find(const struct acpi_table *dsdt, struct acpi_power *power)
{
    const uint8_t *aml = dsdt->bytes;

    for (size_t at = ACPI_HEADER_LEN + 1; at + 4 <= dsdt->len && !power->has_s5; at++) {
        /* The first byte decides almost always. */
        if (aml[at] != '_' || memcmp(aml + at, "_S5_", 4) != 0)
            continue;
        if (aml[at - 1] != AML_NAME && (aml[at - 1] != '\\' || aml[at - 2] != AML_NAME))
            continue;
        power->has_s5 = read_sleep_package(aml + at + 4, dsdt->len - at - 4, power);
    }
}
