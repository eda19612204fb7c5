/*
 * prompt_secret.h - a PIN or a passphrase: from an environment variable, else typed at the
 * terminal.
 *
 * The terminal is /dev/tty, never standard input or output, and shows nothing of what is typed. It
 * is as it was before on every return, when a signal ends the program, and while it is stopped.
 */
#ifndef NONOS_TOOLS_PROMPT_SECRET_H
#define NONOS_TOOLS_PROMPT_SECRET_H

#include "abi/error.h"

#include <stddef.h>

struct secret_question {
    const char *what;     /* "the passphrase of release.key"; control characters are not printed */
    const char *variable; /* "NONOS_PASSPHRASE": asked first; null: only the terminal */
};

/* Puts 1 to size - 1 bytes and a NUL into out, which the caller owns and wipes, and their number
 * into *len. A variable that is set is the answer, even when it is empty; it is removed from the
 * environment and wiped. NONOS_E_SIZE: empty, or longer. NONOS_E_READ with errno ENOTTY: the
 * variable is not set and there is no terminal; with another errno: the terminal failed. out and
 * *len are zero then. A signal that ends the program does so here, after the terminal was mended.
 */
[[nodiscard]] enum nonos_error prompt_secret(const struct secret_question *question, char *out,
                                             size_t size, size_t *len);

/* Reports an error of prompt_secret with what to do about it; returns the code. */
int prompt_secret_report(const struct secret_question *question, enum nonos_error error,
                         size_t size);

#endif
