#include "crypto/mldsa65.h"

#include "crypto/bytes.h"
#include "crypto/pqc_random.h"
#include "crypto/workspace.h"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/api.h"

static_assert(MLDSA65_PUBLIC_KEY_LEN == PQCLEAN_MLDSA65_CLEAN_CRYPTO_PUBLICKEYBYTES);
static_assert(MLDSA65_SECRET_KEY_LEN == PQCLEAN_MLDSA65_CLEAN_CRYPTO_SECRETKEYBYTES);
static_assert(MLDSA65_SIGNATURE_LEN == PQCLEAN_MLDSA65_CLEAN_CRYPTO_BYTES);

struct generate_job {
    uint8_t *public_key;
    uint8_t *secret_key;
    int status;
};

struct sign_job {
    const uint8_t *secret_key;
    const uint8_t *message;
    size_t len;
    const uint8_t *context;
    size_t context_len;
    uint8_t *signature;
    size_t signature_len;
    int status;
};

static void run_generate(void *argument)
{
    struct generate_job *job = argument;

    job->status = PQCLEAN_MLDSA65_CLEAN_crypto_sign_keypair(job->public_key, job->secret_key);
}

static void run_sign(void *argument)
{
    struct sign_job *job = argument;

    job->status = PQCLEAN_MLDSA65_CLEAN_crypto_sign_signature_ctx(
        job->signature, &job->signature_len, job->message, job->len, job->context, job->context_len,
        job->secret_key);
}

enum nonos_error mldsa65_generate_key(const uint8_t seed[MLDSA65_SEED_LEN],
                                      uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN],
                                      uint8_t secret_key[MLDSA65_SECRET_KEY_LEN])
{
    struct generate_job job = {public_key, secret_key, -1};

    pqc_random_arm(seed, MLDSA65_SEED_LEN);
    workspace_run(run_generate, &job, WORKSPACE_LEN);
    if (!pqc_random_disarm() || job.status != 0) {
        bytes_wipe(public_key, MLDSA65_PUBLIC_KEY_LEN);
        bytes_wipe(secret_key, MLDSA65_SECRET_KEY_LEN);
        return NONOS_E_INTERNAL;
    }
    return NONOS_OK;
}

enum nonos_error mldsa65_sign(const uint8_t secret_key[MLDSA65_SECRET_KEY_LEN], const void *message,
                              size_t len, const void *context, size_t context_len,
                              const uint8_t *rnd, uint8_t signature[MLDSA65_SIGNATURE_LEN])
{
    static const uint8_t deterministic[MLDSA65_RND_LEN];
    struct sign_job job = {secret_key, message, len, context, context_len, signature, 0, -1};
    enum nonos_error error = NONOS_E_SIZE;

    if (context_len > MLDSA65_CONTEXT_MAX_LEN)
        goto fail;
    pqc_random_arm(rnd ? rnd : deterministic, MLDSA65_RND_LEN);
    workspace_run(run_sign, &job, WORKSPACE_LEN);
    if (pqc_random_disarm() && job.status == 0 && job.signature_len == MLDSA65_SIGNATURE_LEN)
        return NONOS_OK;
    error = NONOS_E_INTERNAL;
fail:
    bytes_wipe(signature, MLDSA65_SIGNATURE_LEN);
    return error;
}
