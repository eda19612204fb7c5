#include "kernel/symbols.h"

#include "tests/support/vectors.h"

#define TABLE_SIZE 512u

/* A table as kernel/symbols.h describes it, unit by unit. */
struct builder {
    uint8_t bytes[TABLE_SIZE];
    size_t bits;
};

static void put_unit(struct builder *builder, unsigned unit)
{
    for (unsigned i = 0; i < 5; i++, builder->bits++) {
        assert_true(builder->bits / 8 < TABLE_SIZE);
        if ((unit >> (4 - i) & 1) != 0)
            builder->bytes[builder->bits / 8] |= (uint8_t)(0x80 >> builder->bits % 8);
    }
}

static void put_number(struct builder *builder, unsigned number)
{
    for (; number >= 16; number /= 16)
        put_unit(builder, 16 + number % 16);
    put_unit(builder, number);
}

static void put_name(struct builder *builder, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name >= 'a' && *name <= 'z') {
            put_unit(builder, (unsigned)(*name - 'a') + 1);
        } else if (*name >= 'A' && *name <= 'Z') {
            put_unit(builder, 28);
            put_unit(builder, (unsigned)(*name - 'A'));
        } else if (*name >= '0' && *name <= '9') {
            put_unit(builder, 29);
            put_unit(builder, (unsigned)(*name - '0'));
        } else {
            put_unit(builder, 27);
        }
    }
}

static void put_entry(struct builder *builder, unsigned step, unsigned shared, const char *rest)
{
    put_number(builder, step);
    put_number(builder, shared);
    put_name(builder, rest);
    put_unit(builder, 0);
}

static size_t table_len(const struct builder *builder)
{
    return (builder->bits + 7) / 8;
}

/* first at 0, first_part at 0x10 (shares "first"), Other2 at 0x10 + 300. */
static struct builder make_table(void)
{
    struct builder table = {.bits = 0};

    put_entry(&table, 0, 0, "first");
    put_entry(&table, 0x10, 5, "_part");
    put_entry(&table, 300, 0, "Other2");
    return table;
}

static struct symbol symbol;

static void expect(uint64_t text_offset, const char *name, uint64_t offset)
{
    struct builder table = make_table();

    assert_true(symbols_find(table.bytes, table_len(&table), text_offset, &symbol));
    assert_string_equal(symbol.name, name);
    assert_int_equal(symbol.offset, offset);
}

static void test_finds_the_function_before(void **state)
{
    (void)state;
    expect(0, "first", 0);
    expect(0xF, "first", 0xF);
    expect(0x10, "first_part", 0);
    expect(0x10 + 299, "first_part", 299);
    expect(0x10 + 300, "Other2", 0);
    expect(0x10 + 1300, "Other2", 1000);
}

static void test_empty_table_has_nothing(void **state)
{
    (void)state;
    assert_false(symbols_find((const uint8_t *)"", 0, 5, &symbol));
    assert_string_equal(symbol.name, "");
}

static void test_nothing_before_the_first(void **state)
{
    struct builder table = {.bits = 0};

    (void)state;
    put_entry(&table, 5, 0, "name");
    assert_false(symbols_find(table.bytes, table_len(&table), 4, &symbol));
    assert_string_equal(symbol.name, "");
    assert_true(symbols_find(table.bytes, table_len(&table), 5, &symbol));
}

static void test_cut_off_tables_are_refused(void **state)
{
    struct builder table = make_table();
    size_t whole = 0;

    (void)state;
    for (size_t len = 1; len < table_len(&table); len++) {
        uint8_t *copy = test_allocate(len); /* so that the sanitizer sees the end */

        memcpy(copy, table.bytes, len);
        whole += symbols_find(copy, len, 1000, &symbol);
        free(copy);
    }
    assert_in_range(whole, 0, 2); /* cut between two entries, where that is between two bytes */
}

static void test_long_distance_is_refused(void **state)
{
    struct builder table = {.bits = 0};

    (void)state;
    for (unsigned i = 0; i < 9; i++)
        put_unit(&table, 31);
    put_unit(&table, 1);
    put_unit(&table, 0);
    put_name(&table, "n");
    put_unit(&table, 0);
    assert_false(symbols_find(table.bytes, table_len(&table), UINT64_MAX, &symbol));
}

static void test_shared_part_past_the_room_is_refused(void **state)
{
    struct builder table = {.bits = 0};

    (void)state;
    put_entry(&table, 1, 255, "name");
    assert_false(symbols_find(table.bytes, table_len(&table), 5, &symbol));
}

