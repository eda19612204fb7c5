#include "crypto/mlkem768.h"

#include "crypto/bytes.h"
#include "crypto/keccak.h"
#include "crypto/pqc_random.h"
#include "crypto/workspace.h"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/api.h"

static_assert(MLKEM768_ENCAPSULATION_KEY_LEN == PQCLEAN_MLKEM768_CLEAN_CRYPTO_PUBLICKEYBYTES);
static_assert(MLKEM768_DECAPSULATION_KEY_LEN == PQCLEAN_MLKEM768_CLEAN_CRYPTO_SECRETKEYBYTES);
static_assert(MLKEM768_CIPHERTEXT_LEN == PQCLEAN_MLKEM768_CLEAN_CRYPTO_CIPHERTEXTBYTES);
static_assert(MLKEM768_SHARED_SECRET_LEN == PQCLEAN_MLKEM768_CLEAN_CRYPTO_BYTES);

#define MODULUS 3329u
/* ByteEncode12 of k = 3 polynomials of 256 coefficients (FIPS 203 §4.2.1). */
#define POLYNOMIALS_LEN (3u * 256u * 12u / 8u)

/* dk = dk_PKE || ek || H(ek) || z (FIPS 203 §6.1). */
#define DK_EK_OFFSET POLYNOMIALS_LEN
#define DK_HASH_OFFSET (DK_EK_OFFSET + MLKEM768_ENCAPSULATION_KEY_LEN)
static_assert(DK_HASH_OFFSET + 2 * 32 == MLKEM768_DECAPSULATION_KEY_LEN);

struct generate_job {
    uint8_t *encapsulation_key;
    uint8_t *decapsulation_key;
    int status;
};

struct encapsulate_job {
    const uint8_t *encapsulation_key;
    uint8_t *ciphertext;
    uint8_t *shared_secret;
    int status;
};

struct decapsulate_job {
    const uint8_t *decapsulation_key;
    const uint8_t *ciphertext;
    uint8_t *shared_secret;
    int status;
};

static void run_generate(void *argument)
{
    struct generate_job *job = argument;

    job->status =
        PQCLEAN_MLKEM768_CLEAN_crypto_kem_keypair(job->encapsulation_key, job->decapsulation_key);
}

static void run_encapsulate(void *argument)
{
    struct encapsulate_job *job = argument;

    job->status = PQCLEAN_MLKEM768_CLEAN_crypto_kem_enc(job->ciphertext, job->shared_secret,
                                                        job->encapsulation_key);
}

static void run_decapsulate(void *argument)
{
    struct decapsulate_job *job = argument;

    job->status = PQCLEAN_MLKEM768_CLEAN_crypto_kem_dec(job->shared_secret, job->ciphertext,
                                                        job->decapsulation_key);
}

enum nonos_error mlkem768_generate_key(const uint8_t seed[MLKEM768_SEED_LEN],
                                       uint8_t encapsulation_key[MLKEM768_ENCAPSULATION_KEY_LEN],
                                       uint8_t decapsulation_key[MLKEM768_DECAPSULATION_KEY_LEN])
{
    struct generate_job job = {encapsulation_key, decapsulation_key, -1};

    pqc_random_arm(seed, MLKEM768_SEED_LEN);
    workspace_run(run_generate, &job, WORKSPACE_MLKEM768_LEN);
    if (!pqc_random_disarm() || job.status != 0) {
        bytes_wipe(encapsulation_key, MLKEM768_ENCAPSULATION_KEY_LEN);
        bytes_wipe(decapsulation_key, MLKEM768_DECAPSULATION_KEY_LEN);
        return NONOS_E_INTERNAL;
    }
    return NONOS_OK;
}

enum nonos_error
mlkem768_check_encapsulation_key(const uint8_t encapsulation_key[MLKEM768_ENCAPSULATION_KEY_LEN])
{
    /* Decoding and encoding again gives the same bytes exactly when no coefficient is reduced. */
    for (size_t i = 0; i < POLYNOMIALS_LEN; i += 3) {
        uint32_t pair = (uint32_t)encapsulation_key[i] | (uint32_t)encapsulation_key[i + 1] << 8 |
                        (uint32_t)encapsulation_key[i + 2] << 16;
        if ((pair & 0xFFF) >= MODULUS || pair >> 12 >= MODULUS)
            return NONOS_E_IDENTITY_KEY;
    }
    return NONOS_OK;
}

enum nonos_error
mlkem768_check_decapsulation_key(const uint8_t decapsulation_key[MLKEM768_DECAPSULATION_KEY_LEN])
{
    uint8_t hash[SHA3_256_OUT_LEN];

    keccak_hash(KECCAK_SHA3_256_RATE, KECCAK_SHA3_SUFFIX, decapsulation_key + DK_EK_OFFSET,
                MLKEM768_ENCAPSULATION_KEY_LEN, hash, sizeof hash);
    if (!bytes_equal(hash, decapsulation_key + DK_HASH_OFFSET, sizeof hash))
        return NONOS_E_IDENTITY_KEY;
    return NONOS_OK;
}

enum nonos_error
mlkem768_encapsulate(const uint8_t encapsulation_key[MLKEM768_ENCAPSULATION_KEY_LEN],
                     const uint8_t message[MLKEM768_MESSAGE_LEN],
                     uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN],
                     uint8_t shared_secret[MLKEM768_SHARED_SECRET_LEN])
{
    struct encapsulate_job job = {encapsulation_key, ciphertext, shared_secret, -1};
    enum nonos_error error = mlkem768_check_encapsulation_key(encapsulation_key);

    if (error != NONOS_OK)
        goto fail;
    pqc_random_arm(message, MLKEM768_MESSAGE_LEN);
    workspace_run(run_encapsulate, &job, WORKSPACE_MLKEM768_LEN);
    if (pqc_random_disarm() && job.status == 0)
        return NONOS_OK;
    error = NONOS_E_INTERNAL;
fail:
    bytes_wipe(ciphertext, MLKEM768_CIPHERTEXT_LEN);
    bytes_wipe(shared_secret, MLKEM768_SHARED_SECRET_LEN);
    return error;
}

enum nonos_error
mlkem768_decapsulate(const uint8_t decapsulation_key[MLKEM768_DECAPSULATION_KEY_LEN],
                     const uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN],
                     uint8_t shared_secret[MLKEM768_SHARED_SECRET_LEN])
{
    struct decapsulate_job job = {decapsulation_key, ciphertext, shared_secret, -1};
    enum nonos_error error = mlkem768_check_decapsulation_key(decapsulation_key);

    if (error != NONOS_OK)
        goto fail;
    workspace_run(run_decapsulate, &job, WORKSPACE_MLKEM768_LEN);
    if (job.status == 0)
        return NONOS_OK;
    error = NONOS_E_INTERNAL;
fail:
    bytes_wipe(shared_secret, MLKEM768_SHARED_SECRET_LEN);
    return error;
}
