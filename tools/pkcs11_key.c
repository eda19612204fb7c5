#include "tools/pkcs11_key.h"

#include "crypto/bytes.h"
#include "tools/pkcs11_generate.h"
#include "tools/report.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROOF_CONTEXT "NONOS-PROOF-v1"
#define PROOF_CONTEXT_LEN 16u
#define PROOF_LEN 48u
#define FAILURE_LEN 200u

struct pkcs11_key {
    struct pkcs11_session session;
    ck_object_handle_t private_key;
    bool asks_each_time; /* CKA_ALWAYS_AUTHENTICATE */
    uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
    char failure[FAILURE_LEN];
};

static int parse(const char *text, struct pkcs11_uri *uri)
{
    const char *why = nullptr;
    /* The URI is not shown: it may have a PIN in it that should not be there. */
    enum nonos_error error = pkcs11_uri_parse(text, uri, &why);
    return error == NONOS_OK ? 0 : report_error("pkcs11: URI", error, "%s", why);
}

static int open_session(const struct pkcs11_uri *uri, const char *pin, bool is_writable,
                        struct pkcs11_key **out)
{
    *out = calloc(1, sizeof(**out));
    if (*out == nullptr)
        return report_error("pkcs11: URI", NONOS_E_NO_MEMORY, nullptr);
    return pkcs11_session_open(uri, pin, is_writable, &(*out)->session);
}

static int take_pair(const struct pkcs11_pair *pair, struct pkcs11_key *key)
{
    key->private_key = pair->private_key;
    key->asks_each_time =
        pkcs11_session_is(&key->session, pair->private_key, CKA_ALWAYS_AUTHENTICATE);
    return pkcs11_object_read_public_key(&key->session, pair->public_key, key->public_key);
}

static int keep(int status, struct pkcs11_key *key, struct pkcs11_key **out)
{
    if (status == 0)
        *out = key;
    else
        pkcs11_key_close(key);
    return status;
}

int pkcs11_key_open(const char *text, const char *pin, struct pkcs11_key **out)
{
    struct pkcs11_uri uri;
    struct pkcs11_key *key = nullptr;
    struct pkcs11_pair pair;
    *out = nullptr;
    int status = parse(text, &uri);
    if (status == 0)
        status = open_session(&uri, pin, false, &key);
    if (status == 0)
        status = pkcs11_object_find_pair(&key->session, &uri, &pair);
    if (status == 0)
        status = take_pair(&pair, key);
    return keep(status, key, out);
}

int pkcs11_key_make(const char *text, const char *pin, struct pkcs11_key **out)
{
    struct pkcs11_uri uri;
    struct pkcs11_key *key = nullptr;
    struct pkcs11_pair pair;
    *out = nullptr;
    int status = parse(text, &uri);
    if (status == 0 && uri.object[0] == 0)
        status = report_error("pkcs11: URI", NONOS_E_PKCS11_URI,
                              "a new key needs a name: add object=NAME");
    if (status == 0)
        status = open_session(&uri, pin, true, &key);
    if (status == 0)
        status = pkcs11_generate(&key->session, &uri, &pair);
    if (status != 0)
        return keep(status, key, out);
    status = take_pair(&pair, key);
    enum nonos_error error = status == 0 ? pkcs11_key_prove(key) : NONOS_OK;
    if (error != NONOS_OK)
        status = report_error(key->session.label, error, "%s", key->failure);
    if (status != 0)
        pkcs11_generate_undo(&key->session, &pair);
    return keep(status, key, out);
}

void pkcs11_key_close(struct pkcs11_key *key)
{
    if (key == nullptr)
        return;
    pkcs11_session_close(&key->session);
    bytes_wipe(key, sizeof(*key));
    free(key);
}

void pkcs11_key_public(const struct pkcs11_key *key, uint8_t public_key[ED25519_PUBLIC_KEY_LEN])
{
    memcpy(public_key, key->public_key, ED25519_PUBLIC_KEY_LEN);
}

const char *pkcs11_key_failure(const struct pkcs11_key *key)
{
    return key->failure;
}

