#include "crypto/mldsa65.h"

#include "crypto/workspace.h"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/api.h"

struct verify_job {
    const uint8_t *public_key;
    const uint8_t *message;
    size_t len;
    const uint8_t *context;
    size_t context_len;
    const uint8_t *signature;
    int status;
};

static void run_verify(void *argument)
{
    struct verify_job *job = argument;

    job->status = PQCLEAN_MLDSA65_CLEAN_crypto_sign_verify_ctx(
        job->signature, MLDSA65_SIGNATURE_LEN, job->message, job->len, job->context,
        job->context_len, job->public_key);
}

crypto_verdict mldsa65_verify(const uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN], const void *message,
                              size_t len, const void *context, size_t context_len,
                              const uint8_t signature[MLDSA65_SIGNATURE_LEN])
{
    struct verify_job job = {public_key, message, len, context, context_len, signature, -1};

    workspace_run(run_verify, &job, WORKSPACE_LEN);
    if (job.status != 0)
        return CRYPTO_INVALID;
    return CRYPTO_VALID;
}
