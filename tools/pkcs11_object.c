#include "tools/pkcs11_object.h"

#include "tools/report.h"

#include <string.h>

/* DER, PKCS #11 v3.0 §2.3.5: the OID 1.3.101.112, and PrintableString "edwards25519". */
static const uint8_t params_oid[] = {0x06, 0x03, 0x2B, 0x65, 0x70};
static const uint8_t params_name[] = {0x13, 0x0C, 'e', 'd', 'w', 'a', 'r',
                                      'd',  's',  '2', '5', '5', '1', '9'};

static int report_object(const struct pkcs11_session *session, const char *why)
{
    return report_error(session->label, NONOS_E_PKCS11_OBJECT, "%s", why);
}

static int report_choice(const struct pkcs11_session *session, const char *why)
{
    return report_error(session->label, NONOS_E_PKCS11_OBJECT,
                        "%s (`pkcs11-tool --module MODULE --token-label TOKEN --login "
                        "--list-objects` shows them)",
                        why);
}

static bool is_ed25519_params(const uint8_t *bytes, size_t len)
{
    return (len == sizeof(params_oid) && memcmp(bytes, params_oid, len) == 0) ||
           (len == sizeof(params_name) && memcmp(bytes, params_name, len) == 0);
}

int pkcs11_object_read_public_key(const struct pkcs11_session *session, ck_object_handle_t object,
                                  uint8_t out[ED25519_PUBLIC_KEY_LEN])
{
    uint8_t params[64], point[2 + ED25519_PUBLIC_KEY_LEN];
    size_t params_len = 0, point_len = 0;
    memset(out, 0, ED25519_PUBLIC_KEY_LEN);
    ck_rv_t result =
        pkcs11_session_read(session, object, CKA_EC_PARAMS, params, sizeof(params), &params_len);
    if (result != CKR_OK || !is_ed25519_params(params, params_len))
        return report_object(session, "the key is on another curve than Ed25519");
    result = pkcs11_session_read(session, object, CKA_EC_POINT, point, sizeof(point), &point_len);
    if (result != CKR_OK && result != CKR_BUFFER_TOO_SMALL)
        return pkcs11_session_report(session, "C_GetAttributeValue (CKA_EC_POINT)", result);
    const uint8_t *key = point;
    if (result == CKR_OK && point_len == sizeof(point) && point[0] == 0x04 &&
        point[1] == ED25519_PUBLIC_KEY_LEN)
        key = point + 2;
    else if (result != CKR_OK || point_len != ED25519_PUBLIC_KEY_LEN)
        return report_object(session, "its public key (CKA_EC_POINT) is not 32 bytes, plain or as "
                                      "a DER OCTET STRING");
    if (ed25519_check_public_key(key) != NONOS_OK)
        return report_object(session, "its public key (CKA_EC_POINT) is no valid public key of "
                                      "Ed25519");
    memcpy(out, key, ED25519_PUBLIC_KEY_LEN);
    return 0;
}

static size_t add_attribute(struct ck_attribute *attributes, size_t count, ck_attribute_type_t type,
                            void *value, size_t len)
{
    if (len > 0)
        attributes[count++] = (struct ck_attribute){.type = type, .value = value, .value_len = len};
    return count;
}

struct description {
    ck_object_class_t class;
    void *label;
    size_t label_len;
    void *id;
    size_t id_len;
};

static ck_rv_t find(const struct pkcs11_session *session, struct description *wanted,
                    ck_object_handle_t found[2], size_t *count)
{
    struct ck_attribute attributes[3];
    size_t attribute_count =
        add_attribute(attributes, 0, CKA_CLASS, &wanted->class, sizeof(wanted->class));
    attribute_count =
        add_attribute(attributes, attribute_count, CKA_LABEL, wanted->label, wanted->label_len);
    attribute_count =
        add_attribute(attributes, attribute_count, CKA_ID, wanted->id, wanted->id_len);
    return pkcs11_session_find(session, attributes, attribute_count, found, count);
}

static int check_private_key(const struct pkcs11_session *session, ck_object_handle_t object)
{
    ck_key_type_t type = 0;
    size_t len = 0;
    ck_rv_t result = pkcs11_session_read(session, object, CKA_KEY_TYPE, &type, sizeof(type), &len);
    if (result != CKR_OK)
        return pkcs11_session_report(session, "C_GetAttributeValue (CKA_KEY_TYPE)", result);
    if (len != sizeof(type) || type != CKK_EC_EDWARDS)
        return report_object(session, "the key that fits the URI is no Ed25519 key; `nonos keygen "
                                      "--hsm` makes one");
    if (!pkcs11_session_is(session, object, CKA_SIGN))
        return report_object(session, "the key that fits the URI may not sign (CKA_SIGN is not "
                                      "set)");
    return 0;
}

static int find_private_key(const struct pkcs11_session *session, const struct pkcs11_uri *uri,
                            ck_object_handle_t *out)
{
    struct pkcs11_uri copy = *uri; /* a template's values are not const */
    struct description wanted = {.class = CKO_PRIVATE_KEY,
                                 .label = copy.object,
                                 .label_len = strlen(copy.object),
                                 .id = copy.id,
                                 .id_len = copy.id_len};
    ck_object_handle_t found[2];
    size_t count = 0;
    ck_rv_t result = find(session, &wanted, found, &count);
    if (result != CKR_OK)
        return pkcs11_session_report(session, "C_FindObjects", result);
    if (count == 0)
        return report_choice(session, "no private key fits the URI: check object and id");
    if (count > 1)
        return report_choice(session, "more than one private key fits the URI: add object or id");
    *out = found[0];
    return check_private_key(session, found[0]);
}

static int find_public_key(const struct pkcs11_session *session, ck_object_handle_t private_key,
                           ck_object_handle_t *out)
{
    uint8_t id[PKCS11_ID_MAX_LEN];
    char label[PKCS11_OBJECT_MAX_LEN];
    struct description wanted = {.class = CKO_PUBLIC_KEY, .id = id, .label = label};
    ck_object_handle_t found[2];
    size_t count = 0;
    ck_rv_t result =
        pkcs11_session_read(session, private_key, CKA_ID, id, sizeof(id), &wanted.id_len);
    if (result == CKR_OK && wanted.id_len == 0)
        result = pkcs11_session_read(session, private_key, CKA_LABEL, label, sizeof(label),
                                     &wanted.label_len);
    if (result == CKR_OK && wanted.id_len == 0 && wanted.label_len == 0)
        return report_object(session, "the private key has neither an id nor a label, so that its "
                                      "public key cannot be found");
    if (result == CKR_OK)
        result = find(session, &wanted, found, &count);
    if (result != CKR_OK)
        return pkcs11_session_report(session, "C_FindObjects", result);
    if (count != 1)
        return report_object(
            session, count == 0 ? "the token has no public key with the id of the private one; "
                                  "put it there with the HSM's own tools"
                                : "more than one public key has the id of the private one");
    *out = found[0];
    return 0;
}

int pkcs11_object_find_pair(const struct pkcs11_session *session, const struct pkcs11_uri *uri,
                            struct pkcs11_pair *out)
{
    *out = (struct pkcs11_pair){0, 0};
    int status = find_private_key(session, uri, &out->private_key);
    return status != 0 ? status : find_public_key(session, out->private_key, &out->public_key);
}