static enum nonos_error fail_call(struct pkcs11_key *key, const char *function, ck_rv_t result)
{
    snprintf(key->failure, sizeof(key->failure),
             "%s gave %s: nothing was written; check that the HSM is connected and ready, and run "
             "it again",
             function, pkcs11_result_name(result));
    return NONOS_E_PKCS11_FAILED;
}

/* Some tokens ask for the PIN at each signature (PKCS #11 v2.40, CKA_ALWAYS_AUTHENTICATE). */
static ck_rv_t log_in_again(struct pkcs11_key *key)
{
    struct pkcs11_session *session = &key->session;
    return session->module.functions->C_Login(session->handle, CKU_CONTEXT_SPECIFIC,
                                              session->has_pin_pad ? nullptr : session->pin.bytes,
                                              session->has_pin_pad ? 0 : session->pin.len);
}

static enum nonos_error sign(struct pkcs11_key *key, uint8_t *message, size_t len,
                             uint8_t signature[ED25519_SIGNATURE_LEN])
{
    struct ck_function_list *functions = key->session.module.functions;
    struct ck_mechanism mechanism = {.mechanism = CKM_EDDSA};
    /* More room than is needed: a length that is wrong is then seen, and said. */
    uint8_t made[4 * ED25519_SIGNATURE_LEN] = {0};
    unsigned long made_len = sizeof(made);
    ck_rv_t result = functions->C_SignInit(key->session.handle, &mechanism, key->private_key);
    if (result != CKR_OK)
        return fail_call(key, "C_SignInit", result);
    if (key->asks_each_time) {
        result = log_in_again(key);
        if (result != CKR_OK)
            return fail_call(key, "C_Login for one signature", result);
    }
    result = functions->C_Sign(key->session.handle, message, len, made, &made_len);
    if (result != CKR_OK)
        return fail_call(key, "C_Sign", result);
    if (made_len != ED25519_SIGNATURE_LEN) {
        snprintf(
            key->failure, sizeof(key->failure),
            "it gave a signature of %lu bytes, which is not Ed25519's 64: nothing was written; "
            "the token or its module is not fit for this",
            made_len);
        return NONOS_E_PKCS11_FAILED;
    }
    memcpy(signature, made, ED25519_SIGNATURE_LEN);
    return NONOS_OK;
}

enum nonos_error pkcs11_key_sign(struct pkcs11_key *key, const uint8_t *message, size_t len,
                                 uint8_t signature[ED25519_SIGNATURE_LEN])
{
    key->failure[0] = 0;
    memset(signature, 0, ED25519_SIGNATURE_LEN);
    uint8_t *copy = malloc(len > 0 ? len : 1); /* C_Sign takes no const */
    if (copy == nullptr)
        return NONOS_E_NO_MEMORY;
    if (len > 0)
        memcpy(copy, message, len);
    enum nonos_error error = sign(key, copy, len, signature);
    free(copy);
    if (error != NONOS_OK)
        return error;
    bool ours = ed25519_verify(key->public_key, message, len, signature) == CRYPTO_VALID;
    bool theirs = crypto_sign_verify_detached(signature, message, len, key->public_key) == 0;
    if (ours && theirs)
        return NONOS_OK;
    memset(signature, 0, ED25519_SIGNATURE_LEN);
    snprintf(key->failure, sizeof(key->failure),
             "the signature it gave is not by its public key: nothing was written; the two objects "
             "are not a pair, or the token is faulty");
    return NONOS_E_PKCS11_FAILED;
}

enum nonos_error pkcs11_key_prove(struct pkcs11_key *key)
{
    uint8_t text[PROOF_LEN] = PROOF_CONTEXT;
    uint8_t signature[ED25519_SIGNATURE_LEN];
    static_assert(sizeof(PROOF_CONTEXT) <= PROOF_CONTEXT_LEN);
    if (getentropy(text + PROOF_CONTEXT_LEN, PROOF_LEN - PROOF_CONTEXT_LEN) != 0)
        return NONOS_E_NO_ENTROPY;
    return pkcs11_key_sign(key, text, sizeof(text), signature);
}
