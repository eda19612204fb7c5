/*
 * Which symbol an address belongs to, at every boundary, and tables that are not as they should be.
 */
#include "tools/elf_symbols.h"

#include "tests/support/vectors.h"

#include "crypto/bytes.h"

#include <string.h>

#define HEADERS 64u /* where the section headers are */
#define SYMBOLS (HEADERS + 3 * 64u)
#define SYMBOL_COUNT 8u
#define NAMES (SYMBOLS + SYMBOL_COUNT * 24u)
#define FILE_LEN (NAMES + sizeof names)

static const char names[] = "\0file\0first\0label\0object\0inner\0absolute";

enum { FILE_NAME = 1, FIRST = 6, LABEL = 12, OBJECT = 18, INNER = 25, ABSOLUTE = 31 };

static void put_section(uint8_t *file, unsigned index, uint32_t type, uint64_t offset, uint64_t len,
                        uint32_t link, uint64_t entry_len)
{
    uint8_t *at = file + HEADERS + index * 64;
    store_le32(at + 4, type);
    store_le64(at + 24, offset);
    store_le64(at + 32, len);
    store_le32(at + 40, link);
    store_le64(at + 56, entry_len);
}

static void put_symbol(uint8_t *file, unsigned index, uint32_t name, uint8_t type, uint8_t section,
                       uint64_t value, uint64_t len)
{
    uint8_t *at = file + SYMBOLS + index * 24;
    store_le32(at, name);
    at[4] = type;
    at[6] = section;
    at[7] = section == 0xF1 ? 0xFF : 0; /* SHN_ABS is 0xFFF1 */
    store_le64(at + 8, value);
    store_le64(at + 16, len);
}

static uint8_t *make_file(void)
{
    uint8_t *file = test_allocate(FILE_LEN);
    memset(file, 0, FILE_LEN);
    memcpy(file,
           "\177"
           "ELF\2\1\1",
           7);
    store_le64(file + 40, HEADERS);
    file[58] = 64;
    file[60] = 3;
    put_section(file, 1, 2, SYMBOLS, SYMBOL_COUNT * 24, 2, 24);
    put_section(file, 2, 3, NAMES, sizeof names, 0, 0);
    put_symbol(file, 1, FILE_NAME, 4, 0xF1, 0, 0);
    put_symbol(file, 2, OBJECT, 1, 1, 0x2000, 0x100);
    put_symbol(file, 3, FIRST, 2, 1, 0x1000, 0x10);
    put_symbol(file, 4, LABEL, 0, 1, 0x1020, 0);
    put_symbol(file, 5, INNER, 2, 1, 0x2040, 0x10);
    put_symbol(file, 6, ABSOLUTE, 0, 0xF1, 0x1001, 0x1000);
    put_symbol(file, 7, FILE_NAME, 3, 1, 0x1018, 0);
    memcpy(file + NAMES, names, sizeof names);
    return file;
}

static void assert_symbol(const struct elf_symbols *symbols, uint64_t address, const char *name,
                          uint64_t offset, bool is_inside)
{
    struct elf_symbol found;
    assert_true(elf_symbols_find(symbols, address, &found));
    assert_int_equal(found.name_len, strlen(name));
    assert_memory_equal(found.name, name, found.name_len);
    assert_int_equal(found.offset, offset);
    assert_int_equal(found.is_inside, is_inside);
}

static void test_an_address_belongs_to_the_innermost_symbol(void **state)
{
    (void)state;
    uint8_t *file = make_file();
    struct elf_symbols symbols;
    struct elf_symbol none;
    assert_int_equal(elf_symbols_open(file, FILE_LEN, &symbols), NONOS_OK);
    assert_int_equal(symbols.count, SYMBOL_COUNT);
    assert_false(elf_symbols_find(&symbols, 0xFFF, &none));
    assert_null(none.name);
    assert_symbol(&symbols, 0x1000, "first", 0, true);
    assert_symbol(&symbols, 0x100F, "first", 0xF, true);
    assert_symbol(&symbols, 0x1010, "first", 0x10, false);
    assert_symbol(&symbols, 0x101F, "first", 0x1F, false);
    assert_symbol(&symbols, 0x1020, "label", 0, false);
    assert_symbol(&symbols, 0x1FFF, "label", 0xFDF, false);
    assert_symbol(&symbols, 0x2000, "object", 0, true);
    assert_symbol(&symbols, 0x203F, "object", 0x3F, true);
    assert_symbol(&symbols, 0x2040, "inner", 0, true);
    assert_symbol(&symbols, 0x204F, "inner", 0xF, true);
    assert_symbol(&symbols, 0x2050, "object", 0x50, true);
    assert_symbol(&symbols, 0x20FF, "object", 0xFF, true);
    assert_symbol(&symbols, 0x2100, "inner", 0xC0, false);
    assert_symbol(&symbols, UINT64_MAX, "inner", UINT64_MAX - 0x2040, false);
    free(file);
}

