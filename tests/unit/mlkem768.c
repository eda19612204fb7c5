#include "crypto/mlkem768.h"

#include "crypto/bytes.h"
#include "crypto/keccak.h"
#include "tests/support/vectors.h"

#define MODULUS 3329u
#define COEFFICIENT_COUNT (3u * 256u)

struct keys {
    uint8_t ek[MLKEM768_ENCAPSULATION_KEY_LEN];
    uint8_t dk[MLKEM768_DECAPSULATION_KEY_LEN];
};

static void generate(struct keys *keys)
{
    uint8_t seed[MLKEM768_SEED_LEN];

    test_random(seed, sizeof seed);
    assert_int_equal(mlkem768_generate_key(seed, keys->ek, keys->dk), NONOS_OK);
}

/* The group of tests for a function ("encapsulation", ...), which must have that many cases. */
static json_t *find_cases(const json_t *root, const char *function, size_t wanted_count)
{
    json_t *found = nullptr;
    json_t *group;
    size_t i;

    json_array_foreach(vectors_array(root, "testGroups"), i, group)
    {
        assert_string_equal(vectors_text(group, "parameterSet"), "ML-KEM-768");
        if (function && strcmp(vectors_text(group, "function"), function) != 0)
            continue;
        assert_null(found);
        found = vectors_array(group, "tests");
    }
    assert_non_null(found);
    assert_int_equal(json_array_size(found), wanted_count);
    return found;
}

static void test_generate_key_acvp(void **state)
{
    json_t *root = vectors_load("acvp-ml-kem-keygen-ml-kem-768.json");
    json_t *test;
    size_t i;

    (void)state;
    json_array_foreach(find_cases(root, nullptr, 25), i, test)
    {
        uint8_t seed[MLKEM768_SEED_LEN];
        struct keys keys;
        uint8_t *ek = vectors_bytes_of(test, "ek", sizeof keys.ek);
        uint8_t *dk = vectors_bytes_of(test, "dk", sizeof keys.dk);

        hex_decode_to(vectors_text(test, "d"), seed, 32);
        hex_decode_to(vectors_text(test, "z"), seed + 32, 32);
        assert_int_equal(mlkem768_generate_key(seed, keys.ek, keys.dk), NONOS_OK);
        assert_memory_equal(keys.ek, ek, sizeof keys.ek);
        assert_memory_equal(keys.dk, dk, sizeof keys.dk);
        free(ek);
        free(dk);
    }
    json_decref(root);
}

static void test_encapsulate_acvp(void **state)
{
    json_t *root = vectors_load("acvp-ml-kem-encapdecap-ml-kem-768.json");
    json_t *test;
    size_t i;

    (void)state;
    json_array_foreach(find_cases(root, "encapsulation", 25), i, test)
    {
        uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN];
        uint8_t secret[MLKEM768_SHARED_SECRET_LEN];
        uint8_t *ek = vectors_bytes_of(test, "ek", MLKEM768_ENCAPSULATION_KEY_LEN);
        uint8_t *m = vectors_bytes_of(test, "m", MLKEM768_MESSAGE_LEN);
        uint8_t *c = vectors_bytes_of(test, "c", sizeof ciphertext);
        uint8_t *k = vectors_bytes_of(test, "k", sizeof secret);

        assert_int_equal(mlkem768_encapsulate(ek, m, ciphertext, secret), NONOS_OK);
        assert_memory_equal(ciphertext, c, sizeof ciphertext);
        assert_memory_equal(secret, k, sizeof secret);
        free(ek);
        free(m);
        free(c);
        free(k);
    }
    json_decref(root);
}

/* Half of these ciphertexts are modified: their secret is that of implicit rejection. */
static void test_decapsulate_acvp(void **state)
{
    json_t *root = vectors_load("acvp-ml-kem-encapdecap-ml-kem-768.json");
    json_t *test;
    size_t i;

    (void)state;
    json_array_foreach(find_cases(root, "decapsulation", 10), i, test)
    {
        uint8_t secret[MLKEM768_SHARED_SECRET_LEN];
        uint8_t *dk = vectors_bytes_of(test, "dk", MLKEM768_DECAPSULATION_KEY_LEN);
        uint8_t *c = vectors_bytes_of(test, "c", MLKEM768_CIPHERTEXT_LEN);
        uint8_t *k = vectors_bytes_of(test, "k", sizeof secret);

        assert_int_equal(mlkem768_decapsulate(dk, c, secret), NONOS_OK);
        assert_memory_equal(secret, k, sizeof secret);
        free(dk);
        free(c);
        free(k);
    }
    json_decref(root);
}

