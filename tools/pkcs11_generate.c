#include "tools/pkcs11_generate.h"

#include "tools/report.h"

#include <string.h>
#include <unistd.h>

#define NEW_ID_LEN 8u

/* DER, PKCS #11 v3.0 §2.3.5: modules want the OID 1.3.101.112 or PrintableString "edwards25519". */
static uint8_t params_oid[] = {0x06, 0x03, 0x2B, 0x65, 0x70};
static uint8_t params_name[] = {0x13, 0x0C, 'e', 'd', 'w', 'a', 'r',
                                'd',  's',  '2', '5', '5', '1', '9'};
static unsigned char yes = 1, no = 0;

#define ATTRIBUTE(name, value_at, len) {.type = (name), .value = (value_at), .value_len = (len)}

/* Any object, whatever its class: a certificate of that name is somebody's too. */
static int refuse_existing(const struct pkcs11_session *session, struct pkcs11_uri *uri)
{
    struct ck_attribute label = ATTRIBUTE(CKA_LABEL, uri->object, strlen(uri->object));
    struct ck_attribute id = ATTRIBUTE(CKA_ID, uri->id, uri->id_len);
    ck_object_handle_t found[2];
    size_t by_label = 0, by_id = 0;
    ck_rv_t result = pkcs11_session_find(session, &label, 1, found, &by_label);
    if (result == CKR_OK)
        result = pkcs11_session_find(session, &id, 1, found, &by_id);
    if (result != CKR_OK)
        return pkcs11_session_report(session, "C_FindObjects", result);
    if (by_label == 0 && by_id == 0)
        return 0;
    return report_error(session->label, NONOS_E_EXISTS,
                        "it has an object with this %s: choose another in the URI",
                        by_label > 0 ? "label (object)" : "id");
}

static ck_rv_t generate(const struct pkcs11_session *session, struct pkcs11_uri *uri,
                        uint8_t *params, size_t params_len, struct pkcs11_pair *out)
{
    struct ck_mechanism mechanism = {.mechanism = CKM_EC_EDWARDS_KEY_PAIR_GEN};
    struct ck_attribute public_key[] = {
        ATTRIBUTE(CKA_TOKEN, &yes, sizeof(yes)),
        ATTRIBUTE(CKA_PRIVATE, &no, sizeof(no)),
        ATTRIBUTE(CKA_VERIFY, &yes, sizeof(yes)),
        ATTRIBUTE(CKA_EC_PARAMS, params, params_len),
        ATTRIBUTE(CKA_LABEL, uri->object, strlen(uri->object)),
        ATTRIBUTE(CKA_ID, uri->id, uri->id_len),
    };
    struct ck_attribute private_key[] = {
        ATTRIBUTE(CKA_TOKEN, &yes, sizeof(yes)),
        ATTRIBUTE(CKA_PRIVATE, &yes, sizeof(yes)),
        ATTRIBUTE(CKA_SENSITIVE, &yes, sizeof(yes)),
        ATTRIBUTE(CKA_EXTRACTABLE, &no, sizeof(no)),
        ATTRIBUTE(CKA_SIGN, &yes, sizeof(yes)),
        ATTRIBUTE(CKA_LABEL, uri->object, strlen(uri->object)),
        ATTRIBUTE(CKA_ID, uri->id, uri->id_len),
    };
    return session->module.functions->C_GenerateKeyPair(
        session->handle, &mechanism, public_key, sizeof(public_key) / sizeof(public_key[0]),
        private_key, sizeof(private_key) / sizeof(private_key[0]), &out->public_key,
        &out->private_key);
}

/* Whatever the template said, what counts is what the token holds. */
static int check_attributes(const struct pkcs11_session *session, ck_object_handle_t key)
{
    static const struct {
        ck_attribute_type_t type;
        bool wanted;
        const char *name;
    } attributes[] = {
        {CKA_TOKEN, true, "CKA_TOKEN"},
        {CKA_PRIVATE, true, "CKA_PRIVATE"},
        {CKA_SENSITIVE, true, "CKA_SENSITIVE"},
        {CKA_ALWAYS_SENSITIVE, true, "CKA_ALWAYS_SENSITIVE"},
        {CKA_EXTRACTABLE, false, "CKA_EXTRACTABLE"},
        {CKA_NEVER_EXTRACTABLE, true, "CKA_NEVER_EXTRACTABLE"},
        {CKA_SIGN, true, "CKA_SIGN"},
    };
    for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
        if (pkcs11_session_is(session, key, attributes[i].type) != attributes[i].wanted)
            return report_error(session->label, NONOS_E_PKCS11_FAILED,
                                "the key that it made has the wrong %s, so that it was destroyed: "
                                "this token does not keep keys safely",
                                attributes[i].name);
    return 0;
}

int pkcs11_generate(const struct pkcs11_session *session, const struct pkcs11_uri *uri,
                    struct pkcs11_pair *out)
{
    *out = (struct pkcs11_pair){0, 0};
    struct pkcs11_uri copy = *uri; /* a template's values are not const */
    if (copy.id_len == 0) {
        copy.id_len = NEW_ID_LEN;
        if (getentropy(copy.id, NEW_ID_LEN) != 0)
            return report_error(session->label, NONOS_E_NO_ENTROPY, nullptr);
    }
    int status = refuse_existing(session, &copy);
    if (status != 0)
        return status;
    ck_rv_t result = generate(session, &copy, params_oid, sizeof(params_oid), out);
    if (result != CKR_OK &&
        generate(session, &copy, params_name, sizeof(params_name), out) == CKR_OK)
        result = CKR_OK;
    if (result == CKR_MECHANISM_INVALID)
        return report_error(session->label, NONOS_E_PKCS11_FAILED,
                            "CKR_MECHANISM_INVALID: this token makes no Ed25519 keys "
                            "(CKM_EC_EDWARDS_KEY_PAIR_GEN)");
    if (result != CKR_OK)
        return pkcs11_session_report(session, "C_GenerateKeyPair", result);
    status = check_attributes(session, out->private_key);
    if (status != 0)
        pkcs11_generate_undo(session, out);
    return status;
}

void pkcs11_generate_undo(const struct pkcs11_session *session, const struct pkcs11_pair *pair)
{
    struct ck_function_list *functions = session->module.functions;
    ck_rv_t first = functions->C_DestroyObject(session->handle, pair->private_key);
    ck_rv_t second = functions->C_DestroyObject(session->handle, pair->public_key);
    if (first != CKR_OK || second != CKR_OK)
        report_notice("the new key could not be destroyed (%s): remove it with the HSM's own tools",
                      pkcs11_result_name(first != CKR_OK ? first : second));
}
