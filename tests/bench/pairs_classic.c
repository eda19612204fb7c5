/*
 * pairs_classic.c - Ed25519, BLAKE3 and SHA-3: the kernel's against libsodium, OpenSSL and the
 * official portable C of BLAKE3.
 */
#include "tests/bench/pairs.h"

#include "crypto/blake3.h"
#include "crypto/ed25519.h"
#include "crypto/keccak.h"
#include "tests/bench/kernel_side.h"
#include "tests/bench/peer_blake3.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

/* What the kernel's image signs: a prefix and a digest. */
#define MESSAGE_LEN 48u
#define DATA_LEN (221u * 1024)
#define SHA3_LEN (16u * 1024)

struct signer {
    uint8_t seed[ED25519_SEED_LEN];
    uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
    uint8_t sodium_secret[crypto_sign_SECRETKEYBYTES];
    EVP_PKEY *openssl_secret;
    EVP_PKEY *openssl_public;
    uint8_t message[MESSAGE_LEN];
    uint8_t signature[ED25519_SIGNATURE_LEN]; /* what was made last, by whomever */
};

static struct signer signers[BENCH_INPUT_COUNT];
static uint8_t data[DATA_LEN];
static uint8_t digest[64];
static EVP_MD_CTX *openssl_hash;

static void require(bool right, const char *what)
{
    if (!right)
        bench_stop(what);
}

static void our_verify(unsigned i)
{
    const struct signer *s = &signers[i % BENCH_INPUT_COUNT];

    require(ed25519_verify(s->public_key, s->message, MESSAGE_LEN, s->signature) == CRYPTO_VALID,
            "Ed25519 refused a signature");
}

static void sodium_verify(unsigned i)
{
    const struct signer *s = &signers[i % BENCH_INPUT_COUNT];

    require(crypto_sign_verify_detached(s->signature, s->message, MESSAGE_LEN, s->public_key) == 0,
            "libsodium refused a signature");
}

static void openssl_verify(unsigned i)
{
    const struct signer *s = &signers[i % BENCH_INPUT_COUNT];
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    require(EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, s->openssl_public) == 1 &&
                EVP_DigestVerify(context, s->signature, sizeof s->signature, s->message,
                                 MESSAGE_LEN) == 1,
            "OpenSSL refused a signature");
    EVP_MD_CTX_free(context);
}

static void our_sign(unsigned i)
{
    struct signer *s = &signers[i % BENCH_INPUT_COUNT];

    ed25519_sign(s->seed, s->message, MESSAGE_LEN, s->signature);
}

static void sodium_sign(unsigned i)
{
    struct signer *s = &signers[i % BENCH_INPUT_COUNT];

    (void)crypto_sign_detached(s->signature, nullptr, s->message, MESSAGE_LEN, s->sodium_secret);
}

static void openssl_sign(unsigned i)
{
    struct signer *s = &signers[i % BENCH_INPUT_COUNT];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = sizeof s->signature;

    require(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, s->openssl_secret) == 1 &&
                EVP_DigestSign(context, s->signature, &len, s->message, MESSAGE_LEN) == 1,
            "OpenSSL did not sign");
    EVP_MD_CTX_free(context);
}

static void our_blake3([[maybe_unused]] unsigned i)
{
    blake3_hash(data, sizeof data, digest);
}

static void official_blake3([[maybe_unused]] unsigned i)
{
    struct blake3_hasher state;

    blake3_hasher_init(&state);
    blake3_hasher_update(&state, data, sizeof data);
    blake3_hasher_finalize(&state, digest, BLAKE3_OUT_LEN);
}

static void our_sha3([[maybe_unused]] unsigned i)
{
    keccak_hash(KECCAK_SHA3_256_RATE, KECCAK_SHA3_SUFFIX, data, SHA3_LEN, digest, SHA3_256_OUT_LEN);
}

static void our_shake128([[maybe_unused]] unsigned i)
{
    keccak_hash(KECCAK_SHAKE128_RATE, KECCAK_SHAKE_SUFFIX, data, SHA3_LEN, digest, 32);
}

