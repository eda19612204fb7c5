/*
 * ed25519_scalar.h - numbers modulo L, the order of Ed25519's base point (RFC 8032 §5.1):
 * L = 2^252 + 27742317777372353535851937790883648493.
 *
 * Everything but scalar_is_canonical runs in time independent of the values.
 */
#ifndef NONOS_CRYPTO_ED25519_SCALAR_H
#define NONOS_CRYPTO_ED25519_SCALAR_H

#include <stdint.h>

#define SCALAR_LEN 32u

struct scalar {
    uint64_t word[4]; /* the lowest first */
};

extern const struct scalar SCALAR_ORDER; /* L */

/* 256 bits as they are, not reduced. */
void scalar_from_bytes(struct scalar *out, const uint8_t bytes[SCALAR_LEN]);
void scalar_to_bytes(uint8_t bytes[SCALAR_LEN], const struct scalar *a);

/* Whether a < L. In time that depends on a. */
[[nodiscard]] bool scalar_is_canonical(const struct scalar *a);

/* 512 bits, little-endian, modulo L. */
void scalar_reduce(struct scalar *out, const uint8_t bytes[2 * SCALAR_LEN]);

/* a * b + c modulo L; a and b any 256 bits, c below L. */
void scalar_multiply_add(struct scalar *out, const struct scalar *a, const struct scalar *b,
                         const struct scalar *c);

/* The odd one of a and a + L, for a below 2^255: another number for the same multiple of the base
 * point. */
void scalar_make_odd(struct scalar *out, const struct scalar *a);

#endif
