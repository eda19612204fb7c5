#include "tools/pkcs11_session.h"

#include "crypto/bytes.h"
#include "tools/report.h"

#include <stdio.h>
#include <string.h>

#define SLOT_MAX_COUNT 256u

/* A field of CK_TOKEN_INFO is padded with blanks; some modules end it with a NUL. */
static void read_field(const unsigned char *field, size_t size, char *out)
{
    size_t len = strnlen((const char *)field, size);
    while (len > 0 && field[len - 1] == ' ')
        len--;
    memcpy(out, field, len);
    out[len] = 0;
}

static bool field_fits(const char *wanted, const unsigned char *field, size_t size)
{
    char text[PKCS11_LABEL_MAX_LEN + 1];
    read_field(field, size, text);
    return wanted[0] == 0 || strcmp(wanted, text) == 0;
}

static bool token_fits(const struct pkcs11_uri *uri, ck_slot_id_t slot,
                       const struct ck_token_info *info)
{
    return (info->flags & CKF_TOKEN_INITIALIZED) != 0 &&
           (!uri->has_slot_id || uri->slot_id == slot) &&
           field_fits(uri->token, info->label, sizeof(info->label)) &&
           field_fits(uri->manufacturer, info->manufacturer_id, sizeof(info->manufacturer_id)) &&
           field_fits(uri->model, info->model, sizeof(info->model)) &&
           field_fits(uri->serial, info->serial_number, sizeof(info->serial_number));
}

static int report_no_token(size_t fitting)
{
    if (fitting > 1)
        return report_error("token", NONOS_E_PKCS11_OBJECT,
                            "more than one token fits the URI: add serial or slot-id "
                            "(`pkcs11-tool --module MODULE --list-token-slots` shows them)");
    return report_error("token", NONOS_E_PKCS11_OBJECT,
                        "no token fits the URI: is it connected, and is this its module? "
                        "(`pkcs11-tool --module MODULE --list-token-slots` shows what there is)");
}

static int find_token(const struct pkcs11_uri *uri, struct pkcs11_session *session,
                      ck_slot_id_t *slot, ck_flags_t *flags)
{
    ck_slot_id_t slots[SLOT_MAX_COUNT];
    unsigned long count = SLOT_MAX_COUNT;
    size_t fitting = 0;
    ck_rv_t result = session->module.functions->C_GetSlotList(1, slots, &count);
    if (result != CKR_OK)
        return pkcs11_session_report(session, "C_GetSlotList", result);
    for (unsigned long i = 0; i < count && i < SLOT_MAX_COUNT; i++) {
        struct ck_token_info info = {.flags = 0};
        if (session->module.functions->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
            !token_fits(uri, slots[i], &info))
            continue;
        fitting++;
        *slot = slots[i];
        *flags = info.flags;
        char label[PKCS11_LABEL_MAX_LEN + 1];
        read_field(info.label, sizeof(info.label), label);
        snprintf(session->label, sizeof(session->label), "token %s", label);
    }
    return fitting == 1 ? 0 : report_no_token(fitting);
}

static int report_login(const struct pkcs11_session *session, ck_rv_t result)
{
    const char *name = pkcs11_result_name(result);
    if (result == CKR_PIN_LOCKED)
        return report_error(session->label, NONOS_E_PKCS11_PIN,
                            "%s: the token is locked after too many wrong PINs; its security "
                            "officer sets a new one",
                            name);
    if (result == CKR_PIN_INCORRECT || result == CKR_PIN_LEN_RANGE || result == CKR_PIN_INVALID)
        return report_error(session->label, NONOS_E_PKCS11_PIN,
                            "%s: check it before the next attempt, as a token locks itself after "
                            "a few wrong ones",
                            name);
    if (result == CKR_PIN_EXPIRED || result == CKR_USER_PIN_NOT_INITIALIZED)
        return report_error(session->label, NONOS_E_PKCS11_PIN,
                            "%s: set a PIN with the HSM's own tools", name);
    return pkcs11_session_report(session, "C_Login", result);
}

