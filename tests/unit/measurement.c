/*
 * What is measured: every byte against texts written by hand.
 */
#include "image/measurement.h"

#include "tests/support/vectors.h"

#define MANIFEST "NONOS-MANIFEST 1\ntype=kernel\n"
#define D1_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define ID_C "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"

static struct identity identity(uint8_t byte, uint32_t roles, uint32_t profile)
{
    struct identity made = {.name = "never-measured", .roles = roles, .profile = profile};
    memset(made.id, byte, sizeof(made.id));
    return made;
}

static struct image_verdict verified(void)
{
    struct image_verdict verdict = {
        .value = IMAGE_VERIFIED,
        .complement = (uint32_t)~IMAGE_VERIFIED,
        .manifest.all = {.bytes = MANIFEST, .len = sizeof(MANIFEST) - 1},
    };
    for (unsigned i = 0; i < sizeof(verdict.d1); i++)
        verdict.d1[i] = (uint8_t)i;
    return verdict;
}

/* Lists into a buffer of exactly the size asked for: the sanitizer sees one byte more. */
static void list_events(const struct image_policy *policy, uint32_t profile, char **text,
                        struct measurement list[MEASUREMENT_COUNT])
{
    struct image_verdict verdict = verified();
    size_t size = measurement_text_size(policy);
    *text = (char *)test_allocate(size);
    assert_int_equal(measurement_list(&verdict, policy, profile, *text, size, list), NONOS_OK);
}

static void assert_event(const struct measurement *event, const char *expected)
{
    assert_int_equal(event->event_type, 13);
    assert_int_equal(event->len, strlen(expected));
    assert_memory_equal(event->bytes, expected, event->len);
}

static void test_measurement_is_kernel_then_manifest_then_policy(void **state)
{
    (void)state;
    const struct identity trusted[] = {identity(0xAA, 7, NONOS_PROFILE_DEV)};
    const struct image_policy policy = {
        .trusted = trusted, .trusted_count = 1, .security_version_floor = 1, .allow_dev = true};
    struct measurement list[MEASUREMENT_COUNT];
    char *text;
    list_events(&policy, NONOS_PROFILE_DEV, &text, list);
    assert_int_equal(MEASUREMENT_COUNT, 3);
    assert_event(&list[0], "nonos-kernel blake3:" D1_HEX);
    assert_event(&list[1], "NONOS-MANIFEST 1\ntype=kernel\n");
    assert_event(&list[2], "NONOS-POLICY 1\n"
                           "profile=dev\n"
                           "floor=1\n"
                           "trusted=" ID_A " kernel,capsule,bundle dev\n");
    free(text);
}

static void test_measurement_of_a_policy_has_every_identity_in_its_order(void **state)
{
    (void)state;
    const struct identity trusted[] = {identity(0xAA, NONOS_IMAGE_KERNEL, NONOS_PROFILE_RELEASE),
                                       identity(0x0B, 6, NONOS_PROFILE_RELEASE)};
    const struct identity revoked[] = {identity(0xC0, 7, NONOS_PROFILE_DEV),
                                       identity(0x0B, 7, NONOS_PROFILE_RELEASE)};
    const struct image_policy policy = {.trusted = trusted,
                                        .trusted_count = 2,
                                        .revoked = revoked,
                                        .revoked_count = 2,
                                        .security_version_floor = UINT32_MAX};
    struct measurement list[MEASUREMENT_COUNT];
    char *text;
    list_events(&policy, NONOS_PROFILE_RELEASE, &text, list);
    assert_event(&list[2], "NONOS-POLICY 1\n"
                           "profile=release\n"
                           "floor=4294967295\n"
                           "trusted=" ID_A " kernel release\n"
                           "trusted=" ID_B " capsule,bundle release\n"
                           "revoked=" ID_C "\n"
                           "revoked=" ID_B "\n");
    free(text);
}

static void test_measurement_says_release_of_no_loader_that_takes_development_images(void **state)
{
    (void)state;
    const struct image_policy policy = {.security_version_floor = 20, .allow_dev = true};
    struct measurement list[MEASUREMENT_COUNT];
    char *text;
    list_events(&policy, NONOS_PROFILE_RELEASE, &text, list);
    assert_event(&list[2], "NONOS-POLICY 1\nprofile=dev\nfloor=20\n");
    free(text);
    const struct image_policy odd = {.security_version_floor = 20};
    list_events(&odd, 0, &text, list);
    assert_event(&list[2], "NONOS-POLICY 1\nprofile=dev\nfloor=20\n");
    free(text);
}

