#include "crypto/ed25519_field.h"

#include "crypto/bytes.h"

__extension__ typedef unsigned __int128 uint128;

#define LIMB_BITS 51
#define LIMB_MASK ((UINT64_C(1) << LIMB_BITS) - 1)

const struct field FIELD_ZERO = {{0}};
const struct field FIELD_ONE = {{1}};
const struct field FIELD_SQRT_MINUS_ONE = {
    {0x61B274A0EA0B0, 0x0D5A5FC8F189D, 0x7EF5E9CBD0C60, 0x78595A6804C9E, 0x2B8324804FC1D}};

void field_add(struct field *out, const struct field *a, const struct field *b)
{
    for (unsigned i = 0; i < 5; i++)
        out->limb[i] = a->limb[i] + b->limb[i];
}

void field_subtract(struct field *out, const struct field *a, const struct field *b)
{
    /* 4p is added, so that no limb goes below zero. */
    out->limb[0] = a->limb[0] + ((UINT64_C(1) << 53) - 76) - b->limb[0];
    for (unsigned i = 1; i < 5; i++)
        out->limb[i] = a->limb[i] + ((UINT64_C(1) << 53) - 4) - b->limb[i];
}

static inline uint128 product(uint64_t a, uint64_t b)
{
    return (uint128)a * b;
}

/*
 * Five columns below 2^115 (5 products of loose limbs, some 19 times, are below 2^114.3) become a
 * tight number. The highest column has no factor 19 and is below 2^110.4: so 19 times what is
 * carried out of it is below 2^64.
 */
static inline void carry(struct field *out, uint128 r0, uint128 r1, uint128 r2, uint128 r3,
                         uint128 r4)
{
    r1 += (uint64_t)(r0 >> LIMB_BITS);
    r2 += (uint64_t)(r1 >> LIMB_BITS);
    r3 += (uint64_t)(r2 >> LIMB_BITS);
    r4 += (uint64_t)(r3 >> LIMB_BITS);
    uint64_t low = ((uint64_t)r0 & LIMB_MASK) + 19 * (uint64_t)(r4 >> LIMB_BITS);
    out->limb[0] = low & LIMB_MASK;
    out->limb[1] = ((uint64_t)r1 & LIMB_MASK) + (low >> LIMB_BITS);
    out->limb[2] = (uint64_t)r2 & LIMB_MASK;
    out->limb[3] = (uint64_t)r3 & LIMB_MASK;
    out->limb[4] = (uint64_t)r4 & LIMB_MASK;
}

void field_multiply(struct field *out, const struct field *a, const struct field *b)
{
    uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3], a4 = a->limb[4];
    uint64_t b0 = b->limb[0], b1 = b->limb[1], b2 = b->limb[2], b3 = b->limb[3], b4 = b->limb[4];
    /* 2^255 is 19: a column from the sixth on comes back 19 times at the bottom. */
    uint64_t c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4;
    carry(out,
          product(a0, b0) + product(a1, c4) + product(a2, c3) + product(a3, c2) + product(a4, c1),
          product(a0, b1) + product(a1, b0) + product(a2, c4) + product(a3, c3) + product(a4, c2),
          product(a0, b2) + product(a1, b1) + product(a2, b0) + product(a3, c4) + product(a4, c3),
          product(a0, b3) + product(a1, b2) + product(a2, b1) + product(a3, b0) + product(a4, c4),
          product(a0, b4) + product(a1, b3) + product(a2, b2) + product(a3, b1) + product(a4, b0));
}

void field_square_times(struct field *out, const struct field *a, unsigned count)
{
    struct field r = *a;
    do {
        uint64_t a0 = r.limb[0], a1 = r.limb[1], a2 = r.limb[2], a3 = r.limb[3], a4 = r.limb[4];
        uint64_t d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2, c3 = 19 * a3, c4 = 19 * a4;
        carry(&r, product(a0, a0) + product(d1, c4) + product(d2, c3),
              product(d0, a1) + product(d2, c4) + product(a3, c3),
              product(d0, a2) + product(a1, a1) + product(2 * a3, c4),
              product(d0, a3) + product(d1, a2) + product(a4, c4),
              product(d0, a4) + product(d1, a3) + product(a2, a2));
    } while (--count > 0);
    *out = r;
}

void field_square(struct field *out, const struct field *a)
{
    field_square_times(out, a, 1);
}

