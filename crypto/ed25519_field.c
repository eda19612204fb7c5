#include "crypto/ed25519_field.h"

#include "crypto/bytes.h"

#define LIMB_BITS 51
#define LIMB_MASK ((UINT64_C(1) << LIMB_BITS) - 1)

const struct field FIELD_ZERO = {{0}};
const struct field FIELD_ONE = {{1}};
const struct field FIELD_SQRT_MINUS_ONE = {
    {0x61B274A0EA0B0, 0x0D5A5FC8F189D, 0x7EF5E9CBD0C60, 0x78595A6804C9E, 0x2B8324804FC1D}};

/* 128 bits, in two registers. */
struct column {
    uint64_t low;
    uint64_t high;
};

/* *column = a * *b, and *column += a * *b. In assembly because a compiler keeps every product until
 * it has all, and moves them about; MUL wants one factor in %rax. */
static inline void column_set(struct column *column, uint64_t a, const uint64_t *b)
{
    __asm__("mulq %[b]" : "=a"(column->low), "=d"(column->high) : "a"(a), [b] "m"(*b) : "cc");
}

static inline void column_add(struct column *column, uint64_t a, const uint64_t *b)
{
    uint64_t high;

    __asm__("mulq %[b]\n\t"
            "addq %[low], %[sum_low]\n\t"
            "adcq %[high], %[sum_high]"
            : [sum_low] "+r"(column->low), [sum_high] "+r"(column->high), [low] "+a"(a),
              [high] "=&d"(high)
            : [b] "m"(*b)
            : "cc");
}

static inline uint64_t column_above(const struct column *column)
{
    return column->low >> LIMB_BITS | column->high << (64 - LIMB_BITS);
}

/*
 * Five columns below 2^114.3 (5 products of loose limbs, some 19 times) become a tight number. What
 * is above each limb goes to the next all at once, so that no column waits for another. The highest
 * column has no factor 19 and is below 2^110.4: so each sum stays below 2^64, also the lowest with
 * 19 times what comes round. A second turn carries at most 13 bits.
 */
static inline void reduce(struct field *out, const struct column r[5])
{
    uint64_t t0 = (r[0].low & LIMB_MASK) + 19 * column_above(&r[4]);
    uint64_t t1 = (r[1].low & LIMB_MASK) + column_above(&r[0]);
    uint64_t t2 = (r[2].low & LIMB_MASK) + column_above(&r[1]);
    uint64_t t3 = (r[3].low & LIMB_MASK) + column_above(&r[2]);
    uint64_t t4 = (r[4].low & LIMB_MASK) + column_above(&r[3]);
    out->limb[0] = (t0 & LIMB_MASK) + 19 * (t4 >> LIMB_BITS);
    out->limb[1] = (t1 & LIMB_MASK) + (t0 >> LIMB_BITS);
    out->limb[2] = (t2 & LIMB_MASK) + (t1 >> LIMB_BITS);
    out->limb[3] = (t3 & LIMB_MASK) + (t2 >> LIMB_BITS);
    out->limb[4] = (t4 & LIMB_MASK) + (t3 >> LIMB_BITS);
}

/* Row by row, so that the columns stay in their registers. No array here is indexed but by
 * constants: a canary would have nothing to guard, in the functions that take most of the time. */
[[clang::no_stack_protector]] void field_multiply(struct field *out, const struct field *a,
                                                  const struct field *b)
{
    /* 2^255 is 19: a column from the sixth on comes back 19 times at the bottom. */
    uint64_t times19[5] __attribute__((uninitialized));
    struct column r[5] __attribute__((uninitialized));

#pragma clang loop unroll(full)
    for (unsigned j = 1; j < 5; j++)
        times19[j] = 19 * b->limb[j];
#pragma clang loop unroll(full)
    for (unsigned j = 0; j < 5; j++)
        column_set(&r[j], a->limb[0], &b->limb[j]);
#pragma clang loop unroll(full)
    for (unsigned i = 1; i < 5; i++) {
        uint64_t factor = a->limb[i];
#pragma clang loop unroll(full)
        for (unsigned j = 0; j < 5; j++) {
            if (i + j < 5)
                column_add(&r[i + j], factor, &b->limb[j]);
            else
                column_add(&r[i + j - 5], factor, &times19[j]);
        }
    }
    reduce(out, r);
}

static inline void square(struct field *out, const struct field *in)
{
    const uint64_t *a = in->limb;
    uint64_t times19[2] = {19 * a[3], 19 * a[4]};
    struct column r[5] __attribute__((uninitialized));

    column_set(&r[0], a[0], &a[0]);
    column_set(&r[1], 2 * a[0], &a[1]);
    column_set(&r[2], 2 * a[0], &a[2]);
    column_set(&r[3], 2 * a[0], &a[3]);
    column_set(&r[4], 2 * a[0], &a[4]);
    column_add(&r[2], a[1], &a[1]);
    column_add(&r[3], 2 * a[1], &a[2]);
    column_add(&r[4], 2 * a[1], &a[3]);
    column_add(&r[0], 2 * a[1], &times19[1]);
    column_add(&r[4], a[2], &a[2]);
    column_add(&r[0], 2 * a[2], &times19[0]);
    column_add(&r[1], 2 * a[2], &times19[1]);
    column_add(&r[1], a[3], &times19[0]);
    column_add(&r[2], 2 * a[3], &times19[1]);
    column_add(&r[3], a[4], &times19[1]);
    reduce(out, r);
}

[[clang::no_stack_protector]] void field_square_times(struct field *out, const struct field *a,
                                                      unsigned count)
{
    struct field r = *a;
    do {
        square(&r, &r);
    } while (--count > 0);
    *out = r;
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
