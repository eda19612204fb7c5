#include "kernel/selftest.h"

#include "crypto/blake3.h"
#include "crypto/bytes.h"
#include "crypto/chacha20.h"
#include "crypto/ed25519.h"
#include "crypto/keccak.h"
#include "crypto/mldsa65.h"
#include "crypto/mlkem768.h"
#include "crypto/sha512.h"
#include "kernel/mem/heap.h"
#include "kernel/panic.h"
#include "kernel/selftest_vectors.h"
#include "kernel/timeline.h"

#include <string.h>

/* Length of a text constant, without the NUL. */
#define TEXT_LEN(text) (sizeof(text) - 1)

union memory {
    uint8_t blake3_input[BLAKE3_INPUT_LEN];
    struct {
        uint8_t encapsulation_key[MLKEM768_ENCAPSULATION_KEY_LEN];
        uint8_t decapsulation_key[MLKEM768_DECAPSULATION_KEY_LEN];
        uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN];
        uint8_t secret[MLKEM768_SHARED_SECRET_LEN];
    } kem;
    struct {
        uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN];
        uint8_t secret_key[MLDSA65_SECRET_KEY_LEN];
        uint8_t signature[MLDSA65_SIGNATURE_LEN];
    } dsa;
};
static_assert(sizeof(union memory) <= SELFTEST_MEMORY_LEN);

static bool digest_is(const void *bytes, size_t len, const uint8_t expected[BLAKE3_OUT_LEN])
{
    uint8_t digest[BLAKE3_OUT_LEN];

    blake3_hash(bytes, len, digest);
    return bytes_equal(digest, expected, sizeof digest);
}

static bool blake3_state_is(const struct blake3 *state, const uint8_t expected[BLAKE3_OUT_LEN])
{
    uint8_t out[BLAKE3_OUT_LEN];

    blake3_final(state, out, sizeof out);
    return bytes_equal(out, expected, sizeof out);
}

static bool test_blake3(union memory *memory)
{
    uint8_t *input = memory->blake3_input;
    uint8_t xof[sizeof blake3_xof_expected];
    struct blake3 state;

    for (size_t i = 0; i < BLAKE3_INPUT_LEN; i++)
        input[i] = (uint8_t)(i % 251);
    if (!digest_is(input, BLAKE3_SHORT_LEN, blake3_short_expected))
        return false;
    blake3_init(&state);
    blake3_update(&state, input, BLAKE3_INPUT_LEN);
    blake3_final_at(&state, BLAKE3_XOF_OFFSET, xof, sizeof xof);
    if (!blake3_state_is(&state, blake3_hash_expected) ||
        !bytes_equal(xof, blake3_xof_expected, sizeof xof))
        return false;
    blake3_init_keyed(&state, blake3_key);
    blake3_update(&state, input, BLAKE3_INPUT_LEN);
    if (!blake3_state_is(&state, blake3_keyed_expected))
        return false;
    blake3_init_derive_key(&state, BLAKE3_CONTEXT);
    blake3_update(&state, input, BLAKE3_INPUT_LEN);
    return blake3_state_is(&state, blake3_derive_expected);
}

static bool test_sha512([[maybe_unused]] union memory *memory)
{
    uint8_t out[SHA512_OUT_LEN];

    sha512_hash(SHA512_MESSAGE, TEXT_LEN(SHA512_MESSAGE), out);
    return bytes_equal(out, sha512_expected, sizeof out);
}

static bool keccak_is(uint32_t rate, uint8_t suffix, size_t offset, const uint8_t *expected,
                      size_t len)
{
    uint8_t out[KECCAK_OUT_MAX_LEN];

    keccak_hash(rate, suffix, KECCAK_MESSAGE, TEXT_LEN(KECCAK_MESSAGE), out, offset + len);
    return bytes_equal(out + offset, expected, len);
}

static bool test_keccak([[maybe_unused]] union memory *memory)
{
    return keccak_is(KECCAK_SHA3_256_RATE, KECCAK_SHA3_SUFFIX, 0, sha3_256_expected,
                     sizeof sha3_256_expected) &&
           keccak_is(KECCAK_SHA3_512_RATE, KECCAK_SHA3_SUFFIX, 0, sha3_512_expected,
                     sizeof sha3_512_expected) &&
           keccak_is(KECCAK_SHAKE128_RATE, KECCAK_SHAKE_SUFFIX, SHAKE_OFFSET, shake128_expected,
                     sizeof shake128_expected) &&
           keccak_is(KECCAK_SHAKE256_RATE, KECCAK_SHAKE_SUFFIX, SHAKE_OFFSET, shake256_expected,
                     sizeof shake256_expected);
}

static bool test_chacha20([[maybe_unused]] union memory *memory)
{
    uint8_t out[CHACHA20_BLOCK_LEN];

    chacha20_block(chacha20_key, CHACHA20_COUNTER, chacha20_nonce, out);
    return bytes_equal(out, chacha20_expected, sizeof out);
}

static bool ed25519_verify_is(crypto_verdict wanted, const uint8_t signature[ED25519_SIGNATURE_LEN])
{
    return ed25519_verify(ed25519_public, ed25519_message, sizeof ed25519_message, signature) ==
           wanted;
}