static void assert_decapsulation_key_refused(const uint8_t *dk)
{
    uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN] = {0};
    uint8_t secret[MLKEM768_SHARED_SECRET_LEN];

    memset(secret, 0xA5, sizeof secret);
    assert_int_equal(mlkem768_check_decapsulation_key(dk), NONOS_E_IDENTITY_KEY);
    assert_int_equal(mlkem768_decapsulate(dk, ciphertext, secret), NONOS_E_IDENTITY_KEY);
    assert_true(bytes_are_zero(secret, sizeof secret));
}

static void assert_encapsulation_key_refused(const uint8_t *ek)
{
    uint8_t message[MLKEM768_MESSAGE_LEN] = {0};
    uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN];
    uint8_t secret[MLKEM768_SHARED_SECRET_LEN];

    memset(ciphertext, 0xA5, sizeof ciphertext);
    memset(secret, 0xA5, sizeof secret);
    assert_int_equal(mlkem768_check_encapsulation_key(ek), NONOS_E_IDENTITY_KEY);
    assert_int_equal(mlkem768_encapsulate(ek, message, ciphertext, secret), NONOS_E_IDENTITY_KEY);
    assert_true(bytes_are_zero(ciphertext, sizeof ciphertext));
    assert_true(bytes_are_zero(secret, sizeof secret));
}

static void test_check_decapsulation_key_acvp(void **state)
{
    json_t *root = vectors_load("acvp-ml-kem-encapdecap-ml-kem-768.json");
    json_t *test;
    size_t refused_count = 0;
    size_t i;

    (void)state;
    json_array_foreach(find_cases(root, "decapsulationKeyCheck", 10), i, test)
    {
        uint8_t *dk = vectors_bytes_of(test, "dk", MLKEM768_DECAPSULATION_KEY_LEN);

        if (vectors_bool(test, "testPassed")) {
            assert_int_equal(mlkem768_check_decapsulation_key(dk), NONOS_OK);
        } else {
            assert_decapsulation_key_refused(dk);
            refused_count++;
        }
        free(dk);
    }
    assert_in_range(refused_count, 1, 9);
    json_decref(root);
}

static void test_check_encapsulation_key_acvp(void **state)
{
    json_t *root = vectors_load("acvp-ml-kem-encapdecap-ml-kem-768.json");
    json_t *test;
    size_t refused_count = 0;
    size_t i;

    (void)state;
    json_array_foreach(find_cases(root, "encapsulationKeyCheck", 10), i, test)
    {
        uint8_t *ek = vectors_bytes_of(test, "ek", MLKEM768_ENCAPSULATION_KEY_LEN);

        if (vectors_bool(test, "testPassed")) {
            assert_int_equal(mlkem768_check_encapsulation_key(ek), NONOS_OK);
        } else {
            assert_encapsulation_key_refused(ek);
            refused_count++;
        }
        free(ek);
    }
    assert_in_range(refused_count, 1, 9);
    json_decref(root);
}

static void set_coefficient(uint8_t *ek, size_t index, unsigned value)
{
    uint8_t *pair = ek + index / 2 * 3;

    if (index % 2 == 0) {
        pair[0] = (uint8_t)value;
        pair[1] = (uint8_t)((pair[1] & 0xF0) | value >> 8);
    } else {
        pair[1] = (uint8_t)((pair[1] & 0x0F) | (value & 0xF) << 4);
        pair[2] = (uint8_t)(value >> 4);
    }
}

static void test_every_coefficient_must_be_below_the_modulus(void **state)
{
    struct keys keys;
    uint8_t ek[sizeof keys.ek];

    (void)state;
    generate(&keys);
    for (size_t i = 0; i < COEFFICIENT_COUNT; i++) {
        memcpy(ek, keys.ek, sizeof ek);
        set_coefficient(ek, i, MODULUS - 1);
        assert_int_equal(mlkem768_check_encapsulation_key(ek), NONOS_OK);
        set_coefficient(ek, i, MODULUS);
        assert_int_equal(mlkem768_check_encapsulation_key(ek), NONOS_E_IDENTITY_KEY);
        set_coefficient(ek, i, 0xFFF);
        assert_int_equal(mlkem768_check_encapsulation_key(ek), NONOS_E_IDENTITY_KEY);
    }
    assert_encapsulation_key_refused(ek);

    /* The seed rho at the end is not made of coefficients: all of its values are good. */
    memcpy(ek, keys.ek, sizeof ek);
    memset(ek + sizeof ek - 32, 0xFF, 32);
    assert_int_equal(mlkem768_check_encapsulation_key(ek), NONOS_OK);
}

