#include "boot/tcg2.h"

#include "image/event_log.h"
#include "tests/support/fake_tpm.h"

#define MAX_LEN (64u * 1024)

static struct efi_tcg2 *tpm;
static bool has_log;

static void find(void)
{
    fake_add_tpm();
    assert_int_equal(tcg2_find(&tpm, &has_log), NONOS_OK);
    assert_ptr_equal(tpm, &fake_tpm.protocol);
}

static void test_tpm_is_none_without_the_protocol(void **state)
{
    (void)state;
    tpm = &fake_tpm.protocol;
    has_log = true;
    assert_int_equal(tcg2_find(&tpm, &has_log), NONOS_OK);
    assert_null(tpm);
    assert_false(has_log);
}

static void test_tpm_is_none_when_firmware_says_so(void **state)
{
    (void)state;
    fake_add_tpm();
    fake_tpm.is_present = false;
    assert_int_equal(tcg2_find(&tpm, &has_log), NONOS_OK);
    assert_null(tpm);
    assert_false(has_log);
}

static void test_tpm_that_does_not_say_what_it_is_is_an_error(void **state)
{
    (void)state;
    fake_add_tpm();
    fake_tpm.failing_call = 0;
    assert_int_equal(tcg2_find(&tpm, &has_log), NONOS_E_TPM);
    assert_non_null(tpm);
    assert_false(has_log);
}

static void test_tpm_has_a_log_when_its_format_is_among_firmwares(void **state)
{
    (void)state;
    find();
    assert_true(has_log);
    fake_tpm.log_formats = 1; /* of TPM 1.2 alone */
    assert_int_equal(tcg2_find(&tpm, &has_log), NONOS_OK);
    assert_non_null(tpm);
    assert_false(has_log);
}

static enum nonos_error extend(const char *data)
{
    struct efi_tcg2_event *event = (void *)test_allocate(tcg2_event_size(strlen(data)));
    enum nonos_error error = tcg2_extend(tpm, 11, 13, data, strlen(data), event);
    free(event);
    return error;
}

static void test_event_is_extended_and_logged_with_its_data(void **state)
{
    (void)state;
    find();
    assert_int_equal(extend("what is measured"), NONOS_OK);
    assert_int_equal(fake_tpm.event_count, 1);
    assert_int_equal(fake_tpm.events[0].pcr, 11);
    assert_int_equal(fake_tpm.events[0].type, 13);
    assert_int_equal(fake_tpm.events[0].len, 16);
    assert_memory_equal(fake_tpm.events[0].data, "what is measured", 16);
}

static void test_event_that_is_not_extended_is_an_error(void **state)
{
    (void)state;
    static const efi_status failures[] = {EFI_INVALID_PARAMETER, FAKE_DEVICE_ERROR,
                                          EFI_BUFFER_TOO_SMALL, EFI_NOT_FOUND,
                                          5 /* a warning is no success either */};
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        fake_reset();
        find();
        fake_tpm.failing_call = fake_tpm.calls;
        fake_tpm.failure = failures[i];
        assert_int_equal(extend("x"), NONOS_E_TPM);
    }
}

static void test_event_without_room_in_the_log_is_extended_all_the_same(void **state)
{
    (void)state;
    find();
    fake_tpm.failing_call = fake_tpm.calls;
    fake_tpm.failure = EFI_VOLUME_FULL;
    assert_int_equal(extend("x"), NONOS_OK);
    assert_int_equal(fake_tpm.event_count, 1);
}

static const uint8_t *log_bytes;
static size_t log_len;
static const char *why_none;

static enum nonos_error find_log(size_t max_len)
{
    log_bytes = (const uint8_t *)"not cleared";
    log_len = 99;
    why_none = "not cleared";
    return tcg2_find_log(tpm, max_len, &log_bytes, &log_len, &why_none);
}

static void assert_no_log(size_t max_len, const char *why)
{
    assert_int_equal(find_log(max_len), NONOS_OK);
    assert_null(log_bytes);
    assert_int_equal(log_len, 0);
    assert_string_equal(why_none, why);
}

