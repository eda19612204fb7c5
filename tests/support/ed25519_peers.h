/*
 * ed25519_peers.h - the answers of our verifier, libsodium's and OpenSSL's, side by side.
 */
#ifndef NONOS_TESTS_SUPPORT_ED25519_PEERS_H
#define NONOS_TESTS_SUPPORT_ED25519_PEERS_H

#include "crypto/ed25519.h"
#include "tests/support/vectors.h"

#include <openssl/evp.h>
#include <sodium.h>

static inline bool ours_accepts(const uint8_t *key, const void *message, size_t len,
                                const uint8_t *sig)
{
    crypto_verdict verdict = ed25519_verify(key, message, len, sig);
    assert_true(verdict == CRYPTO_VALID || verdict == CRYPTO_INVALID);
    return verdict == CRYPTO_VALID;
}

static inline bool sodium_accepts(const uint8_t *key, const void *message, size_t len,
                                  const uint8_t *sig)
{
    return crypto_sign_verify_detached(sig, message, len, key) == 0;
}

static inline bool openssl_accepts(const uint8_t *key, const void *message, size_t len,
                                   const uint8_t *sig)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key, 32);
    assert_non_null(pkey);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_non_null(context);
    assert_int_equal(EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, pkey), 1);
    bool accepts = EVP_DigestVerify(context, sig, 64, message, len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return accepts;
}

#endif
