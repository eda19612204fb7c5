/*
 * pairs_pqc.c - ML-KEM-768 and ML-DSA-65: the kernel's against PQClean as it is shipped.
 *
 * PQClean's side is its own files with its own FIPS 202, each compiled by itself. Only its source
 * of randomness is another one, because both sides must get the same bytes: signing runs through
 * its loop of rejections as often here as there. Handing out bytes costs less than asking the
 * system for them, as PQClean's own does, so this favors PQClean.
 */
#include "tests/bench/pairs.h"

#include "crypto/mldsa65.h"
#include "crypto/mlkem768.h"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/api.h"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/api.h"
#include "tests/bench/kernel_side.h"

#include <string.h>

#define CONTEXT "bench"
#define CONTEXT_LEN (sizeof(CONTEXT) - 1)
#define MESSAGE_LEN 48u

struct kem {
    uint8_t ek[MLKEM768_ENCAPSULATION_KEY_LEN];
    uint8_t dk[MLKEM768_DECAPSULATION_KEY_LEN];
    uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN];
    uint8_t secret[MLKEM768_SHARED_SECRET_LEN];
};

struct dsa {
    uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN];
    uint8_t secret_key[MLDSA65_SECRET_KEY_LEN];
    uint8_t signature[MLDSA65_SIGNATURE_LEN];
};

static uint8_t seeds[BENCH_INPUT_COUNT][MLKEM768_SEED_LEN];
static uint8_t messages[BENCH_INPUT_COUNT][MESSAGE_LEN];
static const uint8_t zeros[MLDSA65_RND_LEN];
static struct kem our_kem[BENCH_INPUT_COUNT], their_kem[BENCH_INPUT_COUNT];
static struct dsa our_dsa[BENCH_INPUT_COUNT], their_dsa[BENCH_INPUT_COUNT];

/* What PQClean's side takes next for random. */
static const uint8_t *random_bytes;

int PQCLEAN_randombytes(uint8_t *out, size_t len);

int PQCLEAN_randombytes(uint8_t *out, size_t len)
{
    memcpy(out, random_bytes, len);
    return 0;
}

static void require(bool right, const char *what)
{
    if (!right)
        bench_stop(what);
}

static void our_kem_keygen(unsigned i)
{
    struct kem *kem = &our_kem[i % BENCH_INPUT_COUNT];

    require(mlkem768_generate_key(seeds[i % BENCH_INPUT_COUNT], kem->ek, kem->dk) == NONOS_OK,
            "ML-KEM-768 key generation failed");
}

static void their_kem_keygen(unsigned i)
{
    struct kem *kem = &their_kem[i % BENCH_INPUT_COUNT];

    random_bytes = seeds[i % BENCH_INPUT_COUNT];
    require(PQCLEAN_MLKEM768_CLEAN_crypto_kem_keypair(kem->ek, kem->dk) == 0,
            "PQClean's ML-KEM-768 key generation failed");
}

static void our_kem_encapsulate(unsigned i)
{
    struct kem *kem = &our_kem[i % BENCH_INPUT_COUNT];

    require(mlkem768_encapsulate(kem->ek, messages[i % BENCH_INPUT_COUNT], kem->ciphertext,
                                 kem->secret) == NONOS_OK,
            "ML-KEM-768 encapsulation failed");
}

static void their_kem_encapsulate(unsigned i)
{
    struct kem *kem = &their_kem[i % BENCH_INPUT_COUNT];

    random_bytes = messages[i % BENCH_INPUT_COUNT];
    require(PQCLEAN_MLKEM768_CLEAN_crypto_kem_enc(kem->ciphertext, kem->secret, kem->ek) == 0,
            "PQClean's ML-KEM-768 encapsulation failed");
}

static void our_kem_decapsulate(unsigned i)
{
    struct kem *kem = &our_kem[i % BENCH_INPUT_COUNT];

    require(mlkem768_decapsulate(kem->dk, kem->ciphertext, kem->secret) == NONOS_OK,
            "ML-KEM-768 decapsulation failed");
}

static void their_kem_decapsulate(unsigned i)
{
    struct kem *kem = &their_kem[i % BENCH_INPUT_COUNT];

    require(PQCLEAN_MLKEM768_CLEAN_crypto_kem_dec(kem->secret, kem->ciphertext, kem->dk) == 0,
            "PQClean's ML-KEM-768 decapsulation failed");
}