static int log_in(const struct pkcs11_uri *uri, const char *pin, ck_flags_t flags,
                  struct pkcs11_session *session)
{
    if ((flags & CKF_LOGIN_REQUIRED) == 0)
        return 0;
    /* Before a PIN is asked for that could not be used. */
    if ((flags & CKF_USER_PIN_LOCKED) != 0)
        return report_login(session, CKR_PIN_LOCKED);
    session->has_pin_pad = (flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
    if (session->has_pin_pad) {
        report_notice("enter the PIN at the %s", session->label);
    } else {
        if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
            report_notice("the %s locks itself if this PIN is wrong", session->label);
        int status = pkcs11_pin_get(uri->pin_source, pin, session->label, &session->pin);
        if (status != 0)
            return status;
    }
    ck_rv_t result = session->module.functions->C_Login(
        session->handle, CKU_USER, session->has_pin_pad ? nullptr : session->pin.bytes,
        session->has_pin_pad ? 0 : session->pin.len);
    return result == CKR_OK || result == CKR_USER_ALREADY_LOGGED_IN ? 0
                                                                    : report_login(session, result);
}

int pkcs11_session_open(const struct pkcs11_uri *uri, const char *pin, bool is_writable,
                        struct pkcs11_session *out)
{
    *out = (struct pkcs11_session){.label = "token"};
    ck_slot_id_t slot = 0;
    ck_flags_t flags = 0;
    int status = pkcs11_module_open(uri->module_path, &out->module);
    if (status == 0)
        status = find_token(uri, out, &slot, &flags);
    if (status == 0) {
        ck_rv_t result = out->module.functions->C_OpenSession(
            slot, CKF_SERIAL_SESSION | (is_writable ? CKF_RW_SESSION : 0), nullptr, nullptr,
            &out->handle);
        out->is_open = result == CKR_OK;
        if (!out->is_open)
            status = pkcs11_session_report(out, "C_OpenSession", result);
    }
    if (status == 0)
        status = log_in(uri, pin, flags, out);
    if (status != 0)
        pkcs11_session_close(out);
    return status;
}

void pkcs11_session_close(struct pkcs11_session *session)
{
    if (session->is_open) {
        session->module.functions->C_Logout(session->handle);
        session->module.functions->C_CloseSession(session->handle);
    }
    pkcs11_module_close(&session->module);
    bytes_wipe(session, sizeof(*session));
}

int pkcs11_session_report(const struct pkcs11_session *session, const char *function,
                          ck_rv_t result)
{
    return report_error(session->label, NONOS_E_PKCS11_FAILED,
                        "%s gave %s: check that the HSM is connected and ready, and run it again",
                        function, pkcs11_result_name(result));
}

ck_rv_t pkcs11_session_find(const struct pkcs11_session *session, struct ck_attribute *attributes,
                            size_t count, ck_object_handle_t found[2], size_t *found_count)
{
    struct ck_function_list *functions = session->module.functions;
    unsigned long got = 0;
    *found_count = 0;
    ck_rv_t result = functions->C_FindObjectsInit(session->handle, attributes, count);
    if (result != CKR_OK)
        return result;
    /* A module may give fewer at a time than it was asked for. */
    while (result == CKR_OK && *found_count < 2) {
        result =
            functions->C_FindObjects(session->handle, found + *found_count, 2 - *found_count, &got);
        if (result != CKR_OK || got == 0 || got > 2 - *found_count)
            break;
        *found_count += got;
    }
    ck_rv_t ended = functions->C_FindObjectsFinal(session->handle);
    return result != CKR_OK ? result : ended;
}

ck_rv_t pkcs11_session_read(const struct pkcs11_session *session, ck_object_handle_t object,
                            ck_attribute_type_t type, void *out, size_t max_len, size_t *len)
{
    struct ck_attribute attribute = {.type = type, .value = out, .value_len = max_len};
    *len = 0;
    ck_rv_t result =
        session->module.functions->C_GetAttributeValue(session->handle, object, &attribute, 1);
    if (result != CKR_OK)
        return result;
    if (attribute.value_len > max_len) /* also of CK_UNAVAILABLE_INFORMATION, which is -1 */
        return CKR_BUFFER_TOO_SMALL;
    *len = attribute.value_len;
    return CKR_OK;
}

bool pkcs11_session_is(const struct pkcs11_session *session, ck_object_handle_t object,
                       ck_attribute_type_t type)
{
    unsigned char value = 0;
    size_t len = 0;
    return pkcs11_session_read(session, object, type, &value, sizeof(value), &len) == CKR_OK &&
           len == sizeof(value) && value != 0;
}
