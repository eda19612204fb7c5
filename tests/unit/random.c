/*
 * The random generator: refusal before a seed, key erasure, mixing, and the construction computed
 * again with libsodium's ChaCha20.
 */
#include "crypto/random.h"

#include "crypto/blake3.h"
#include "crypto/bytes.h"
#include "tests/support/vectors.h"

#include <sodium.h>

static const uint8_t ENTROPY[32] = {'e', 'n', 't', 'r', 'o', 'p', 'y'};

static struct random seeded(void)
{
    struct random random = {0};
    random_seed(&random, ENTROPY, sizeof ENTROPY, true);
    return random;
}

static void take(struct random *random, void *out, size_t len)
{
    assert_int_equal(random_bytes(random, out, len), NONOS_OK);
}

static bool contains(const void *where, size_t where_len, const void *what, size_t what_len)
{
    return memmem(where, where_len, what, what_len) != nullptr;
}

static void test_refuses_before_the_first_seed_and_clears_the_output(void **)
{
    struct random random = {0};
    uint8_t out[40];
    memset(out, 0xA5, sizeof out);
    assert_int_equal(random_bytes(&random, out, sizeof out), NONOS_E_NOT_SEEDED);
    assert_true(bytes_are_zero(out, sizeof out));
    assert_int_equal(random_bytes(&random, nullptr, 0), NONOS_E_NOT_SEEDED);
}

static void test_only_a_credited_seed_of_32_bytes_counts(void **)
{
    struct random random = {0};
    uint8_t out[16];
    random_seed(&random, ENTROPY, 32, false);
    assert_int_equal(random_bytes(&random, out, sizeof out), NONOS_E_NOT_SEEDED);
    random_seed(&random, ENTROPY, 31, true);
    assert_int_equal(random_bytes(&random, out, sizeof out), NONOS_E_NOT_SEEDED);
    random_seed(&random, nullptr, 0, true);
    assert_int_equal(random_bytes(&random, out, sizeof out), NONOS_E_NOT_SEEDED);
    random_seed(&random, ENTROPY, 32, true);
    assert_int_equal(random_bytes(&random, out, sizeof out), NONOS_OK);
    /* Once seeded, a seed without credit does not take that away. */
    random_seed(&random, ENTROPY, 1, false);
    assert_int_equal(random_bytes(&random, out, sizeof out), NONOS_OK);
}

static void test_same_seeds_give_the_same_bytes(void **)
{
    struct random a = seeded(), b = seeded();
    uint8_t x[3000], y[3000];
    take(&a, x, sizeof x);
    take(&b, y, sizeof y);
    assert_memory_equal(x, y, sizeof x);
    assert_memory_equal(&a, &b, sizeof a.key + sizeof a.buffer);
}

static void test_sizes_of_requests_do_not_matter(void **)
{
    struct random a = seeded(), b = seeded();
    uint8_t x[3000], y[3000];
    take(&a, x, sizeof x);
    for (size_t done = 0; done < sizeof y;) {
        size_t len = test_random_below(600);
        if (len > sizeof y - done)
            len = sizeof y - done;
        take(&b, y + done, len);
        done += len;
    }
    assert_memory_equal(x, y, sizeof x);
}

/* key = derive_key(context, old key || entropy); each run is 8 blocks of ChaCha20 with nonce 0,
 * of which 32 bytes are the next key and 480 the output. */
static void test_construction_is_the_documented_one(void **)
{
    struct random random = {.key = {1, 2, 3}};
    uint8_t material[32 + 50], key[32], run[RANDOM_BUFFER_LEN], out[3 * (RANDOM_BUFFER_LEN - 32)];
    static const uint8_t nonce[12];
    test_random(material, sizeof material);
    memcpy(random.key, material, 32);
    blake3_derive_key("NONOS:RANDOM:SEED:v1", material, sizeof material, key);
    random_seed(&random, material + 32, 50, true);
    take(&random, out, sizeof out);
    for (unsigned i = 0; i < 3; i++) {
        crypto_stream_chacha20_ietf(run, sizeof run, nonce, key);
        memcpy(key, run, sizeof key);
        assert_memory_equal(out + i * (sizeof run - 32), run + 32, sizeof run - 32);
    }
    assert_memory_equal(random.key, key, sizeof key);
}

/* What was given out is nowhere in the state, and the key that made it is not either. */
static void test_given_bytes_and_keys_are_erased(void **)
{
    struct random random = seeded();
    uint8_t first_key[32], out[100];
    memcpy(first_key, random.key, sizeof first_key);
    take(&random, out, sizeof out);
    assert_false(contains(&random, sizeof random, first_key, 8));
    for (size_t i = 0; i + 8 <= sizeof out; i++)
        assert_false(contains(&random, sizeof random, out + i, 8));
    assert_true(bytes_are_zero(random.buffer, RANDOM_BUFFER_LEN - random.available));
    /* The next key is not in the buffer either, from where it would be given out. */
    assert_false(contains(random.buffer, sizeof random.buffer, random.key, 8));
}

static void test_a_new_seed_changes_the_output_at_once(void **)
{
    struct random a = seeded(), b = seeded();
    uint8_t x[64], y[64];
    take(&a, x, 10);
    take(&b, y, 10);
    assert_memory_equal(x, y, 10);
    random_seed(&a, "x", 1, false);
    assert_true(bytes_are_zero(a.buffer, sizeof a.buffer));
    struct random fresh = {.seeded = true};
    memcpy(fresh.key, a.key, sizeof fresh.key);
    take(&a, x, sizeof x);
    take(&b, y, sizeof y);
    assert_memory_not_equal(x, y, sizeof x);
    /* All of it is of the new key, and not one byte of the buffer that was wiped. */
    take(&fresh, y, sizeof y);
    assert_memory_equal(x, y, sizeof x);
}

/* A seed that an attacker chose does not undo an unknown one before it. */
static void test_seeds_mix(void **)
{
    struct random a = {0}, b = {0};
    uint8_t known[32] = {0}, x[32], y[32];
    random_seed(&a, "unknown", 7, false);
    random_seed(&b, "another", 7, false);
    random_seed(&a, known, sizeof known, true);
    random_seed(&b, known, sizeof known, true);
    take(&a, x, sizeof x);
    take(&b, y, sizeof y);
    assert_memory_not_equal(x, y, sizeof x);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_before_the_first_seed_and_clears_the_output),
        cmocka_unit_test(test_only_a_credited_seed_of_32_bytes_counts),
        cmocka_unit_test(test_same_seeds_give_the_same_bytes),
        cmocka_unit_test(test_sizes_of_requests_do_not_matter),
        cmocka_unit_test(test_construction_is_the_documented_one),
        cmocka_unit_test(test_given_bytes_and_keys_are_erased),
        cmocka_unit_test(test_a_new_seed_changes_the_output_at_once),
        cmocka_unit_test(test_seeds_mix),
    };
    return cmocka_run_group_tests_name("random", tests, nullptr, nullptr);
}