static void test_log_is_found_with_its_last_event(void **state)
{
    (void)state;
    find();
    assert_int_equal(extend("last"), NONOS_OK);
    size_t len = fake_tpm.log.len;
    log_add(&fake_tpm.log, "firmware's memory goes on", 25);
    assert_int_equal(find_log(MAX_LEN), NONOS_OK);
    assert_ptr_equal(log_bytes, fake_tpm.log.bytes);
    assert_int_equal(log_len, len);
    assert_null(why_none);
    assert_int_equal(find_log(len), NONOS_OK);
    assert_int_equal(log_len, len);
    assert_no_log(len - 1, "it is malformed or too long");
}

static void test_log_that_firmware_does_not_give_is_an_error(void **state)
{
    (void)state;
    find();
    fake_tpm.failing_call = fake_tpm.calls;
    assert_int_equal(find_log(MAX_LEN), NONOS_E_TPM);
    assert_null(log_bytes);
    assert_int_equal(log_len, 0);
}

static void test_log_that_is_truncated_is_none(void **state)
{
    (void)state;
    find();
    fake_tpm.is_truncated = true;
    assert_no_log(MAX_LEN, "firmware had no room for all of it");
}

static void test_log_whose_last_entry_is_elsewhere_is_none(void **state)
{
    (void)state;
    find();
    fake_tpm.last_entry_moved = 0 - (uint64_t)fake_tpm.log.last_at - 1; /* before it */
    assert_no_log(MAX_LEN, "its last entry is not in it");
    fake_tpm.last_entry_moved = 1; /* inside an entry */
    assert_no_log(MAX_LEN, "it is malformed or too long");
    fake_tpm.last_entry_moved = MAX_LEN;
    assert_no_log(MAX_LEN, "it is malformed or too long");
    fake_tpm.last_entry_moved = 0;
    fake_tpm.location = UINT64_MAX - MAX_LEN + 1; /* its end would wrap */
    fake_tpm.last_entry_moved = UINT64_MAX - (uintptr_t)fake_tpm.log.bytes - fake_tpm.log.last_at;
    assert_no_log(MAX_LEN, "its last entry is not in it");
}

static void test_log_at_no_address_is_none(void **state)
{
    (void)state;
    find();
    fake_tpm.location = 0;
    fake_tpm.last_entry_moved = 0 - (uint64_t)(uintptr_t)fake_tpm.log.bytes - fake_tpm.log.last_at;
    assert_no_log(MAX_LEN, "its last entry is not in it");
}

static void test_log_with_an_entry_that_runs_over_is_none(void **state)
{
    (void)state;
    find();
    size_t data_len_at = fake_tpm.log.len - 6 - 4;
    assert_int_equal(fake_tpm.log.bytes[data_len_at], 6);
    fake_tpm.log.bytes[data_len_at + 2] = 1; /* 64 KiB of data */
    assert_no_log(MAX_LEN, "it is malformed or too long");
    fake_tpm.log.bytes[data_len_at + 3] = 0xFF;
    assert_no_log(MAX_LEN, "it is malformed or too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(test_tpm_is_none_without_the_protocol),
        FAKE_TEST(test_tpm_is_none_when_firmware_says_so),
        FAKE_TEST(test_tpm_that_does_not_say_what_it_is_is_an_error),
        FAKE_TEST(test_tpm_has_a_log_when_its_format_is_among_firmwares),
        FAKE_TEST(test_event_is_extended_and_logged_with_its_data),
        FAKE_TEST(test_event_that_is_not_extended_is_an_error),
        FAKE_TEST(test_event_without_room_in_the_log_is_extended_all_the_same),
        FAKE_TEST(test_log_is_found_with_its_last_event),
        FAKE_TEST(test_log_that_firmware_does_not_give_is_an_error),
        FAKE_TEST(test_log_that_is_truncated_is_none),
        FAKE_TEST(test_log_whose_last_entry_is_elsewhere_is_none),
        FAKE_TEST(test_log_at_no_address_is_none),
        FAKE_TEST(test_log_with_an_entry_that_runs_over_is_none),
    };
    return cmocka_run_group_tests_name("tcg2", tests, nullptr, nullptr);
}