/* a^(2^250 - 1), and a^11 on the way: the common part of both powers below. */
static void power_250(struct field *out, struct field *a11, const struct field *a)
{
    struct field t, u;
    field_square(&t, a);
    field_square_times(&u, &t, 2);
    field_multiply(&u, &u, a); /* a^9 */
    field_multiply(a11, &u, &t);
    field_square(&t, a11);
    field_multiply(&u, &t, &u); /* 2^5 - 1 */
    field_square_times(&t, &u, 5);
    field_multiply(&u, &t, &u); /* 2^10 - 1 */
    field_square_times(&t, &u, 10);
    field_multiply(&t, &t, &u); /* 2^20 - 1 */
    struct field v;
    field_square_times(&v, &t, 20);
    field_multiply(&t, &v, &t); /* 2^40 - 1 */
    field_square_times(&t, &t, 10);
    field_multiply(&u, &t, &u); /* 2^50 - 1 */
    field_square_times(&t, &u, 50);
    field_multiply(&t, &t, &u); /* 2^100 - 1 */
    field_square_times(&v, &t, 100);
    field_multiply(&t, &v, &t); /* 2^200 - 1 */
    field_square_times(&t, &t, 50);
    field_multiply(out, &t, &u);
    bytes_wipe(&t, sizeof t);
    bytes_wipe(&u, sizeof u);
    bytes_wipe(&v, sizeof v);
}

void field_invert(struct field *out, const struct field *a)
{
    /* p - 2 = (2^250 - 1) 2^5 + 11 */
    struct field t, a11;
    power_250(&t, &a11, a);
    field_square_times(&t, &t, 5);
    field_multiply(out, &t, &a11);
    bytes_wipe(&t, sizeof t);
    bytes_wipe(&a11, sizeof a11);
}

void field_power_p58(struct field *out, const struct field *a)
{
    /* (p - 5) / 8 = (2^250 - 1) 2^2 + 1 */
    struct field t, a11, base = *a;
    power_250(&t, &a11, a);
    field_square_times(&t, &t, 2);
    field_multiply(out, &t, &base);
}

void field_from_bytes(struct field *out, const uint8_t bytes[FIELD_LEN])
{
    uint64_t w0 = load_le64(bytes), w1 = load_le64(bytes + 8);
    uint64_t w2 = load_le64(bytes + 16), w3 = load_le64(bytes + 24);
    out->limb[0] = w0 & LIMB_MASK;
    out->limb[1] = (w0 >> 51 | w1 << 13) & LIMB_MASK;
    out->limb[2] = (w1 >> 38 | w2 << 26) & LIMB_MASK;
    out->limb[3] = (w2 >> 25 | w3 << 39) & LIMB_MASK;
    out->limb[4] = w3 >> 12 & LIMB_MASK;
}

void field_to_bytes(uint8_t bytes[FIELD_LEN], const struct field *a)
{
    struct field r = *a;
    uint64_t *t = r.limb;
    /* With the highest limb cut to 51 bits, the others loose, the value v is below 2^255 + 2^208,
     * which is below 2p. */
    t[0] += 19 * (t[4] >> LIMB_BITS);
    t[4] &= LIMB_MASK;
    /* With 19 added, bit 255 says whether v >= p: then v - p is the low 255 bits of v + 19; else
     * v is. So add 19 times that bit and drop bit 255. */
    uint64_t quotient = (t[0] + 19) >> LIMB_BITS;
    for (unsigned i = 1; i < 5; i++)
        quotient = (t[i] + quotient) >> LIMB_BITS;
    t[0] += 19 * quotient;
    for (unsigned i = 0; i < 4; i++) {
        t[i + 1] += t[i] >> LIMB_BITS;
        t[i] &= LIMB_MASK;
    }
    t[4] &= LIMB_MASK;
    store_le64(bytes, t[0] | t[1] << 51);
    store_le64(bytes + 8, t[1] >> 13 | t[2] << 38);
    store_le64(bytes + 16, t[2] >> 26 | t[3] << 25);
    store_le64(bytes + 24, t[3] >> 39 | t[4] << 12);
    bytes_wipe(&r, sizeof r);
}

bool field_is_zero(const struct field *a)
{
    uint8_t bytes[FIELD_LEN];
    field_to_bytes(bytes, a);
    return bytes_are_zero(bytes, sizeof bytes);
}

bool field_is_equal(const struct field *a, const struct field *b)
{
    uint8_t x[FIELD_LEN], y[FIELD_LEN];
    field_to_bytes(x, a);
    field_to_bytes(y, b);
    return bytes_equal(x, y, FIELD_LEN);
}

bool field_is_odd(const struct field *a)
{
    uint8_t bytes[FIELD_LEN];
    field_to_bytes(bytes, a);
    return bytes[0] & 1;
}

void field_select(struct field *out, const struct field *a, uint64_t mask)
{
    mask = value_barrier(mask);
    for (unsigned i = 0; i < 5; i++)
        out->limb[i] ^= mask & (out->limb[i] ^ a->limb[i]);
}