static void assert_no_event(const struct measurement list[MEASUREMENT_COUNT])
{
    for (unsigned i = 0; i < MEASUREMENT_COUNT; i++)
        assert_true(list[i].bytes == nullptr && list[i].len == 0 && list[i].event_type == 0);
}

static void test_measurement_needs_a_verified_image(void **state)
{
    (void)state;
    const struct image_policy policy = {.security_version_floor = 1};
    struct measurement list[MEASUREMENT_COUNT];
    char text[512];
    struct image_verdict verdict = verified();
    verdict.complement ^= 1;
    assert_int_equal(
        measurement_list(&verdict, &policy, NONOS_PROFILE_DEV, text, sizeof(text), list),
        NONOS_E_INTERNAL);
    assert_no_event(list);
    verdict = verified();
    verdict.error = NONOS_E_REVOKED;
    assert_int_equal(
        measurement_list(&verdict, &policy, NONOS_PROFILE_DEV, text, sizeof(text), list),
        NONOS_E_INTERNAL);
    assert_no_event(list);
}

static void test_measurement_refuses_every_buffer_that_is_too_small(void **state)
{
    (void)state;
    const struct identity trusted[] = {identity(0xAA, 7, NONOS_PROFILE_DEV)};
    const struct image_policy policy = {
        .trusted = trusted, .trusted_count = 1, .security_version_floor = 1};
    struct image_verdict verdict = verified();
    struct measurement list[MEASUREMENT_COUNT];
    char *text;
    list_events(&policy, NONOS_PROFILE_RELEASE, &text, list);
    size_t needed = list[MEASUREMENT_KERNEL].len + list[MEASUREMENT_POLICY].len;
    free(text);
    for (size_t size = 0; size <= needed; size++) {
        text = (char *)test_allocate(size);
        enum nonos_error error =
            measurement_list(&verdict, &policy, NONOS_PROFILE_RELEASE, text, size, list);
        assert_int_equal(error, size < needed ? NONOS_E_SIZE : NONOS_OK);
        if (size < needed)
            assert_no_event(list);
        free(text);
    }
}

static void test_measurement_text_size_does_not_wrap(void **state)
{
    (void)state;
    struct image_policy policy = {.trusted_count = SIZE_MAX / 16};
    assert_true(measurement_text_size(&policy) == SIZE_MAX);
    policy = (struct image_policy){.revoked_count = SIZE_MAX / 16};
    assert_true(measurement_text_size(&policy) == SIZE_MAX);
    policy =
        (struct image_policy){.trusted_count = SIZE_MAX / 150, .revoked_count = SIZE_MAX / 150};
    assert_true(measurement_text_size(&policy) == SIZE_MAX);
}

static void test_measurement_separator_tells_how_the_boot_ended(void **state)
{
    (void)state;
    uint8_t bytes[4];
    measurement_separator(MEASUREMENT_END_JUMP, bytes);
    assert_memory_equal(bytes, "\0\0\0\0", 4);
    measurement_separator(MEASUREMENT_END_REFUSAL, bytes);
    assert_memory_equal(bytes, "\1\0\0\0", 4);
    assert_int_equal(MEASUREMENT_EV_SEPARATOR, 4);
    assert_int_equal(MEASUREMENT_PCR, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measurement_is_kernel_then_manifest_then_policy),
        cmocka_unit_test(test_measurement_of_a_policy_has_every_identity_in_its_order),
        cmocka_unit_test(test_measurement_says_release_of_no_loader_that_takes_development_images),
        cmocka_unit_test(test_measurement_needs_a_verified_image),
        cmocka_unit_test(test_measurement_refuses_every_buffer_that_is_too_small),
        cmocka_unit_test(test_measurement_text_size_does_not_wrap),
        cmocka_unit_test(test_measurement_separator_tells_how_the_boot_ended),
    };
    return cmocka_run_group_tests_name("measurement", tests, nullptr, nullptr);
}