static bool test_ed25519([[maybe_unused]] union memory *memory)
{
    uint8_t key[ED25519_PUBLIC_KEY_LEN];
    uint8_t signature[ED25519_SIGNATURE_LEN];

    ed25519_public_key(ed25519_seed, key);
    ed25519_sign(ed25519_seed, ed25519_message, sizeof ed25519_message, signature);
    if (!bytes_equal(key, ed25519_public, sizeof key) ||
        !bytes_equal(signature, ed25519_expected, sizeof signature) ||
        !ed25519_verify_is(CRYPTO_VALID, signature))
        return false;
    signature[0] ^= 1;
    return ed25519_verify_is(CRYPTO_INVALID, signature);
}

static bool test_mlkem768(union memory *memory)
{
    uint8_t *ek = memory->kem.encapsulation_key;
    uint8_t *dk = memory->kem.decapsulation_key;
    uint8_t *ciphertext = memory->kem.ciphertext;
    uint8_t *secret = memory->kem.secret;

    if (mlkem768_generate_key(mlkem768_seed, ek, dk) != NONOS_OK ||
        !digest_is(ek, MLKEM768_ENCAPSULATION_KEY_LEN, mlkem768_ek_digest) ||
        !digest_is(dk, MLKEM768_DECAPSULATION_KEY_LEN, mlkem768_dk_digest))
        return false;
    if (mlkem768_encapsulate(ek, mlkem768_message, ciphertext, secret) != NONOS_OK ||
        !digest_is(ciphertext, MLKEM768_CIPHERTEXT_LEN, mlkem768_ciphertext_digest) ||
        !bytes_equal(secret, mlkem768_secret, MLKEM768_SHARED_SECRET_LEN))
        return false;
    if (mlkem768_decapsulate(dk, ciphertext, secret) != NONOS_OK ||
        !bytes_equal(secret, mlkem768_secret, MLKEM768_SHARED_SECRET_LEN))
        return false;
    ciphertext[0] ^= 1;
    return mlkem768_decapsulate(dk, ciphertext, secret) == NONOS_OK &&
           bytes_equal(secret, mlkem768_rejection, MLKEM768_SHARED_SECRET_LEN);
}

static crypto_verdict mldsa65_verify_message(const union memory *memory)
{
    return mldsa65_verify(memory->dsa.public_key, MLDSA65_MESSAGE, TEXT_LEN(MLDSA65_MESSAGE),
                          MLDSA65_CONTEXT, TEXT_LEN(MLDSA65_CONTEXT), memory->dsa.signature);
}

static bool test_mldsa65(union memory *memory)
{
    uint8_t *pk = memory->dsa.public_key;
    uint8_t *sk = memory->dsa.secret_key;
    uint8_t *signature = memory->dsa.signature;

    if (mldsa65_generate_key(mldsa65_seed, pk, sk) != NONOS_OK ||
        !digest_is(pk, MLDSA65_PUBLIC_KEY_LEN, mldsa65_pk_digest) ||
        !digest_is(sk, MLDSA65_SECRET_KEY_LEN, mldsa65_sk_digest))
        return false;
    if (mldsa65_sign(sk, MLDSA65_MESSAGE, TEXT_LEN(MLDSA65_MESSAGE), MLDSA65_CONTEXT,
                     TEXT_LEN(MLDSA65_CONTEXT), nullptr, signature) != NONOS_OK ||
        !digest_is(signature, MLDSA65_SIGNATURE_LEN, mldsa65_signature_digest))
        return false;
    if (mldsa65_verify_message(memory) != CRYPTO_VALID)
        return false;
    signature[0] ^= 1;
    return mldsa65_verify_message(memory) == CRYPTO_INVALID;
}

static const struct {
    const char *name;
    bool (*passes)(union memory *memory);
} tests[] = {
    /* BLAKE3 first: later tests compare by its digests. */
    {"BLAKE3", test_blake3},     {"SHA-512", test_sha512},  {"SHA-3", test_keccak},
    {"ChaCha20", test_chacha20}, {"Ed25519", test_ed25519}, {"ML-KEM-768", test_mlkem768},
    {"ML-DSA-65", test_mldsa65},
};
#define TEST_COUNT (sizeof tests / sizeof tests[0])
static_assert(TEST_COUNT == TIMELINE_SELFTEST_COUNT);

static size_t passed_count;

enum nonos_error selftest_run_in(void *memory, const char **failed)
{
    *failed = nullptr;
    passed_count = 0;
    for (size_t i = 0; i < TEST_COUNT; i++) {
        if (!tests[i].passes(memory)) {
            *failed = tests[i].name;
            return NONOS_E_SELF_TEST;
        }
        timeline_mark((enum timeline_mark)(TIMELINE_SELFTEST_1 + passed_count));
        passed_count++;
    }
    return passed_count == TEST_COUNT ? NONOS_OK : NONOS_E_SELF_TEST;
}

void selftest_run(void)
{
    void *memory = heap_allocate(SELFTEST_MEMORY_LEN);
    const char *failed;

    if (memory == nullptr)
        panic_no_memory("the self-tests");
    if (selftest_run_in(memory, &failed) != NONOS_OK)
        panic("self-test failed: %s (SELF_TEST, code %d)", failed, NONOS_E_SELF_TEST);
    heap_free(memory);
}

size_t selftest_passed_count(void)
{
    return passed_count;
}

const char *selftest_name(size_t index)
{
    return index < TEST_COUNT ? tests[index].name : nullptr;
}
