/*
 * pkcs11_shim.c - a PKCS#11 module in front of another one, SHIM_MODULE, that does one thing wrong,
 * or otherwise than that one does: SHIM_FAULT. Built by softhsm.py.
 */
#define CRYPTOKI_GNU 1
#include <p11-kit/pkcs11.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct ck_function_list *real, shim;
static bool logged_in_again; /* for one signature */
static ck_object_handle_t signing_key;

ck_rv_t C_GetFunctionList(struct ck_function_list **list);

static bool fault_is(const char *name)
{
    const char *fault = getenv("SHIM_FAULT");
    return fault != nullptr && strcmp(fault, name) == 0;
}

static ck_rv_t initialize(void *arguments)
{
    if (fault_is("init"))
        return CKR_GENERAL_ERROR;
    /* A module must not see what opens the key. */
    if (getenv("NONOS_PIN") != nullptr || getenv("SIGNING_KEY") != nullptr ||
        getenv("SIGNING_KEY_PQ") != nullptr)
        return CKR_FUNCTION_REJECTED;
    return real->C_Initialize(arguments);
}

static ck_rv_t get_slot_list(unsigned char present, ck_slot_id_t *slots, unsigned long *count)
{
    return fault_is("slots") ? CKR_DEVICE_ERROR : real->C_GetSlotList(present, slots, count);
}

static ck_rv_t get_token_info(ck_slot_id_t slot, struct ck_token_info *info)
{
    ck_rv_t result = real->C_GetTokenInfo(slot, info);
    if (fault_is("locked"))
        info->flags |= CKF_USER_PIN_LOCKED;
    if (fault_is("final"))
        info->flags |= CKF_USER_PIN_FINAL_TRY;
    if (fault_is("pad"))
        info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    return result;
}

static ck_rv_t open_session(ck_slot_id_t slot, ck_flags_t flags, void *application,
                            ck_notify_t notify, ck_session_handle_t *session)
{
    return fault_is("session") ? CKR_TOKEN_NOT_PRESENT
                               : real->C_OpenSession(slot, flags, application, notify, session);
}

static ck_rv_t login(ck_session_handle_t session, ck_user_type_t user, unsigned char *pin,
                     unsigned long len)
{
    static unsigned char typed[] = "1234"; /* at the token, where there is a pad */
    if (fault_is("login-locked"))
        return CKR_PIN_LOCKED;
    if (fault_is("pad") && pin == nullptr)
        return real->C_Login(session, user, typed, 4);
    if (fault_is("always") && user == CKU_CONTEXT_SPECIFIC) {
        logged_in_again = len == 4 && memcmp(pin, typed, 4) == 0;
        return logged_in_again ? CKR_OK : CKR_PIN_INCORRECT;
    }
    return real->C_Login(session, user, pin, len);
}

static ck_rv_t find_objects(ck_session_handle_t session, ck_object_handle_t *objects,
                            unsigned long max, unsigned long *count)
{
    if (fault_is("find"))
        return CKR_DEVICE_ERROR;
    return real->C_FindObjects(session, objects, fault_is("one-by-one") && max > 1 ? 1 : max,
                               count);
}

static ck_rv_t set(struct ck_attribute *attribute, unsigned long room, const void *value,
                   unsigned long len)
{
    attribute->value_len = len <= room ? len : CK_UNAVAILABLE_INFORMATION;
    if (len > room)
        return CKR_BUFFER_TOO_SMALL;
    if (attribute->value != nullptr && len > 0)
        memcpy(attribute->value, value, len);
    return CKR_OK;
}

/* The last 32 bytes are the point, whatever form the real module gives it in. */
static ck_rv_t change_point(struct ck_attribute *attribute, unsigned long room)
{
    uint8_t point[34] = {0x04, 0x20};
    if (attribute->value == nullptr || attribute->value_len < 32 || attribute->value_len > 34)
        return CKR_OK;
    memcpy(point + 2, (uint8_t *)attribute->value + (attribute->value_len - 32), 32);
    if (fault_is("point-raw"))
        return set(attribute, room, point + 2, 32);
    if (fault_is("point-der"))
        return set(attribute, room, point, 34);
    if (fault_is("point-short"))
        return set(attribute, room, point + 2, 31);
    if (fault_is("point-tag")) {
        point[0] = 0x03;
        return set(attribute, room, point, 34);
    }
    if (fault_is("point-other")) /* RFC 8032 §7.1, the first test's */
        return set(attribute, room,
                   "\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a"
                   "\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a",
                   32);
    if (fault_is("point-zero"))
        return set(attribute, room, (uint8_t[32]){0}, 32);
    if (fault_is("point-none"))
        attribute->value_len = CK_UNAVAILABLE_INFORMATION;
    return CKR_OK;
}

static ck_rv_t change(struct ck_attribute *attribute, unsigned long room)
{
    static const uint8_t x25519[] = {0x06, 0x03, 0x2B, 0x65, 0x6E};
    static const uint8_t ed25519[] = {0x06, 0x03, 0x2B, 0x65, 0x70};
    static const char name[] = "\x13\x0C"
                               "edwards25519";
    static const ck_key_type_t rsa = CKK_RSA;
    unsigned char yes = 1, no = 0;
    if (attribute->type == CKA_EC_PARAMS && fault_is("curve"))
        return set(attribute, room, x25519, sizeof(x25519));
    if (attribute->type == CKA_EC_PARAMS && fault_is("params-name"))
        return set(attribute, room, name, sizeof(name) - 1);
    if (attribute->type == CKA_EC_PARAMS && fault_is("params-oid"))
        return set(attribute, room, ed25519, sizeof(ed25519));
    if (attribute->type == CKA_EC_POINT)
        return change_point(attribute, room);
    if (attribute->type == CKA_KEY_TYPE && fault_is("rsa"))
        return set(attribute, room, &rsa, sizeof(rsa));
    if (attribute->type == CKA_SIGN && fault_is("no-sign"))
        return set(attribute, room, &no, sizeof(no));
    if (attribute->type == CKA_EXTRACTABLE && fault_is("extractable"))
        return set(attribute, room, &yes, sizeof(yes));
    if (attribute->type == CKA_ALWAYS_AUTHENTICATE && fault_is("always"))
        return set(attribute, room, &yes, sizeof(yes));
    return CKR_OK;
}

