/*
 * key_file.h - a signing key as a file: 32 bytes, one seed for both algorithms, or the same under a
 * passphrase (docs/keys.md).
 *
 * The seed is secret in every function here: the caller wipes it.
 */
#ifndef NONOS_TOOLS_KEY_FILE_H
#define NONOS_TOOLS_KEY_FILE_H

#include "abi/error.h"
#include "crypto/ed25519.h"
#include "tools/wrapped_key.h"

#include <stdint.h>

/* Reads a key file. Of one under a passphrase it takes the passphrase from NONOS_PASSPHRASE or asks
 * for it. NONOS_E_NOT_FOUND, NONOS_E_READ, NONOS_E_KEY_MODE, NONOS_E_KEY_LENGTH, NONOS_E_KEY_ZERO;
 * NONOS_E_KEY_WRAPPED, NONOS_E_KEY_PASSPHRASE, NONOS_E_NO_MEMORY; NONOS_E_SIZE for an empty or too
 * long passphrase, NONOS_E_READ with errno ENOTTY for one that nobody can be asked for. The seed is
 * zero then. */
[[nodiscard]] enum nonos_error key_file_read(const char *path, uint8_t seed[ED25519_SEED_LEN]);

/* Makes a key file, mode 0600, from the system's random source. NONOS_E_EXISTS, NONOS_E_WRITE,
 * NONOS_E_NO_MEMORY, NONOS_E_NO_ENTROPY; the seed is zero then. */
[[nodiscard]] enum nonos_error key_file_make(const char *path, uint8_t seed[ED25519_SEED_LEN]);

/* Says what is wrong with a key file, and what mends it; returns the code. */
int key_file_report(const char *path, enum nonos_error error);

/* Makes a key file, mode 0600, of this seed under a passphrase, which comes from that variable or
 * is asked for. Never the development key. Reports what is wrong; returns the exit status. */
[[nodiscard]] int key_file_wrap(const char *path, const uint8_t seed[ED25519_SEED_LEN],
                                struct wrapping_cost cost, const char *variable);

/* Whether a file of that name may be under a passphrase: not the development key. The same way. */
[[nodiscard]] int key_file_check_wrap(const char *path);

/* Makes a key file of these bytes: the same way. */
[[nodiscard]] int key_file_write(const char *path, const void *bytes, size_t len);

#endif
