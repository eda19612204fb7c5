/*
 * pkcs11_session.h - a session with the one token that a URI names, logged in.
 */
#ifndef NONOS_TOOLS_PKCS11_SESSION_H
#define NONOS_TOOLS_PKCS11_SESSION_H

#include "tools/pkcs11_module.h"
#include "tools/pkcs11_pin.h"
#include "tools/pkcs11_uri.h"

/* Secret, as it holds the PIN (for keys that ask for it at each signature): pkcs11_session_close.
 */
struct pkcs11_session {
    struct pkcs11_module module;
    ck_session_handle_t handle;
    bool is_open;
    bool has_pin_pad;                                    /* the PIN is typed at the token */
    char label[sizeof("token ") + PKCS11_LABEL_MAX_LEN]; /* what messages call it */
    struct pkcs11_pin pin;
};

/* Loads the module, finds the token, which has to be one alone, and logs in; pin: from the
 * environment, or null. Nothing is written to the token, unless is_writable. Reports what is wrong
 * and returns the exit status; *out is closed then. */
[[nodiscard]] int pkcs11_session_open(const struct pkcs11_uri *uri, const char *pin,
                                      bool is_writable, struct pkcs11_session *out);

/* Logs out, ends the session and the module, wipes. Also of one that is closed or all zero. */
void pkcs11_session_close(struct pkcs11_session *session);

/* Says that a call failed; returns the code, NONOS_E_PKCS11_FAILED. */
int pkcs11_session_report(const struct pkcs11_session *session, const char *function,
                          ck_rv_t result);

/* Finds up to two objects: more than one is as bad as many. */
[[nodiscard]] ck_rv_t pkcs11_session_find(const struct pkcs11_session *session,
                                          struct ck_attribute *attributes, size_t count,
                                          ck_object_handle_t found[2], size_t *found_count);

/* Reads an attribute of at most max_len bytes. CKR_BUFFER_TOO_SMALL for a longer one. */
[[nodiscard]] ck_rv_t pkcs11_session_read(const struct pkcs11_session *session,
                                          ck_object_handle_t object, ck_attribute_type_t type,
                                          void *out, size_t max_len, size_t *len);

/* Whether a CK_BBOOL is there and true. */
[[nodiscard]] bool pkcs11_session_is(const struct pkcs11_session *session,
                                     ck_object_handle_t object, ck_attribute_type_t type);

#endif
