/*
 * What a boot leaves in PCR 11, and in which order: with a TPM, without one, and with one that
 * fails at any of the calls.
 */
#include "boot/measure.h"

#include "boot/firmware.h"
#include "tests/support/fake_tpm.h"

#define MANIFEST "NONOS-MANIFEST 1\ntype=kernel\n"

static const struct identity signer = {.roles = 1, .profile = NONOS_PROFILE_DEV};
static const struct image_policy policy = {
    .trusted = &signer, .trusted_count = 1, .security_version_floor = 1, .allow_dev = true};
static const struct image_verdict verified = {
    .value = IMAGE_VERIFIED,
    .complement = (uint32_t)~IMAGE_VERIFIED,
    .manifest.all = {.bytes = MANIFEST, .len = sizeof(MANIFEST) - 1},
};

static bool has_tpm;
static const char *what;
static struct measure_log measured_log;

static enum nonos_error measure(void)
{
    return measure_image(&verified, &policy, NONOS_PROFILE_DEV, &what);
}

static enum nonos_error end(void)
{
    measured_log = (struct measure_log){.paddr = 1, .len = 1, .why_none = "not cleared"};
    return measure_end(&measured_log, &what);
}

static void assert_event(unsigned i, uint32_t type, const char *start)
{
    assert_true(i < fake_tpm.event_count);
    assert_int_equal(fake_tpm.events[i].pcr, 11);
    assert_int_equal(fake_tpm.events[i].type, type);
    assert_true(fake_tpm.events[i].len >= strlen(start));
    assert_memory_equal(fake_tpm.events[i].data, start, strlen(start));
}

static void assert_separator(unsigned i, uint8_t first)
{
    assert_event(i, 4, "");
    assert_int_equal(fake_tpm.events[i].len, 4);
    assert_memory_equal(fake_tpm.events[i].data, ((uint8_t[]){first, 0, 0, 0}), 4);
}

static void test_measuring_extends_kernel_manifest_policy_and_the_end(void **state)
{
    (void)state;
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_true(has_tpm);
    assert_int_equal(fake_tpm.event_count, 0);
    assert_int_equal(measure(), NONOS_OK);
    assert_int_equal(fake_tpm.event_count, 3);
    assert_int_equal(end(), NONOS_OK);
    assert_int_equal(fake_tpm.event_count, 4);
    assert_event(0, 13, "nonos-kernel blake3:");
    assert_event(1, 13, MANIFEST);
    assert_int_equal(fake_tpm.events[1].len, strlen(MANIFEST));
    assert_event(2, 13, "NONOS-POLICY 1\nprofile=dev\nfloor=1\ntrusted=");
    assert_separator(3, 0);
}

static void test_measuring_hands_over_a_copy_of_the_log_as_of_the_end(void **state)
{
    (void)state;
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_int_equal(measure(), NONOS_OK);
    assert_int_equal(end(), NONOS_OK);
    assert_null(measured_log.why_none);
    assert_int_equal(measured_log.len, fake_tpm.log.len);
    const uint8_t *copy = firmware_pointer(measured_log.paddr);
    assert_ptr_not_equal(copy, fake_tpm.log.bytes);
    assert_memory_equal(copy, fake_tpm.log.bytes, measured_log.len);
    assert_memory_equal(copy + measured_log.len - 4, "\0\0\0\0", 4);
    assert_int_equal(fake.block_count, 1); /* the copy, and nothing else */
}

static void test_measuring_without_a_tpm_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_false(has_tpm);
    assert_int_equal(measure(), NONOS_OK);
    assert_null(what);
    assert_int_equal(end(), NONOS_OK);
    assert_true(measured_log.paddr == 0 && measured_log.len == 0 &&
                measured_log.why_none == nullptr);
    assert_true(measure_refusal());
    assert_int_equal(fake.block_count, 0);
}

static void test_measuring_takes_firmwares_word_that_no_tpm_is_present(void **state)
{
    (void)state;
    fake_add_tpm();
    fake_tpm.is_present = false;
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_false(has_tpm);
    assert_int_equal(measure(), NONOS_OK);
    assert_int_equal(end(), NONOS_OK);
    assert_true(measure_refusal());
    assert_int_equal(fake_tpm.calls, 1);
}

/* The calls in their order, and what a refusal names when one fails. */
static const char *const calls[] = {
    "measuring, the kernel",          "measuring, the manifest",  "measuring, the policy",
    "measuring, the end of the boot", "measuring, the event log",
};

static void test_measuring_fails_at_whatever_call_the_tpm_fails(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        fake_reset();
        fake_add_tpm();
        assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
        fake_tpm.failing_call = fake_tpm.calls + i;
        enum nonos_error error = measure();
        if (error == NONOS_OK)
            error = end();
        assert_int_equal(error, NONOS_E_TPM);
        assert_string_equal(what, calls[i]);
        assert_int_equal(fake_tpm.calls, 2 + i); /* and nothing after the failure */
        assert_true(measured_log.paddr == 0 || i < 3);
        assert_int_equal(fake.block_count, 0);

        unsigned before = fake_tpm.event_count;
        assert_true(measure_refusal());
        assert_int_equal(fake_tpm.event_count, before + 1);
        assert_separator(before, 1);
    }
}

static void test_measuring_that_cannot_begin_is_capped_all_the_same(void **state)
{
    (void)state;
    fake_add_tpm();
    fake_tpm.failing_call = 0;
    has_tpm = true;
    assert_int_equal(measure_begin(&has_tpm), NONOS_E_TPM);
    assert_false(has_tpm);
    assert_true(measure_refusal());
    assert_int_equal(fake_tpm.event_count, 1);
    assert_separator(0, 1);
}

