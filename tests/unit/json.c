/*
 * The JSON writer: whatever goes in, what comes out parses (by jansson) and says the same.
 */
#include "tools/json.h"

#include "tests/support/vectors.h"

static json_t *written(void (*write)(struct json_output *))
{
    char *text = nullptr;
    size_t len = 0;
    struct json_output json = {.stream = open_memstream(&text, &len)};
    assert_non_null(json.stream);
    write(&json);
    assert_int_equal(fclose(json.stream), 0);
    for (size_t i = 0; i < len; i++)
        assert_true(text[i] == '\n' || (text[i] >= 0x20 && text[i] <= 0x7E));
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (root == nullptr)
        fail_msg("line %d: %s in %s", error.line, error.text, text);
    free(text);
    return root;
}

static void write_everything(struct json_output *json)
{
    json_begin_object(json, nullptr);
    json_begin_array(json, "none");
    json_end_array(json);
    json_begin_object(json, "empty");
    json_end_object(json);
    json_begin_array(json, "some");
    json_put_number(json, nullptr, 0);
    json_put_number(json, nullptr, INT64_MAX);
    json_begin_object(json, nullptr);
    json_put_string(json, "key \"quoted\"", "value");
    json_end_object(json);
    json_end_array(json);
    json_put_address(json, "address", UINT64_C(0xFFFFFFFF80100000));
    json_put_hex(json, "hex", (const uint8_t *)"\x00\xFF", 2);
    json_put_bool(json, "yes", true);
    json_put_bool(json, "no", false);
    json_put_null(json, "null");
    json_end_object(json);
}

static void test_json_writes_every_kind_of_value(void **state)
{
    (void)state;
    json_t *root = written(write_everything);
    assert_int_equal(json_object_size(root), 8);
    assert_int_equal(json_array_size(json_object_get(root, "none")), 0);
    json_t *some = json_object_get(root, "some");
    assert_int_equal(json_array_size(some), 3);
    assert_int_equal(json_integer_value(json_array_get(some, 1)), INT64_MAX);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(some, 2), "key \"quoted\"")), "value");
    assert_string_equal(json_string_value(json_object_get(root, "address")), "0xffffffff80100000");
    assert_string_equal(json_string_value(json_object_get(root, "hex")), "00ff");
    assert_true(json_is_true(json_object_get(root, "yes")));
    assert_true(json_is_false(json_object_get(root, "no")));
    assert_true(json_is_null(json_object_get(root, "null")));
    json_decref(root);
}

static const char *text_to_write;
static size_t text_len;

static void write_text(struct json_output *json)
{
    json_begin_object(json, nullptr);
    json_put_text(json, "text", text_to_write, text_len);
    json_end_object(json);
}

static void assert_written_as(const char *text, size_t len, const char *expected)
{
    text_to_write = text;
    text_len = len;
    json_t *root = written(write_text);
    assert_string_equal(json_string_value(json_object_get(root, "text")), expected);
    json_decref(root);
}

static void test_json_escapes_what_it_must(void **state)
{
    (void)state;
    static const char *const same[] = {"",
                                       "a\"b\\c/d",
                                       "\b\f\n\r\t\x01\x1F\x7F",
                                       "\xC3\xB8",
                                       "\xE2\x82\xAC",
                                       "\xF0\x9F\x92\xA9",
                                       "\xEF\xBF\xBF"};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        assert_written_as(same[i], strlen(same[i]), same[i]);
}

/* RFC 3629 §3: overlong forms, surrogates, lone bytes, sequences cut short. */
static void test_json_replaces_what_is_not_utf8(void **state)
{
    (void)state;
#define R "\xEF\xBF\xBD"
    assert_written_as("a\xFFz", 3, "a" R "z");
    assert_written_as("\x80", 1, R);
    assert_written_as("\xC0\xAF", 2, R R);
    assert_written_as("\xED\xA0\x80", 3, R R R);
    assert_written_as("\xF4\x90\x80\x80", 4, R R R R);
    assert_written_as("\xE2\x82", 2, R R);
    assert_written_as("\xE2(\xA1", 3, R "(" R);
}

static void test_json_is_valid_for_random_bytes(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        char text[40];
        test_random(text, sizeof(text));
        for (size_t i = 0; i < sizeof(text); i++)
            if (text[i] == 0)
                text[i] = 'x';
        text_to_write = text;
        text_len = test_random_below(sizeof(text));
        json_decref(written(write_text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_writes_every_kind_of_value),
        cmocka_unit_test(test_json_escapes_what_it_must),
        cmocka_unit_test(test_json_replaces_what_is_not_utf8),
        cmocka_unit_test(test_json_is_valid_for_random_bytes),
    };
    return cmocka_run_group_tests_name("json", tests, nullptr, nullptr);
}
