/*
 * passphrase.h - the passphrase of a wrapped key, from the environment or the terminal.
 *
 * It is secret: passphrase_wipe it. It lies in memory that does not go to swap, where the system
 * allows that.
 */
#ifndef NONOS_TOOLS_PASSPHRASE_H
#define NONOS_TOOLS_PASSPHRASE_H

#include "abi/error.h"
#include "tools/wrapped_key.h"

#define PASSPHRASE_VARIABLE "NONOS_PASSPHRASE"
#define PASSPHRASE_NEW_VARIABLE "NONOS_NEW_PASSPHRASE"

struct passphrase {
    char text[PASSPHRASE_MAX_LEN + 1];
    size_t len;
};

/* Asks for the one of an existing file, once: errors of prompt_secret. */
[[nodiscard]] enum nonos_error passphrase_ask(const char *path, struct passphrase *out);

/* Asks for the one that a new file gets, at the terminal twice and until both are the same. Reports
 * what is wrong; returns the exit status. */
[[nodiscard]] int passphrase_choose(const char *path, const char *variable, struct passphrase *out);

void passphrase_wipe(struct passphrase *passphrase);

#endif
