/*
 * PCR arithmetic beside OpenSSL's hashes.
 */
#include "tools/pcr.h"

#include "tests/support/vectors.h"

#include <openssl/sha.h>

static void openssl_digest(enum pcr_bank bank, const uint8_t *bytes, size_t len, uint8_t *out)
{
    if (bank == PCR_SHA256)
        SHA256(bytes, len, out);
    else if (bank == PCR_SHA384)
        SHA384(bytes, len, out);
    else
        SHA512(bytes, len, out);
}

static void assert_value(enum pcr_bank bank, const struct pcr_value *value, const uint8_t *expected)
{
    size_t len = pcr_bank_info(bank)->len;
    assert_memory_equal(value->bytes, expected, len);
    for (size_t i = len; i < PCR_MAX_LEN; i++)
        assert_int_equal(value->bytes[i], 0);
}

static void test_pcr_banks_are_those_of_the_registry(void **)
{
    static const struct pcr_bank_info expected[] = {
        {"sha256", 0x0B, 32}, {"sha384", 0x0C, 48}, {"sha512", 0x0D, 64}};
    assert_int_equal(PCR_BANK_COUNT, 3);
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        assert_string_equal(pcr_bank_info(bank)->name, expected[bank].name);
        assert_int_equal(pcr_bank_info(bank)->algorithm, expected[bank].algorithm);
        assert_int_equal(pcr_bank_info(bank)->len, expected[bank].len);
    }
}

static void test_pcr_digest_is_openssls_at_every_length(void **)
{
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        for (size_t len = 0; len <= 300; len++) {
            uint8_t expected[PCR_MAX_LEN];
            struct pcr_value digest;
            uint8_t *bytes = test_allocate(len);
            test_random(bytes, len);
            openssl_digest(bank, bytes, len, expected);
            pcr_digest(bank, bytes, len, &digest);
            assert_value(bank, &digest, expected);
            free(bytes);
        }
    }
}

static void test_pcr_hash_does_not_see_pieces(void **)
{
    uint8_t bytes[300], expected[PCR_MAX_LEN];
    test_random(bytes, sizeof(bytes));
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        openssl_digest(bank, bytes, sizeof(bytes), expected);
        for (size_t split = 0; split <= sizeof(bytes); split++) {
            struct pcr_hash hash;
            struct pcr_value digest;
            pcr_hash_init(&hash, bank);
            pcr_hash_update(&hash, bytes, split);
            pcr_hash_update(&hash, bytes + split, sizeof(bytes) - split);
            pcr_hash_final(&hash, &digest);
            assert_value(bank, &digest, expected);
        }
    }
}

static void test_pcr_extend_is_the_hash_of_old_value_and_digest(void **)
{
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        size_t len = pcr_bank_info(bank)->len;
        struct pcr_value pcr = {0};
        uint8_t both[2 * PCR_MAX_LEN] = {0};
        for (unsigned i = 0; i < 3; i++) {
            uint8_t digest[PCR_MAX_LEN];
            test_random(digest, len);
            memcpy(both + len, digest, len);
            pcr_extend(bank, &pcr, digest);
            openssl_digest(bank, both, 2 * len, both);
            assert_value(bank, &pcr, both);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcr_banks_are_those_of_the_registry),
        cmocka_unit_test(test_pcr_digest_is_openssls_at_every_length),
        cmocka_unit_test(test_pcr_hash_does_not_see_pieces),
        cmocka_unit_test(test_pcr_extend_is_the_hash_of_old_value_and_digest),
    };
    return cmocka_run_group_tests_name("pcr", tests, nullptr, nullptr);
}