static void openssl_hash_with(const EVP_MD *hash, bool extends)
{
    unsigned len;

    require(EVP_DigestInit_ex(openssl_hash, hash, nullptr) == 1 &&
                EVP_DigestUpdate(openssl_hash, data, SHA3_LEN) == 1 &&
                (extends ? EVP_DigestFinalXOF(openssl_hash, digest, 32)
                         : EVP_DigestFinal_ex(openssl_hash, digest, &len)) == 1,
            "OpenSSL did not hash");
}

static void openssl_sha3([[maybe_unused]] unsigned i)
{
    openssl_hash_with(EVP_sha3_256(), false);
}

static void openssl_shake128([[maybe_unused]] unsigned i)
{
    openssl_hash_with(EVP_shake128(), true);
}

const struct pair pairs_classic[] = {
    {"Ed25519 verify", "libsodium", our_verify, sodium_verify, 16, 0},
    {"Ed25519 verify", "OpenSSL", our_verify, openssl_verify, 16, 0},
    {"Ed25519 sign", "libsodium", our_sign, sodium_sign, 16, 0},
    {"Ed25519 sign", "OpenSSL", our_sign, openssl_sign, 16, 0},
    {"BLAKE3", "official portable C", our_blake3, official_blake3, 2, DATA_LEN},
    {"SHA3-256", "OpenSSL", our_sha3, openssl_sha3, 16, SHA3_LEN},
    {"SHAKE128", "OpenSSL", our_shake128, openssl_shake128, 16, SHA3_LEN},
    {},
};

static void prepare_signer(struct signer *s, unsigned i)
{
    uint8_t public_key[ED25519_PUBLIC_KEY_LEN];

    memset(s->seed, (int)(i + 1), sizeof s->seed);
    memset(s->message, (int)(i + 101), sizeof s->message);
    ed25519_public_key(s->seed, s->public_key);
    (void)crypto_sign_seed_keypair(public_key, s->sodium_secret, s->seed);
    require(memcmp(public_key, s->public_key, sizeof public_key) == 0,
            "Ed25519 derives another key than libsodium");
    s->openssl_secret =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, s->seed, sizeof s->seed);
    s->openssl_public =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, s->public_key, sizeof s->public_key);
    require(s->openssl_secret != nullptr && s->openssl_public != nullptr,
            "OpenSSL refused an Ed25519 key");
}

/* Ed25519 signatures are deterministic: all three must be the same. */
static void compare_signatures(unsigned i)
{
    uint8_t ours[ED25519_SIGNATURE_LEN];

    our_sign(i);
    memcpy(ours, signers[i].signature, sizeof ours);
    sodium_sign(i);
    require(memcmp(ours, signers[i].signature, sizeof ours) == 0,
            "Ed25519 signs otherwise than libsodium");
    openssl_sign(i);
    require(memcmp(ours, signers[i].signature, sizeof ours) == 0,
            "Ed25519 signs otherwise than OpenSSL");
}

static void compare_digests(operation *ours, operation *theirs, const char *what)
{
    uint8_t first[32];

    memset(digest, 0, sizeof digest);
    ours(0);
    memcpy(first, digest, sizeof first);
    memset(digest, 0xFF, sizeof digest);
    theirs(0);
    require(memcmp(first, digest, sizeof first) == 0, what);
}

void pairs_prepare_classic(void)
{
    require(sodium_init() >= 0, "libsodium does not start");
    openssl_hash = EVP_MD_CTX_new();
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
    for (unsigned i = 0; i < BENCH_INPUT_COUNT; i++) {
        prepare_signer(&signers[i], i);
        compare_signatures(i);
    }
    compare_digests(our_blake3, official_blake3, "BLAKE3 is not what the official one says");
    compare_digests(our_sha3, openssl_sha3, "SHA3-256 is not what OpenSSL's is");
    compare_digests(our_shake128, openssl_shake128, "SHAKE128 is not what OpenSSL's is");
}
