/*
 * ed25519_field.h - numbers modulo p = 2^255 - 19, the coordinates of Ed25519 (RFC 8032 §5.1).
 *
 * A number is the sum of limb[i] * 2^(51 i); it is not unique until field_to_bytes. Two bounds:
 *   tight: every limb is below 2^51 + 2^18; what multiplying, squaring and decoding give
 *   loose: every limb is below 2^54; what multiplying and squaring take
 * Everything runs in time independent of the values. Results may be the same objects as inputs.
 */
#ifndef NONOS_CRYPTO_ED25519_FIELD_H
#define NONOS_CRYPTO_ED25519_FIELD_H

#include <stdint.h>

#define FIELD_LEN 32u

struct field {
    uint64_t limb[5];
};

extern const struct field FIELD_ZERO;
extern const struct field FIELD_ONE;
/* The square root of -1 that is even: 2^((p-1)/4). */
extern const struct field FIELD_SQRT_MINUS_ONE;

/* Limbs of a and b below 2^53; the result is loose. Two tight numbers give limbs below 2^52.1. */
static inline void field_add(struct field *out, const struct field *a, const struct field *b)
{
    for (unsigned i = 0; i < 5; i++)
        out->limb[i] = a->limb[i] + b->limb[i];
}

/* Limbs of a below 2^53, of b below 2^53 - 76; the result is loose. */
static inline void field_subtract(struct field *out, const struct field *a, const struct field *b)
{
    /* 4p is added, so that no limb goes below zero. */
    out->limb[0] = a->limb[0] + ((UINT64_C(1) << 53) - 76) - b->limb[0];
    for (unsigned i = 1; i < 5; i++)
        out->limb[i] = a->limb[i] + ((UINT64_C(1) << 53) - 4) - b->limb[i];
}

/* Loose to tight. */
void field_multiply(struct field *out, const struct field *a, const struct field *b);

/* Squares count times, count >= 1: a^(2^count). Loose to tight. */
void field_square_times(struct field *out, const struct field *a, unsigned count);

static inline void field_square(struct field *out, const struct field *a)
{
    field_square_times(out, a, 1);
}

/* 1 / a, and 0 for 0. Loose to tight. */
void field_invert(struct field *out, const struct field *a);

/* a^((p-5)/8), the step to a square root (RFC 8032 §5.1.3). Loose to tight. */
void field_power_p58(struct field *out, const struct field *a);

/* 255 bits, little-endian; the top bit is ignored and values from p to 2^255 - 1 are taken for
 * what they are modulo p. Tight. */
void field_from_bytes(struct field *out, const uint8_t bytes[FIELD_LEN]);

/* The one canonical encoding of a loose number: below p, the top bit 0. */
void field_to_bytes(uint8_t bytes[FIELD_LEN], const struct field *a);

/* Of loose numbers. "Odd" is what RFC 8032 §5.1.2 calls the sign of x. */
[[nodiscard]] bool field_is_zero(const struct field *a);
[[nodiscard]] bool field_is_equal(const struct field *a, const struct field *b);
[[nodiscard]] bool field_is_odd(const struct field *a);

/* Takes a where mask is all ones and leaves out as it is where it is 0; no other mask. */
void field_select(struct field *out, const struct field *a, uint64_t mask);

#endif
