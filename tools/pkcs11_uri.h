/*
 * pkcs11_uri.h - which key in which token: the part of RFC 7512 that names a signing key.
 *
 *   pkcs11:token=acme;object=release?module-path=/usr/lib/softhsm/libsofthsm2.so
 *
 * Strict: what is not understood is refused, since to leave it out could name another key. Taken
 * are token, manufacturer, model, serial, slot-id, object, id and type=private, and after the `?`
 * module-path and pin-source, each once, none of them empty. A PIN is never part of it.
 */
#ifndef NONOS_TOOLS_PKCS11_URI_H
#define NONOS_TOOLS_PKCS11_URI_H

#include "abi/error.h"

#include <stddef.h>
#include <stdint.h>

#define PKCS11_URI_SCHEME "pkcs11:"

/* PKCS #11 v2.40 §3.2, CK_TOKEN_INFO: fields of a fixed size, without a NUL of their own. */
#define PKCS11_LABEL_MAX_LEN 32u
#define PKCS11_SHORT_MAX_LEN 16u
#define PKCS11_OBJECT_MAX_LEN 255u
#define PKCS11_ID_MAX_LEN 255u
#define PKCS11_PATH_MAX_LEN 4095u

/* Text that was not given is empty, an id that was not given has length 0. */
struct pkcs11_uri {
    char token[PKCS11_LABEL_MAX_LEN + 1];
    char manufacturer[PKCS11_LABEL_MAX_LEN + 1];
    char model[PKCS11_SHORT_MAX_LEN + 1];
    char serial[PKCS11_SHORT_MAX_LEN + 1];
    char object[PKCS11_OBJECT_MAX_LEN + 1];
    uint8_t id[PKCS11_ID_MAX_LEN];
    size_t id_len;
    unsigned long slot_id;
    bool has_slot_id;
    char module_path[PKCS11_PATH_MAX_LEN + 1];
    char pin_source[PKCS11_PATH_MAX_LEN + 1]; /* a path, without its `file:` */
};

/* Whether the text says that it is such a URI, right or wrong. */
[[nodiscard]] bool pkcs11_uri_is(const char *text);

/* NONOS_E_PKCS11_URI for any other text; *why then says what is wrong, in words that repeat nothing
 * of it, and *out is zero. */
[[nodiscard]] enum nonos_error pkcs11_uri_parse(const char *text, struct pkcs11_uri *out,
                                                const char **why);

#endif