static void our_dsa_keygen(unsigned i)
{
    struct dsa *dsa = &our_dsa[i % BENCH_INPUT_COUNT];

    require(mldsa65_generate_key(seeds[i % BENCH_INPUT_COUNT], dsa->public_key, dsa->secret_key) ==
                NONOS_OK,
            "ML-DSA-65 key generation failed");
}

static void their_dsa_keygen(unsigned i)
{
    struct dsa *dsa = &their_dsa[i % BENCH_INPUT_COUNT];

    random_bytes = seeds[i % BENCH_INPUT_COUNT];
    require(PQCLEAN_MLDSA65_CLEAN_crypto_sign_keypair(dsa->public_key, dsa->secret_key) == 0,
            "PQClean's ML-DSA-65 key generation failed");
}

static void our_dsa_sign(unsigned i)
{
    struct dsa *dsa = &our_dsa[i % BENCH_INPUT_COUNT];

    require(mldsa65_sign(dsa->secret_key, messages[i % BENCH_INPUT_COUNT], MESSAGE_LEN, CONTEXT,
                         CONTEXT_LEN, nullptr, dsa->signature) == NONOS_OK,
            "ML-DSA-65 signing failed");
}

static void their_dsa_sign(unsigned i)
{
    struct dsa *dsa = &their_dsa[i % BENCH_INPUT_COUNT];
    size_t len;

    random_bytes = zeros;
    require(PQCLEAN_MLDSA65_CLEAN_crypto_sign_signature_ctx(
                dsa->signature, &len, messages[i % BENCH_INPUT_COUNT], MESSAGE_LEN,
                (const uint8_t *)CONTEXT, CONTEXT_LEN, dsa->secret_key) == 0,
            "PQClean's ML-DSA-65 signing failed");
}

static void our_dsa_verify(unsigned i)
{
    const struct dsa *dsa = &our_dsa[i % BENCH_INPUT_COUNT];

    require(mldsa65_verify(dsa->public_key, messages[i % BENCH_INPUT_COUNT], MESSAGE_LEN, CONTEXT,
                           CONTEXT_LEN, dsa->signature) == CRYPTO_VALID,
            "ML-DSA-65 refused its own signature");
}

static void their_dsa_verify(unsigned i)
{
    const struct dsa *dsa = &their_dsa[i % BENCH_INPUT_COUNT];

    require(PQCLEAN_MLDSA65_CLEAN_crypto_sign_verify_ctx(
                dsa->signature, sizeof dsa->signature, messages[i % BENCH_INPUT_COUNT], MESSAGE_LEN,
                (const uint8_t *)CONTEXT, CONTEXT_LEN, dsa->public_key) == 0,
            "PQClean's ML-DSA-65 refused its own signature");
}

#define PEER "PQClean as shipped"
const struct pair pairs_pqc[] = {
    {"ML-KEM-768 keygen", PEER, our_kem_keygen, their_kem_keygen, 16, 0},
    {"ML-KEM-768 encaps", PEER, our_kem_encapsulate, their_kem_encapsulate, 16, 0},
    {"ML-KEM-768 decaps", PEER, our_kem_decapsulate, their_kem_decapsulate, 16, 0},
    {"ML-DSA-65 keygen", PEER, our_dsa_keygen, their_dsa_keygen, 8, 0},
    {"ML-DSA-65 sign", PEER, our_dsa_sign, their_dsa_sign, BENCH_INPUT_COUNT, 0},
    {"ML-DSA-65 verify", PEER, our_dsa_verify, their_dsa_verify, 8, 0},
    {},
};

static void fill(void *bytes, size_t len, unsigned start)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)(start + 29 * i);
}

void pairs_prepare_pqc(void)
{
    for (unsigned i = 0; i < BENCH_INPUT_COUNT; i++) {
        fill(seeds[i], sizeof seeds[i], i);
        fill(messages[i], sizeof messages[i], 100 + i);
        for (const struct pair *pair = pairs_pqc; pair->name != nullptr; pair++) {
            pair->ours(i);
            pair->theirs(i);
        }
    }
    require(memcmp(our_kem, their_kem, sizeof our_kem) == 0,
            "ML-KEM-768 is not what PQClean's is: nothing to compare");
    require(memcmp(our_dsa, their_dsa, sizeof our_dsa) == 0,
            "ML-DSA-65 is not what PQClean's is: nothing to compare");
}