static ck_rv_t get_attribute_value(ck_session_handle_t session, ck_object_handle_t object,
                                   struct ck_attribute *attributes, unsigned long count)
{
    /* The program asks for one at a time. */
    unsigned long room = count == 1 ? attributes->value_len : 0;
    ck_rv_t result = real->C_GetAttributeValue(session, object, attributes, count);
    bool may_change = count == 1 && (result == CKR_OK || result == CKR_ATTRIBUTE_TYPE_INVALID);
    if (!may_change)
        return result;
    ck_rv_t changed = change(attributes, room);
    return changed == CKR_OK && fault_is("always") ? CKR_OK : changed == CKR_OK ? result : changed;
}

/* Whether the private key can be read, as whoever has the PIN could try. */
static bool can_steal(ck_session_handle_t session)
{
    uint8_t value[128];
    struct ck_attribute attribute = {.type = CKA_VALUE, .value = value, .value_len = sizeof(value)};
    return real->C_GetAttributeValue(session, signing_key, &attribute, 1) == CKR_OK &&
           attribute.value_len != CK_UNAVAILABLE_INFORMATION;
}

static ck_rv_t sign(ck_session_handle_t session, unsigned char *data, unsigned long len,
                    unsigned char *signature, unsigned long *signature_len)
{
    if (fault_is("removed"))
        return CKR_DEVICE_REMOVED;
    if (fault_is("steal") && can_steal(session))
        return CKR_FUNCTION_REJECTED;
    if (fault_is("always") && !logged_in_again)
        return CKR_USER_NOT_LOGGED_IN;
    logged_in_again = false;
    ck_rv_t result = real->C_Sign(session, data, len, signature, signature_len);
    if (fault_is("signature"))
        signature[40] ^= 4;
    if (fault_is("short"))
        *signature_len = 63;
    if (fault_is("long"))
        *signature_len = 65;
    if (fault_is("huge"))
        *signature_len = 1000000;
    if (fault_is("empty"))
        *signature_len = 0;
    return result;
}

static ck_rv_t sign_init(ck_session_handle_t session, struct ck_mechanism *mechanism,
                         ck_object_handle_t key)
{
    signing_key = key;
    return fault_is("mechanism") ? CKR_MECHANISM_INVALID
                                 : real->C_SignInit(session, mechanism, key);
}

static size_t put(struct ck_attribute *attributes, size_t count, ck_attribute_type_t type,
                  unsigned char *value)
{
    size_t at = 0;
    while (at < count && attributes[at].type != type)
        at++;
    attributes[at] = (struct ck_attribute){.type = type, .value = value, .value_len = 1};
    return at == count ? count + 1 : count;
}

static ck_rv_t generate(ck_session_handle_t session, struct ck_mechanism *mechanism,
                        struct ck_attribute *public_key, unsigned long public_count,
                        struct ck_attribute *private_key, unsigned long private_count,
                        ck_object_handle_t *out_public, ck_object_handle_t *out_private)
{
    if (fault_is("no-generate"))
        return CKR_MECHANISM_INVALID;
    if (fault_is("no-room"))
        return CKR_DEVICE_MEMORY;
    struct ck_attribute weak[32];
    unsigned char yes = 1, no = 0;
    if (fault_is("weak") && private_count < 30) {
        memcpy(weak, private_key, private_count * sizeof(weak[0]));
        private_count = put(weak, private_count, CKA_SENSITIVE, &no);
        private_count = put(weak, private_count, CKA_EXTRACTABLE, &yes);
        private_key = weak;
    }
    return real->C_GenerateKeyPair(session, mechanism, public_key, public_count, private_key,
                                   private_count, out_public, out_private);
}

ck_rv_t C_GetFunctionList(struct ck_function_list **list)
{
    CK_C_GetFunctionList get = nullptr;
    void *library = dlopen(getenv("SHIM_MODULE"), RTLD_NOW | RTLD_LOCAL);
    void *symbol = library == nullptr ? nullptr : dlsym(library, "C_GetFunctionList");
    if (symbol == nullptr)
        return CKR_GENERAL_ERROR;
    memcpy(&get, &symbol, sizeof(get));
    ck_rv_t result = get(&real);
    if (result != CKR_OK)
        return result;
    shim = *real;
    if (fault_is("version"))
        shim.version.major = 1;
    shim.C_Initialize = initialize;
    shim.C_GetSlotList = get_slot_list;
    shim.C_GetTokenInfo = get_token_info;
    shim.C_OpenSession = open_session;
    shim.C_Login = login;
    shim.C_FindObjects = find_objects;
    shim.C_GetAttributeValue = get_attribute_value;
    shim.C_SignInit = sign_init;
    shim.C_Sign = sign;
    shim.C_GenerateKeyPair = generate;
    *list = &shim;
    return CKR_OK;
}