static void test_names_outside_the_table_are_no_names(void **state)
{
    (void)state;
    static const uint32_t places[] = {0, sizeof names - 1, sizeof names, UINT32_MAX};
    uint8_t *file = make_file();
    struct elf_symbols symbols;
    struct elf_symbol none;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        put_symbol(file, 3, places[i], 2, 1, 0x1000, 0x10);
        assert_int_equal(elf_symbols_open(file, FILE_LEN, &symbols), NONOS_OK);
        assert_false(elf_symbols_find(&symbols, 0x1008, &none));
    }
    /* The last name without the NUL that ends it. */
    put_symbol(file, 3, ABSOLUTE, 2, 1, 0x1000, 0x10);
    assert_int_equal(elf_symbols_open(file, FILE_LEN, &symbols), NONOS_OK);
    assert_symbol(&symbols, 0x1008, "absolute", 8, true);
    file[FILE_LEN - 1] = 'x';
    assert_false(elf_symbols_find(&symbols, 0x1008, &none));
    free(file);
}

static void assert_refused(const uint8_t *file, size_t len, enum nonos_error error)
{
    struct elf_symbols symbols;
    memset(&symbols, 0xFF, sizeof symbols);
    assert_int_equal(elf_symbols_open(file, len, &symbols), error);
    assert_int_equal(symbols.count, 0);
    assert_null(symbols.entries);
}

static void test_tables_outside_the_file_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint64_t value;
        enum nonos_error error;
    } cases[] = {
        {40, FILE_LEN, NONOS_E_SECTION_TABLE},
        {40, UINT64_MAX - 63, NONOS_E_SECTION_TABLE},
        {58, 63 | 3 << 16, NONOS_E_SECTION_TABLE},
        {58, 64, NONOS_E_SECTION_TABLE}, /* no sections at all */
        {HEADERS + 64 + 24, FILE_LEN, NONOS_E_SECTION_TABLE},
        {HEADERS + 64 + 24, UINT64_MAX, NONOS_E_SECTION_TABLE},
        {HEADERS + 64 + 32, UINT64_MAX, NONOS_E_SECTION_TABLE},
        {HEADERS + 64 + 40, 3, NONOS_E_SECTION_TABLE},
        {HEADERS + 64 + 40, 1, NONOS_E_SECTION_TABLE},
        {HEADERS + 64 + 56, 23, NONOS_E_SECTION_TABLE},
        {HEADERS + 128 + 32, sizeof names + 1, NONOS_E_SECTION_TABLE},
        {0, 0, NONOS_E_ELF_MAGIC},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *file = make_file();
        store_le64(file + cases[i].at, cases[i].value);
        assert_refused(file, FILE_LEN, cases[i].error);
        free(file);
    }
    /* What would pass for a table of names, behind the last section header. */
    uint8_t *file = make_file();
    store_le32(file + HEADERS + 64 + 40, 3);
    store_le32(file + SYMBOLS + 4, 3);
    store_le64(file + SYMBOLS + 24, NAMES);
    store_le64(file + SYMBOLS + 32, sizeof names);
    assert_refused(file, FILE_LEN, NONOS_E_SECTION_TABLE);
    free(file);
    file = make_file();
    for (size_t len = 0; len < FILE_LEN; len++) {
        uint8_t *cut = test_allocate(len);
        memcpy(cut, file, len);
        assert_refused(cut, len, len < 64 ? NONOS_E_ELF_MAGIC : NONOS_E_SECTION_TABLE);
        free(cut);
    }
    file[4] = 1;
    assert_refused(file, FILE_LEN, NONOS_E_ELF_CLASS);
    file[4] = 2;
    file[5] = 2;
    assert_refused(file, FILE_LEN, NONOS_E_ELF_BYTE_ORDER);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_address_belongs_to_the_innermost_symbol),
        cmocka_unit_test(test_names_outside_the_table_are_no_names),
        cmocka_unit_test(test_tables_outside_the_file_are_refused),
    };
    return cmocka_run_group_tests_name("elf_symbols", tests, nullptr, nullptr);
}
