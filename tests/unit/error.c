/*
 * Names and texts of the error codes.
 */
#include "image/error.h"

#include "tests/support/vectors.h"

static const struct {
    int code;
    const char *name;
    const char *text;
} codes[] = {
#define NONOS_ERROR(code, name, text) {code, #name, text},
#include "abi/errors.def"
#undef NONOS_ERROR
};
#define CODE_COUNT (sizeof(codes) / sizeof(codes[0]))

static void test_error_codes_are_exit_statuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODE_COUNT; i++) {
        assert_in_range(codes[i].code, 1, 125);
        if (i > 0)
            assert_true(codes[i].code > codes[i - 1].code);
    }
}

static void test_error_names_every_code(void **state)
{
    (void)state;
    assert_true(CODE_COUNT > 50);
    for (size_t i = 0; i < CODE_COUNT; i++) {
        assert_string_equal(error_name((enum nonos_error)codes[i].code), codes[i].name);
        assert_string_equal(error_text((enum nonos_error)codes[i].code), codes[i].text);
    }
    assert_string_equal(error_name(NONOS_OK), "OK");
}

static void test_error_names_and_texts_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODE_COUNT; i++)
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(codes[i].name, codes[j].name);
            assert_string_not_equal(codes[i].text, codes[j].text);
        }
}

static void test_error_survives_a_number_that_is_no_code(void **state)
{
    (void)state;
    volatile int number = 125;
    assert_string_equal(error_name((enum nonos_error)number), "UNKNOWN");
    assert_non_null(error_text((enum nonos_error)number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_codes_are_exit_statuses),
        cmocka_unit_test(test_error_names_every_code),
        cmocka_unit_test(test_error_names_and_texts_are_unique),
        cmocka_unit_test(test_error_survives_a_number_that_is_no_code),
    };
    return cmocka_run_group_tests_name("error", tests, nullptr, nullptr);
}
