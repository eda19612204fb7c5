/*
 * What is signed: checked against b3sum, and against the definition in docs/image-format.md.
 */
#include "image/digest.h"

#include "crypto/blake3.h"
#include "tests/support/vectors.h"

static void test_digest_bounds_lengths(void **state)
{
    (void)state;
    assert_int_equal(image_check_len(0), NONOS_E_IMAGE_SHORT);
    assert_int_equal(image_check_len(4095), NONOS_E_IMAGE_SHORT);
    assert_int_equal(image_check_len(4096), NONOS_OK);
    assert_int_equal(image_check_len(16u * 1024 * 1024), NONOS_OK);
    assert_int_equal(image_check_len(16u * 1024 * 1024 + 1), NONOS_E_IMAGE_LONG);
    assert_int_equal(image_check_len(SIZE_MAX), NONOS_E_IMAGE_LONG);
}

/* b3sum of a file of these bytes; the test fails without the program. */
static void b3sum(const uint8_t *bytes, size_t len, uint8_t out[32])
{
    char path[] = "/tmp/nonos-digest-XXXXXX", command[128], hex[65] = {0};
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof(command), "b3sum --no-names %s", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fread(hex, 1, 64, pipe), 64);
    assert_int_equal(pclose(pipe), 0);
    remove(path);
    hex_decode_to(hex, out, 32);
}

static void test_digest_is_what_b3sum_says(void **state)
{
    (void)state;
    static const size_t lens[] = {4096, 4097, 8192, 70000};
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        uint8_t *file = test_allocate(lens[i]);
        uint8_t d0[32], d1[32], expected[32];
        test_random(file, lens[i]);
        image_digest(file, lens[i], d0, d1);
        b3sum(file, lens[i] - 64 - 3309, expected);
        assert_memory_equal(d0, expected, 32);
        b3sum(file, lens[i] - 64, expected);
        assert_memory_equal(d1, expected, 32);
        free(file);
    }
}

static void test_digest_covers_all_but_the_ed25519_signature(void **state)
{
    (void)state;
    enum { LEN = 4096 };
    uint8_t *file = calloc(1, LEN);
    uint8_t d0[32], d1[32], d0_changed[32], d1_changed[32];
    image_digest(file, LEN, d0, d1);
    for (size_t at = 0; at < LEN; at++) {
        file[at] ^= 0x10;
        image_digest(file, LEN, d0_changed, d1_changed);
        file[at] ^= 0x10;
        assert_int_equal(memcmp(d0, d0_changed, 32) == 0, at >= LEN - 64 - 3309);
        assert_int_equal(memcmp(d1, d1_changed, 32) == 0, at >= LEN - 64);
    }
    free(file);
}

static void test_digest_gives_each_type_a_context(void **state)
{
    (void)state;
    uint8_t d1[32], message[48], expected[48];
    memset(d1, 0x5A, sizeof(d1));
    memset(expected + 16, 0x5A, 32);
    memcpy(expected, "NONOS-KERNEL-v1\0", 16);
    image_ed25519_message(NONOS_IMAGE_KERNEL, d1, message);
    assert_memory_equal(message, expected, 48);
    memcpy(expected, "NONOS-CAPSULE-v1", 16);
    image_ed25519_message(NONOS_IMAGE_CAPSULE, d1, message);
    assert_memory_equal(message, expected, 48);
    memcpy(expected, "NONOS-BUNDLE-v1\0", 16);
    image_ed25519_message(NONOS_IMAGE_BUNDLE, d1, message);
    assert_memory_equal(message, expected, 48);
}

static void test_digest_knows_no_other_type(void **state)
{
    (void)state;
    volatile int both = (int)NONOS_IMAGE_KERNEL | (int)NONOS_IMAGE_CAPSULE;
    volatile int none = 0;
    assert_null(image_context((enum nonos_image_type)both));
    assert_null(image_context((enum nonos_image_type)none));
    uint8_t d1[32] = {1}, message[48], zero[48] = {0};
    image_ed25519_message((enum nonos_image_type)none, d1, message);
    assert_memory_equal(message, zero, 48);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_bounds_lengths),
        cmocka_unit_test(test_digest_is_what_b3sum_says),
        cmocka_unit_test(test_digest_covers_all_but_the_ed25519_signature),
        cmocka_unit_test(test_digest_gives_each_type_a_context),
        cmocka_unit_test(test_digest_knows_no_other_type),
    };
    return cmocka_run_group_tests_name("digest", tests, nullptr, nullptr);
}
