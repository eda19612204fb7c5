/*
 * The URIs of keys in tokens: RFC 7512's own examples as far as they name a key, and all that is
 * refused.
 */
#include "tools/pkcs11_uri.h"

#include "tests/support/vectors.h"

#include <string.h>

static struct pkcs11_uri parsed(const char *text)
{
    struct pkcs11_uri uri;
    const char *why = "";
    assert_int_equal(pkcs11_uri_parse(text, &uri, &why), NONOS_OK);
    assert_null(why);
    return uri;
}

static void assert_refused(const char *text, const char *expected)
{
    struct pkcs11_uri uri;
    static const struct pkcs11_uri none;
    const char *why = nullptr;
    memset(&uri, 0xEE, sizeof(uri));
    assert_int_equal(pkcs11_uri_parse(text, &uri, &why), NONOS_E_PKCS11_URI);
    assert_non_null(why);
    assert_non_null(strstr(why, expected));
    assert_memory_equal(&uri, &none, sizeof(uri));
}

static void test_uri_has_the_attributes_of_token_and_key(void **state)
{
    (void)state;
    struct pkcs11_uri uri = parsed(
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc."
        ";model=1.0;serial=7;object=my-signing-key;id=%69%95%3E%5C%F4%00%EC%91;type=private;"
        "slot-id=4711?module-path=/usr/lib/a.so&pin-source=file:/etc/token");
    assert_string_equal(uri.token, "The Software PKCS#11 Softtoken");
    assert_string_equal(uri.manufacturer, "Snake Oil, Inc.");
    assert_string_equal(uri.model, "1.0");
    assert_string_equal(uri.serial, "7");
    assert_string_equal(uri.object, "my-signing-key");
    assert_int_equal(uri.id_len, 8);
    assert_memory_equal(uri.id, "\x69\x95\x3E\x5C\xF4\x00\xEC\x91", 8);
    assert_true(uri.has_slot_id);
    assert_int_equal(uri.slot_id, 4711);
    assert_string_equal(uri.module_path, "/usr/lib/a.so");
    assert_string_equal(uri.pin_source, "/etc/token");
}

static void test_uri_leaves_empty_what_is_not_given(void **state)
{
    (void)state;
    struct pkcs11_uri uri = parsed("pkcs11:id=a");
    struct pkcs11_uri expected = {.id = {'a'}, .id_len = 1};
    assert_memory_equal(&uri, &expected, sizeof(uri));
}

static void test_uri_takes_the_characters_of_rfc_7512_as_they_are(void **state)
{
    (void)state;
    struct pkcs11_uri uri =
        parsed("pkcs11:object=aZ09-._~:[]@!$'()*+,=&?pin-source=a/?|:[]@!$'()*+,=");
    assert_string_equal(uri.object, "aZ09-._~:[]@!$'()*+,=&");
    assert_string_equal(uri.pin_source, "a/?|:[]@!$'()*+,=");
    assert_string_equal(parsed("pkcs11:object=%c3%B8%3b%3F%25").object, "\xC3\xB8;?%");
}

static void test_uri_takes_a_pin_source_as_path_and_as_file_uri(void **state)
{
    (void)state;
    assert_string_equal(parsed("pkcs11:id=a?pin-source=pin").pin_source, "pin");
    assert_string_equal(parsed("pkcs11:id=a?pin-source=/run/pin").pin_source, "/run/pin");
    assert_string_equal(parsed("pkcs11:id=a?pin-source=file:/run/pin").pin_source, "/run/pin");
    assert_string_equal(parsed("pkcs11:id=a?pin-source=file:///run/pin").pin_source, "/run/pin");
    assert_refused("pkcs11:id=a?pin-source=file:", "starts with /");
    assert_refused("pkcs11:id=a?pin-source=file://", "starts with /");
    assert_refused("pkcs11:id=a?pin-source=file:pin", "starts with /");
    assert_refused("pkcs11:id=a?pin-source=file://host/pin", "starts with /");
    assert_refused("pkcs11:id=a?pin-source=|/bin/echo", "command");
    assert_refused("pkcs11:id=a?pin-source=%7C/bin/echo", "command");
}

static void test_uri_refuses_what_is_not_one(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "pkcs11", "pkcs11 :id=a", " pkcs11:id=a", "PKCS11:id=a", "file:id=a", "/pkcs11:id=a"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(pkcs11_uri_is(texts[i]));
        assert_refused(texts[i], "starts with");
    }
    assert_true(pkcs11_uri_is("pkcs11:"));
}

static void test_uri_refuses_what_it_does_not_know(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "pkcs11:",
        "pkcs11:;",
        "pkcs11:id=a;",
        "pkcs11:;id=a",
        "pkcs11:id",
        "pkcs11:id=a;;object=b",
        "pkcs11:Id=a",
        "pkcs11: id=a",
        "pkcs11:=a",
        "pkcs11:x-vendor=a",
        "pkcs11:library-version=1",
        "pkcs11:slot-description=a",
        "pkcs11:module-path=a",
        "pkcs11:pin-value=1",
        "pkcs11:?module-path=a",
        "pkcs11:i%64=a",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(texts[i], "before the ?");
    static const char *const queries[] = {
        "pkcs11:id=a?",
        "pkcs11:id=a?id=b",
        "pkcs11:id=a?pin-source=a&",
        "pkcs11:id=a?&pin-source=a",
        "pkcs11:id=a?x-vendor=a",
        "pkcs11:id=a?pin-source",
    };
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        assert_refused(queries[i], "after the ?");
    assert_refused("pkcs11:id=a?module-name=softhsm2", "module-path");
}