static void test_long_names_are_cut_off(void **state)
{
    struct builder table = {.bits = 0};
    char name[101];

    (void)state;
    memset(name, 'x', 100);
    name[100] = '\0';
    put_entry(&table, 0, 0, name);
    assert_true(symbols_find(table.bytes, table_len(&table), 0, &symbol));
    assert_int_equal(strlen(symbol.name), SYMBOLS_NAME_LEN);
}

static void test_random_bytes_are_survived(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 20000; turn++) {
        size_t len = test_random_below(80);
        uint8_t *bytes = test_allocate(len);

        test_random(bytes, len);
        if (!symbols_find(bytes, len, test_random_below(1000), &symbol))
            assert_string_equal(symbol.name, "");
        free(bytes);
    }
}

/* What the assembler would make of scripts/symbols' output, for the one directive it uses. */
static size_t run_script(const char *nm_output, uint8_t *out, size_t size)
{
    char command[4096];
    char line[512];
    size_t len = 0;
    bool inside = false;
    FILE *pipe;

    assert_true(snprintf(command, sizeof command, "printf '%s' | scripts/symbols", nm_output) <
                (int)sizeof command);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe) != nullptr) {
        char *text = line + strspn(line, " ");

        text[strcspn(text, "\n")] = '\0';
        if (strcmp(text, "symbols_table:") == 0) {
            inside = true;
        } else if (strcmp(text, "symbols_table_end:") == 0) {
            inside = false;
        } else if (strncmp(text, ".byte ", 6) == 0) {
            assert_true(inside);
            for (char *at = text + 6; at != nullptr; at = strchr(at, ',')) {
                at += *at == ',';
                assert_true(len < size);
                out[len++] = (uint8_t)strtoul(at, &at, 10);
            }
        }
    }
    assert_int_equal(pclose(pipe), 0);
    return len;
}

static void test_script_makes_what_the_kernel_reads(void **state)
{
    static const struct {
        uint64_t offset;
        const char *name;
    } wanted[] = {
        {0x0, "first"},
        {0x20, "first_part"},
        {0x1000, "Other_2"},
        {0x12345, "weak"},
    };
    uint8_t made[512];
    size_t len = run_script("ffffffff80100000 R kernel_rodata_start\\n"
                            "ffffffff80100040 r before\\n"
                            "ffffffff80107000 T kernel_text_start\\n"
                            "ffffffff80107000 T first\\n"
                            "ffffffff80107000 t alias_of_first\\n"
                            "ffffffff80107020 t first_part\\n"
                            "ffffffff80107030 d not_code\\n"
                            "ffffffff80108000 T Other_2\\n"
                            "ffffffff80119345 W weak\\n"
                            "ffffffff80120000 T kernel_text_end\\n"
                            "ffffffff80120000 D data\\n",
                            made, sizeof made);

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(symbols_find(made, len, wanted[i].offset + 3, &symbol));
        assert_string_equal(symbol.name, wanted[i].name);
        assert_int_equal(symbol.offset, 3);
    }
}

static void test_script_makes_an_empty_table_of_nothing(void **state)
{
    uint8_t made[16];

    (void)state;
    assert_int_equal(run_script("", made, sizeof made), 0);
}

/* The second link moves the text: the table must not change with it. */
static void test_script_does_not_depend_on_where_the_text_is(void **state)
{
    uint8_t one[128];
    uint8_t other[128];
    size_t len = run_script("ffffffff80107000 T kernel_text_start\\n"
                            "ffffffff80107010 T a\\nffffffff80107110 t b\\n",
                            one, sizeof one);

    (void)state;
    assert_true(len > 0);
    assert_int_equal(run_script("ffffffff8010a000 T kernel_text_start\\n"
                                "ffffffff8010a010 T a\\nffffffff8010a110 t b\\n",
                                other, sizeof other),
                     len);
    assert_memory_equal(one, other, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_function_before),
        cmocka_unit_test(test_empty_table_has_nothing),
        cmocka_unit_test(test_nothing_before_the_first),
        cmocka_unit_test(test_cut_off_tables_are_refused),
        cmocka_unit_test(test_long_distance_is_refused),
        cmocka_unit_test(test_shared_part_past_the_room_is_refused),
        cmocka_unit_test(test_long_names_are_cut_off),
        cmocka_unit_test(test_random_bytes_are_survived),
        cmocka_unit_test(test_script_makes_what_the_kernel_reads),
        cmocka_unit_test(test_script_makes_an_empty_table_of_nothing),
        cmocka_unit_test(test_script_does_not_depend_on_where_the_text_is),
    };

    return cmocka_run_group_tests_name("symbols", tests, nullptr, nullptr);
}
