/*
 * pkcs11_pin.h - the PIN of a token: from a file, the environment variable NONOS_PIN, or a prompt.
 */
#ifndef NONOS_TOOLS_PKCS11_PIN_H
#define NONOS_TOOLS_PKCS11_PIN_H

#include <stddef.h>

#define PKCS11_PIN_VARIABLE "NONOS_PIN"
#define PKCS11_PIN_MAX_LEN 255u

/* Secret: wipe it. */
struct pkcs11_pin {
    unsigned char bytes[PKCS11_PIN_MAX_LEN + 1];
    size_t len;
};

/* source: the path of a file that has the PIN in its only line and mode 0600 or 0400, or empty;
 * then variable, what NONOS_PIN was, or null; then the terminal is asked, where there is one.
 * Reports what is wrong and returns the exit status; *out is zero then. */
[[nodiscard]] int pkcs11_pin_get(const char *source, const char *variable, const char *token,
                                 struct pkcs11_pin *out);

#endif
