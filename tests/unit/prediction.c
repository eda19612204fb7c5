/*
 * Predicted values: each computed here once more, with OpenSSL, from texts written by hand.
 */
#include "tools/prediction.h"

#include "image/text.h"
#include "tests/support/loader_builder.h"
#include "tests/support/verifying.h"

#include <openssl/sha.h>

static struct file_bytes image, loader_bytes;
static struct loader_file loader;

static int set_up(void **state)
{
    make_identities(state);
    image = signed_kernel(BUILT_KERNEL_RELEASE, 1);
    loader_bytes = built_loader(&alice, &carol, NONOS_PROFILE_RELEASE, 2);
    return (int)loader_file_parse(loader_bytes.bytes, loader_bytes.len, &loader);
}

static int tear_down(void **)
{
    loader_file_free(&loader);
    file_free(&loader_bytes);
    file_free(&image);
    return 0;
}

static void extend(uint8_t pcr[2 * SHA256_DIGEST_LENGTH], const void *data, size_t len)
{
    SHA256(data, len, pcr + SHA256_DIGEST_LENGTH);
    SHA256(pcr, (size_t)2 * SHA256_DIGEST_LENGTH, pcr);
}

static void predict(struct prediction *prediction)
{
    assert_int_equal(verify(image, &loader.policy), NONOS_OK);
    assert_int_equal(prediction_make(&loader, &verdict, prediction), NONOS_OK);
}

static void test_prediction_of_pcr_11_is_kernel_manifest_policy_cap(void **)
{
    struct prediction prediction;
    uint8_t pcr[2 * SHA256_DIGEST_LENGTH] = {0}, refused[2 * SHA256_DIGEST_LENGTH] = {0};
    char d1[65] = {0}, alice_id[65] = {0}, carol_id[65] = {0}, kernel[128], policy[512];
    predict(&prediction);
    text_write_hex(verdict.d1, 32, d1);
    text_write_hex(alice.id, 32, alice_id);
    text_write_hex(carol.id, 32, carol_id);
    snprintf(kernel, sizeof(kernel), "nonos-kernel blake3:%s", d1);
    snprintf(policy, sizeof(policy),
             "NONOS-POLICY 1\nprofile=release\nfloor=2\n"
             "trusted=%s kernel,capsule,bundle release\nrevoked=%s\n",
             alice_id, carol_id);
    assert_string_equal(prediction.policy, policy);
    extend(pcr, kernel, strlen(kernel));
    extend(pcr, BUILT_KERNEL_RELEASE, strlen(BUILT_KERNEL_RELEASE));
    extend(pcr, policy, strlen(policy));
    memcpy(refused, pcr, sizeof(pcr));
    extend(pcr, "\0\0\0\0", 4);
    assert_memory_equal(prediction.started[PCR_SHA256].bytes, pcr, 32);
    extend(refused, "\1\0\0\0", 4);
    assert_memory_equal(prediction.refused_after[PCR_SHA256].bytes, refused, 32);
    memset(refused, 0, sizeof(refused));
    extend(refused, "\1\0\0\0", 4);
    assert_memory_equal(prediction.refused_before[PCR_SHA256].bytes, refused, 32);
    prediction_free(&prediction);
    assert_null(prediction.policy);
}

static void test_prediction_of_pcr_4_is_attempt_separator_application(void **)
{
    static const char calling[] = "Calling EFI Application from Boot Option";
    struct prediction prediction;
    struct pcr_value digest;
    uint8_t pcr[2 * SHA256_DIGEST_LENGTH] = {0};
    predict(&prediction);
    extend(pcr, calling, sizeof(calling) - 1);
    extend(pcr, "\0\0\0\0", 4);
    authenticode_digest(&loader.pe, PCR_SHA256, &digest);
    memcpy(pcr + SHA256_DIGEST_LENGTH, digest.bytes, SHA256_DIGEST_LENGTH);
    SHA256(pcr, sizeof(pcr), pcr);
    assert_memory_equal(prediction.firmware[PCR_SHA256].bytes, pcr, 32);
    prediction_free(&prediction);
}

static void test_prediction_lists_events_in_their_order(void **)
{
    static const struct {
        uint32_t pcr, type;
    } expected[] = {{4, 0x80000007}, {4, 4},   {4, 0x80000003}, {11, 13},
                    {11, 13},        {11, 13}, {11, 4}};
    struct prediction prediction;
    predict(&prediction);
    assert_int_equal(PREDICTION_COUNT, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < PREDICTION_COUNT; i++) {
        assert_int_equal(prediction.events[i].pcr, expected[i].pcr);
        assert_int_equal(prediction.events[i].type, expected[i].type);
        assert_non_null(prediction.events[i].what);
    }
    prediction_free(&prediction);
}

static void test_prediction_needs_a_verified_image(void **)
{
    struct prediction prediction;
    assert_int_equal(verify(image, &loader.policy), NONOS_OK);
    verdict.complement ^= 1;
    assert_int_equal(prediction_make(&loader, &verdict, &prediction), NONOS_E_INTERNAL);
    assert_null(prediction.policy);
    assert_true(bytes_are_zero(prediction.started, sizeof(prediction.started)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prediction_of_pcr_11_is_kernel_manifest_policy_cap),
        cmocka_unit_test(test_prediction_of_pcr_4_is_attempt_separator_application),
        cmocka_unit_test(test_prediction_lists_events_in_their_order),
        cmocka_unit_test(test_prediction_needs_a_verified_image),
    };
    return cmocka_run_group_tests_name("prediction", tests, set_up, tear_down);
}
