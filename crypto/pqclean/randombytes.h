/*
 * randombytes.h - what PQClean calls when it wants random bytes; see crypto/pqc_random.h.
 *
 * PQClean's own version of this header pulls in headers of the system; this one has no need to.
 */
#ifndef NONOS_CRYPTO_PQCLEAN_RANDOMBYTES_H
#define NONOS_CRYPTO_PQCLEAN_RANDOMBYTES_H

#include <stddef.h>
#include <stdint.h>

#define randombytes PQCLEAN_randombytes

/* Fills out with the next len armed bytes and returns 0; does not return when there are fewer. */
int PQCLEAN_randombytes(uint8_t *out, size_t len);

#endif
