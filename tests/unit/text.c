/*
 * The pieces of text of manifests and identities: one spelling for each value.
 */
#include "image/text.h"

#include "tests/support/vectors.h"

static bool reads_hex(const char *text, size_t out_len)
{
    uint8_t out[8] = {0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA};
    bool valid = text_read_hex(text, strlen(text), out, out_len);
    if (!valid)
        for (size_t i = 0; i < out_len; i++)
            assert_int_equal(out[i], 0);
    return valid;
}

static void test_text_reads_hex_in_one_spelling(void **state)
{
    (void)state;
    uint8_t out[3];
    assert_true(text_read_hex("00ff1a", 6, out, sizeof(out)));
    assert_memory_equal(out, "\x00\xFF\x1A", 3);
    assert_true(text_read_hex("00ff1a", 6, nullptr, 3));
    assert_false(reads_hex("00ff1", 3));
    assert_false(reads_hex("00ff1a0", 3));
    assert_false(reads_hex("00ff1a00", 3));
    assert_false(reads_hex("00FF1a", 3));
    assert_false(reads_hex("00ff1g", 3));
    assert_false(reads_hex("00 f1a", 3));
    assert_false(reads_hex("0x001a", 3));
    assert_false(reads_hex("", 3));
}

static void test_text_writes_what_it_reads(void **state)
{
    (void)state;
    uint8_t bytes[256], again[256];
    char hex[512];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    text_write_hex(bytes, sizeof(bytes), hex);
    assert_true(text_read_hex(hex, sizeof(hex), again, sizeof(again)));
    assert_memory_equal(bytes, again, sizeof(bytes));
}

static bool reads_number(const char *text, uint64_t max, uint64_t expected)
{
    uint64_t number = 7;
    bool valid = text_read_number(text, strlen(text), max, &number);
    assert_int_equal(number, valid ? expected : 0);
    return valid;
}

static void test_text_reads_numbers_in_one_spelling(void **state)
{
    (void)state;
    assert_true(reads_number("0", 10, 0));
    assert_true(reads_number("10", 10, 10));
    assert_true(reads_number("18446744073709551615", UINT64_MAX, UINT64_MAX));
    static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "01", "00", "1a", "1.", "0x1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(reads_number(bad[i], UINT64_MAX, 0));
}

static void test_text_refuses_numbers_out_of_range(void **state)
{
    (void)state;
    assert_false(reads_number("11", 10, 0));
    assert_false(reads_number("18446744073709551616", UINT64_MAX, 0));
    assert_false(reads_number("18446744073709551620", UINT64_MAX, 0));
    assert_false(reads_number("99999999999999999999999999", UINT64_MAX, 0));
}

static void test_text_knows_names(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "alice", "a-b-9", "release-2026"};
    static const char *const bad[] = {"",    "9a",  "-a",  "A",          "aB",
                                      "a_b", "a b", "a.b", "abcdefghi-x"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(text_is_name(good[i], strlen(good[i]), 12));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(text_is_name(bad[i], strlen(bad[i]), 10));
}

static void test_text_is_appended_until_it_does_not_fit(void **state)
{
    (void)state;
    char text[16];
    memset(text, '.', sizeof(text));
    struct text_writer writer = {.text = text, .size = 15, .fits = true};
    text_append(&writer, "a=");
    text_append_hex(&writer, (const uint8_t[]){0x0F, 0xA0}, 2);
    text_append(&writer, " ");
    text_append_number(&writer, 0);
    text_append_number(&writer, 4294967);
    assert_true(writer.fits);
    assert_int_equal(writer.len, 15);
    assert_memory_equal(text, "a=0fa0 04294967.", 16);
    text_append(&writer, "");
    assert_true(writer.fits);
    text_append(&writer, "x");
    assert_false(writer.fits);
    writer.size = 16;
    text_append(&writer, "x"); /* nothing more, not even what would fit now */
    assert_int_equal(writer.len, 15);
    assert_int_equal(text[15], '.');
}

static void test_text_appends_the_longest_number(void **state)
{
    (void)state;
    char text[20];
    struct text_writer writer = {.text = text, .size = sizeof(text), .fits = true};
    text_append_number(&writer, UINT64_MAX);
    assert_true(writer.fits && writer.len == 20);
    assert_memory_equal(text, "18446744073709551615", 20);
}

static void test_text_compares_whole_pieces(void **state)
{
    (void)state;
    assert_true(text_is("dev", 3, "dev"));
    assert_false(text_is("dev", 2, "dev"));
    assert_false(text_is("devel", 5, "dev"));
    assert_true(text_starts("devel", 5, "dev"));
    assert_false(text_starts("de", 2, "dev"));
    assert_int_equal(text_find("a=b", 3, '='), 1);
    assert_int_equal(text_find("a=b", 1, '='), 1);
    assert_int_equal(text_find("", 0, '='), 0);
}

static void test_text_finds_a_word_of_a_list(void **state)
{
    static const char list[] = "one\0\0three";

    (void)state;
    assert_string_equal(text_word(list, 0), "one");
    assert_string_equal(text_word(list, 1), "");
    assert_string_equal(text_word(list, 2), "three");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_reads_hex_in_one_spelling),
        cmocka_unit_test(test_text_writes_what_it_reads),
        cmocka_unit_test(test_text_reads_numbers_in_one_spelling),
        cmocka_unit_test(test_text_refuses_numbers_out_of_range),
        cmocka_unit_test(test_text_knows_names),
        cmocka_unit_test(test_text_is_appended_until_it_does_not_fit),
        cmocka_unit_test(test_text_appends_the_longest_number),
        cmocka_unit_test(test_text_compares_whole_pieces),
        cmocka_unit_test(test_text_finds_a_word_of_a_list),
    };
    return cmocka_run_group_tests_name("text", tests, nullptr, nullptr);
}