static void test_uri_refuses_an_attribute_that_stands_twice(void **state)
{
    (void)state;
    assert_refused("pkcs11:token=a;token=a", "twice");
    assert_refused("pkcs11:id=a;token=b;id=a", "twice");
    assert_refused("pkcs11:slot-id=1;slot-id=1", "twice");
    assert_refused("pkcs11:type=private;type=private", "twice");
    assert_refused("pkcs11:id=a?pin-source=a&pin-source=a", "twice");
    assert_refused("pkcs11:id=a?module-path=a&module-path=a", "twice");
}

static void test_uri_refuses_a_value_that_is_empty_or_badly_written(void **state)
{
    (void)state;
    assert_refused("pkcs11:token=", "empty");
    assert_refused("pkcs11:id=a;object=", "empty");
    assert_refused("pkcs11:id=a?pin-source=", "empty");
    static const char *const escapes[] = {"pkcs11:id=%",
                                          "pkcs11:id=%4",
                                          "pkcs11:id=%4g",
                                          "pkcs11:id=%g4",
                                          "pkcs11:id=a%",
                                          "pkcs11:id=%4;object=b",
                                          "pkcs11:id=%?pin-source=4f",
                                          "pkcs11:id=%%41"};
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        assert_refused(escapes[i], "two hexadecimal digits");
    static const char *const characters[] = {
        "pkcs11:object=a b",         "pkcs11:object=a/b", "pkcs11:object=a\"",
        "pkcs11:object=a#b",         "pkcs11:object=a\n", "pkcs11:object=\xC3\xB8",
        "pkcs11:object=a|",          "pkcs11:object=<a>", "pkcs11:id=a?pin-source=a#b",
        "pkcs11:id=a?pin-source=a;b"};
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
        assert_refused(characters[i], "has to be written as %");
    assert_refused("pkcs11:object=a%00b", "0");
    assert_refused("pkcs11:id=a?module-path=%00", "0");
}

static void test_uri_refuses_what_no_token_can_have(void **state)
{
    (void)state;
    char text[64 + 3 * PKCS11_PATH_MAX_LEN];
    static const struct {
        const char *start;
        size_t max_len;
    } cases[] = {{"pkcs11:token=", 32},
                 {"pkcs11:manufacturer=", 32},
                 {"pkcs11:model=", 16},
                 {"pkcs11:serial=", 16},
                 {"pkcs11:object=", 255},
                 {"pkcs11:id=", 255},
                 {"pkcs11:id=a?module-path=", 4095},
                 {"pkcs11:id=a?pin-source=", 4095}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t start_len = strlen(cases[i].start);
        memset(text, 'x', sizeof(text));
        memcpy(text, cases[i].start, start_len);
        text[start_len + cases[i].max_len] = 0;
        (void)parsed(text);
        text[start_len + cases[i].max_len] = 'x';
        text[start_len + cases[i].max_len + 1] = 0;
        assert_refused(text, "long");
    }
}

static void test_uri_reads_the_slot_s_number(void **state)
{
    (void)state;
    assert_int_equal(parsed("pkcs11:slot-id=0").slot_id, 0);
    assert_true(parsed("pkcs11:slot-id=18446744073709551615").slot_id == UINT64_MAX);
    static const char *const texts[] = {"pkcs11:slot-id=18446744073709551616",
                                        "pkcs11:slot-id=-1",
                                        "pkcs11:slot-id=0x1",
                                        "pkcs11:slot-id=1a",
                                        "pkcs11:slot-id=+1",
                                        "pkcs11:slot-id=%20"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(texts[i], "slot-id");
}

static void test_uri_names_a_private_key_or_says_nothing_of_it(void **state)
{
    (void)state;
    (void)parsed("pkcs11:type=private");
    static const char *const texts[] = {"pkcs11:type=public", "pkcs11:type=cert",
                                        "pkcs11:type=secret-key", "pkcs11:type=privat",
                                        "pkcs11:type=private%00"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(texts[i], "type=private");
}

/* Right or wrong in itself, and never repeated: why is a text of the program. */
static void test_uri_never_takes_a_pin(void **state)
{
    (void)state;
    assert_refused("pkcs11:id=a?pin-value=1234", "change that PIN");
    assert_refused("pkcs11:id=a?pin-value=", "change that PIN");
    assert_refused("pkcs11:id=a?pin-value=%", "change that PIN");
    assert_refused("pkcs11:id=a?pin-value=a#b", "change that PIN");
    assert_refused("pkcs11:id=a?module-path=/a&pin-value=1", "change that PIN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uri_has_the_attributes_of_token_and_key),
        cmocka_unit_test(test_uri_leaves_empty_what_is_not_given),
        cmocka_unit_test(test_uri_takes_the_characters_of_rfc_7512_as_they_are),
        cmocka_unit_test(test_uri_takes_a_pin_source_as_path_and_as_file_uri),
        cmocka_unit_test(test_uri_refuses_what_is_not_one),
        cmocka_unit_test(test_uri_refuses_what_it_does_not_know),
        cmocka_unit_test(test_uri_refuses_an_attribute_that_stands_twice),
        cmocka_unit_test(test_uri_refuses_a_value_that_is_empty_or_badly_written),
        cmocka_unit_test(test_uri_refuses_what_no_token_can_have),
        cmocka_unit_test(test_uri_reads_the_slot_s_number),
        cmocka_unit_test(test_uri_names_a_private_key_or_says_nothing_of_it),
        cmocka_unit_test(test_uri_never_takes_a_pin),
    };
    return cmocka_run_group_tests_name("pkcs11_uri", tests, nullptr, nullptr);
}
