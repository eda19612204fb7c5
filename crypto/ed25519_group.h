/*
 * ed25519_group.h - points of the curve -x^2 + y^2 = 1 + d x^2 y^2 modulo 2^255 - 19 (RFC 8032
 * §5.1), and their multiples.
 *
 * Points are kept in extended coordinates (RFC 8032 §5.1.4): x = X/Z, y = Y/Z, x y = T/Z. The
 * formulas are complete: there is no pair of points for which they fail. All limbs are tight.
 */
#ifndef NONOS_CRYPTO_ED25519_GROUP_H
#define NONOS_CRYPTO_ED25519_GROUP_H

#include "crypto/ed25519_field.h"
#include "crypto/ed25519_scalar.h"

#include <stdint.h>

#define GROUP_POINT_LEN 32u

struct group_point {
    struct field x, y, z, t;
};

/*
 * Multiples of the base point B for a comb with 6 teeth, 43 bits apart. Entry i is
 * 2^215 B + (the sum over n = 0 .. 4 of 2^(43 n) B where bit n of i is set, and minus it where
 * not), as three numbers below p of four words each: y + x, y - x, 2 d x y. Source: computed from
 * B; the unit test computes it again.
 */
#define GROUP_COMB_TEETH 6u
#define GROUP_COMB_SPACING 43u
#define GROUP_COMB_COUNT 32u
#define GROUP_COMB_WORDS 12u
extern const uint64_t GROUP_COMB[GROUP_COMB_COUNT][GROUP_COMB_WORDS];

/* RFC 8032 §5.1.3, strictly: false, and the neutral element in *out, unless the bytes are the one
 * encoding of a point (y below p; no sign where x is 0). In time that depends on the bytes. */
[[nodiscard]] bool group_decode(struct group_point *out, const uint8_t bytes[GROUP_POINT_LEN]);

/* RFC 8032 §5.1.2. Constant time. */
void group_encode(uint8_t bytes[GROUP_POINT_LEN], const struct group_point *a);

void group_negate(struct group_point *a);

[[nodiscard]] bool group_is_neutral(const struct group_point *a);

/* Whether 8 times a is the neutral element. */
[[nodiscard]] bool group_has_small_order(const struct group_point *a);

/* k times B, for k below 2^255. In time independent of k; what it derives from k is wiped. */
void group_multiply_base(struct group_point *out, const struct scalar *k);

/* k times a plus s times B, for k below 2^253 and s below 2^255; a null s counts as 0. In time that
 * depends on all of them: for public values alone. */
void group_multiply_add_public(struct group_point *out, const struct scalar *k,
                               const struct group_point *a, const struct scalar *s);

#endif