static void test_every_bit_of_key_and_hash_is_checked(void **state)
{
    const size_t first = 1152, end = MLKEM768_DECAPSULATION_KEY_LEN - 32;
    struct keys keys;

    (void)state;
    generate(&keys);
    assert_int_equal(mlkem768_check_decapsulation_key(keys.dk), NONOS_OK);
    for (size_t i = first; i < end; i++) {
        uint8_t bit = (uint8_t)(1u << test_random_below(8));
        keys.dk[i] ^= bit;
        assert_int_equal(mlkem768_check_decapsulation_key(keys.dk), NONOS_E_IDENTITY_KEY);
        keys.dk[i] ^= bit;
    }
    keys.dk[first] ^= 1;
    assert_decapsulation_key_refused(keys.dk);
}

static void test_both_sides_get_the_same_secret(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        struct keys keys;
        uint8_t message[MLKEM768_MESSAGE_LEN];
        uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN];
        uint8_t ours[MLKEM768_SHARED_SECRET_LEN];
        uint8_t theirs[MLKEM768_SHARED_SECRET_LEN];

        generate(&keys);
        test_random(message, sizeof message);
        assert_int_equal(mlkem768_encapsulate(keys.ek, message, ciphertext, ours), NONOS_OK);
        assert_int_equal(mlkem768_decapsulate(keys.dk, ciphertext, theirs), NONOS_OK);
        assert_memory_equal(ours, theirs, sizeof ours);
    }
}

/* FIPS 203 §6.3: the secret is then J(z || c), SHAKE256. */
static void test_modified_ciphertext_gives_the_rejection_secret(void **state)
{
    struct keys keys;
    uint8_t message[MLKEM768_MESSAGE_LEN];
    uint8_t z_and_c[32 + MLKEM768_CIPHERTEXT_LEN];
    uint8_t *ciphertext = z_and_c + 32;
    uint8_t good[MLKEM768_SHARED_SECRET_LEN];
    uint8_t got[MLKEM768_SHARED_SECRET_LEN];
    uint8_t wanted[MLKEM768_SHARED_SECRET_LEN];

    (void)state;
    generate(&keys);
    test_random(message, sizeof message);
    memcpy(z_and_c, keys.dk + sizeof keys.dk - 32, 32);
    assert_int_equal(mlkem768_encapsulate(keys.ek, message, ciphertext, good), NONOS_OK);
    for (unsigned i = 0; i < 30; i++) {
        size_t where = test_random_below(MLKEM768_CIPHERTEXT_LEN);
        uint8_t bit = (uint8_t)(1u << test_random_below(8));

        ciphertext[where] ^= bit;
        keccak_hash(KECCAK_SHAKE256_RATE, KECCAK_SHAKE_SUFFIX, z_and_c, sizeof z_and_c, wanted,
                    sizeof wanted);
        assert_int_equal(mlkem768_decapsulate(keys.dk, ciphertext, got), NONOS_OK);
        assert_memory_equal(got, wanted, sizeof got);
        assert_memory_not_equal(got, good, sizeof got);
        ciphertext[where] ^= bit;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generate_key_acvp),
        cmocka_unit_test(test_encapsulate_acvp),
        cmocka_unit_test(test_decapsulate_acvp),
        cmocka_unit_test(test_check_decapsulation_key_acvp),
        cmocka_unit_test(test_check_encapsulation_key_acvp),
        cmocka_unit_test(test_every_coefficient_must_be_below_the_modulus),
        cmocka_unit_test(test_every_bit_of_key_and_hash_is_checked),
        cmocka_unit_test(test_both_sides_get_the_same_secret),
        cmocka_unit_test(test_modified_ciphertext_gives_the_rejection_secret),
    };

    return cmocka_run_group_tests_name("mlkem768", tests, nullptr, nullptr);
}
