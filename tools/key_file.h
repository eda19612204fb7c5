/*
 * key_file.h - a signing key as a file: 32 bytes, one seed for both algorithms (docs/keys.md).
 *
 * The seed is secret in every function here: the caller wipes it.
 */
#ifndef NONOS_TOOLS_KEY_FILE_H
#define NONOS_TOOLS_KEY_FILE_H

#include "abi/error.h"
#include "crypto/ed25519.h"

#include <stdint.h>

/* Reads a key file: NONOS_E_NOT_FOUND, NONOS_E_READ, NONOS_E_KEY_MODE, NONOS_E_KEY_LENGTH,
 * NONOS_E_KEY_ZERO; the seed is zero then. */
[[nodiscard]] enum nonos_error key_file_read(const char *path, uint8_t seed[ED25519_SEED_LEN]);

/* Makes a key file, mode 0600, from the system's random source. NONOS_E_EXISTS, NONOS_E_WRITE,
 * NONOS_E_NO_MEMORY, NONOS_E_NO_ENTROPY; the seed is zero then. */
[[nodiscard]] enum nonos_error key_file_make(const char *path, uint8_t seed[ED25519_SEED_LEN]);

/* Says what is wrong with a key file, and what mends it; returns the code. */
int key_file_report(const char *path, enum nonos_error error);

#endif