static void test_measuring_needs_memory(void **state)
{
    (void)state;
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    fake.is_out_of_memory = true;
    assert_int_equal(measure(), NONOS_E_NO_MEMORY);
    assert_string_equal(what, "measuring");
    assert_int_equal(fake_tpm.event_count, 0);
    assert_int_equal(end(), NONOS_E_NO_MEMORY);
    assert_string_equal(what, "measuring, the event log");
    assert_true(measured_log.paddr == 0 && measured_log.len == 0);
    assert_true(measure_refusal()); /* which needs none */
    assert_separator(1, 1);
}

static void test_measuring_is_of_a_verified_image_alone(void **state)
{
    (void)state;
    struct image_verdict verdict = verified;
    verdict.value ^= 4;
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_int_equal(measure_image(&verdict, &policy, NONOS_PROFILE_DEV, &what), NONOS_E_INTERNAL);
    assert_int_equal(fake_tpm.event_count, 0);
    assert_int_equal(fake.block_count, 0);
}

static void test_log_that_cannot_be_used_is_not_handed_over_and_no_failure(void **state)
{
    (void)state;
    fake_add_tpm();
    fake_tpm.log_formats = 1;
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_int_equal(end(), NONOS_OK);
    assert_true(measured_log.paddr == 0 && measured_log.len == 0);
    assert_string_equal(measured_log.why_none, "firmware keeps none in the format of TPM 2.0");
    assert_int_equal(fake_tpm.event_count, 1);

    fake_tpm.log_formats = 2;
    fake_tpm.is_truncated = true;
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_int_equal(end(), NONOS_OK);
    assert_true(measured_log.paddr == 0 && measured_log.len == 0);
    assert_string_equal(measured_log.why_none, "firmware had no room for all of it");
}

static void test_log_is_at_most_what_the_handoff_takes(void **state)
{
    (void)state;
    static const char data[1000];
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    while (fake_tpm.log.len + 1078 + 82 <= 65536) /* the entries' length; the last is the cap's */
        log_add_event(&fake_tpm.log, 1, 1, 1, 2, data, 1000);
    log_add_event(&fake_tpm.log, 1, 1, 1, 2, data, 65536 - 76 - 72 - fake_tpm.log.len);
    assert_int_equal(end(), NONOS_OK);
    assert_int_equal(fake_tpm.log.len, 65536);
    assert_int_equal(measured_log.len, 65536);
    log_add_event(&fake_tpm.log, 1, 1, 1, 2, data, 1);
    assert_int_equal(end(), NONOS_OK);
    assert_int_equal(measured_log.len, 0);
    assert_string_equal(measured_log.why_none, "it is malformed or too long");
}

static void test_refusal_before_the_tpm_was_looked_for_looks_for_it(void **state)
{
    (void)state;
    /* Runs first: nobody has looked yet in this program. */
    fake_add_tpm();
    assert_true(measure_refusal());
    assert_int_equal(fake_tpm.calls, 2);
    assert_int_equal(fake_tpm.event_count, 1);
    assert_separator(0, 1);
}

static void test_refusal_caps_once(void **state)
{
    (void)state;
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_int_equal(measure(), NONOS_OK);
    assert_true(measure_refusal());
    assert_true(measure_refusal());
    assert_int_equal(fake_tpm.event_count, 4);
    assert_separator(3, 1);
}

static void test_refusal_after_the_end_is_told_from_a_boot(void **state)
{
    (void)state;
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_int_equal(measure(), NONOS_OK);
    assert_int_equal(end(), NONOS_OK);
    assert_true(measure_refusal());
    assert_separator(3, 0);
    assert_separator(4, 1);
}

static void test_refusal_says_when_the_tpm_does_not_take_its_mark(void **state)
{
    (void)state;
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    fake_tpm.failing_call = fake_tpm.calls;
    assert_false(measure_refusal());
    assert_int_equal(fake_tpm.event_count, 0);
}

static void test_refusal_asks_nothing_of_boot_services_that_were_left(void **state)
{
    (void)state;
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    unsigned before = fake_tpm.calls;
    firmware_is_left = true;
    assert_true(measure_refusal());
    assert_int_equal(fake_tpm.calls, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(test_refusal_before_the_tpm_was_looked_for_looks_for_it),
        FAKE_TEST(test_measuring_extends_kernel_manifest_policy_and_the_end),
        FAKE_TEST(test_measuring_hands_over_a_copy_of_the_log_as_of_the_end),
        FAKE_TEST(test_measuring_without_a_tpm_does_nothing),
        FAKE_TEST(test_measuring_takes_firmwares_word_that_no_tpm_is_present),
        FAKE_TEST(test_measuring_fails_at_whatever_call_the_tpm_fails),
        FAKE_TEST(test_measuring_that_cannot_begin_is_capped_all_the_same),
        FAKE_TEST(test_measuring_needs_memory),
        FAKE_TEST(test_measuring_is_of_a_verified_image_alone),
        FAKE_TEST(test_log_that_cannot_be_used_is_not_handed_over_and_no_failure),
        FAKE_TEST(test_log_is_at_most_what_the_handoff_takes),
        FAKE_TEST(test_refusal_caps_once),
        FAKE_TEST(test_refusal_after_the_end_is_told_from_a_boot),
        FAKE_TEST(test_refusal_says_when_the_tpm_does_not_take_its_mark),
        FAKE_TEST(test_refusal_asks_nothing_of_boot_services_that_were_left),
    };
    return cmocka_run_group_tests_name("measure", tests, nullptr, nullptr);
}
