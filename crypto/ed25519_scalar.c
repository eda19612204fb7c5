#include "crypto/ed25519_scalar.h"

#include "crypto/bytes.h"

__extension__ typedef unsigned __int128 uint128;

const struct scalar SCALAR_ORDER = {
    {0x5812631A5CF5D3ED, 0x14DEF9DEA2F79CD6, 0x0000000000000000, 0x1000000000000000}};

/* Montgomery's form with R = 2^256: R mod L, R^2 mod L, and -1/L mod 2^64. */
static const struct scalar R = {
    {0xD6EC31748D98951D, 0xC6EF5BF4737DCF70, 0xFFFFFFFFFFFFFFFE, 0x0FFFFFFFFFFFFFFF}};
static const struct scalar R_SQUARED = {
    {0xA40611E3449C0F01, 0xD00E1BA768859347, 0xCEEC73D217F5BE65, 0x0399411B7C309A3D}};
#define ORDER_INVERSE UINT64_C(0xD2B51DA312547E1B)

void scalar_from_bytes(struct scalar *out, const uint8_t bytes[SCALAR_LEN])
{
    for (unsigned i = 0; i < 4; i++)
        out->word[i] = load_le64(bytes + 8 * i);
}

void scalar_to_bytes(uint8_t bytes[SCALAR_LEN], const struct scalar *a)
{
    for (unsigned i = 0; i < 4; i++)
        store_le64(bytes + 8 * i, a->word[i]);
}

bool scalar_is_canonical(const struct scalar *a)
{
    for (unsigned i = 4; i-- > 0;) {
        if (a->word[i] != SCALAR_ORDER.word[i])
            return a->word[i] < SCALAR_ORDER.word[i];
    }
    return false;
}

/* out = a + (b where mask is all ones). The sum fits. */
static void add_masked(struct scalar *out, const struct scalar *a, const struct scalar *b,
                       uint64_t mask)
{
    uint128 sum = 0;
    mask = value_barrier(mask);
    for (unsigned i = 0; i < 4; i++) {
        sum += (uint128)a->word[i] + (b->word[i] & mask);
        out->word[i] = (uint64_t)sum;
        sum >>= 64;
    }
}

/* a modulo L for a below 2 L. */
static void subtract_order(struct scalar *a)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint128 difference = (uint128)a->word[i] - SCALAR_ORDER.word[i] - borrow;
        a->word[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    add_masked(a, a, &SCALAR_ORDER, 0 - borrow);
}

/* Adds a * b to the five words at t; the sum fits in them. */
static void add_product(uint64_t t[5], const struct scalar *a, uint64_t b)
{
    uint128 sum = 0;
    for (unsigned i = 0; i < 4; i++) {
        sum += (uint128)a->word[i] * b + t[i];
        t[i] = (uint64_t)sum;
        sum >>= 64;
    }
    t[4] += (uint64_t)sum;
}

/*
 * a * b / R modulo L, below L; a any 256 bits, b below L. Montgomery's product, word by word: each
 * step adds the multiple of L that makes the lowest word zero and drops that word. t stays below
 * L + b < 2 L after each step, so within a step below 2^64 (2 L + b) < 2^320.
 */
static void multiply_montgomery(struct scalar *out, const struct scalar *a, const struct scalar *b)
{
    uint64_t t[5] = {0};
    for (unsigned i = 0; i < 4; i++) {
        add_product(t, b, a->word[i]);
        add_product(t, &SCALAR_ORDER, t[0] * ORDER_INVERSE);
        for (unsigned j = 0; j < 4; j++)
            t[j] = t[j + 1];
        t[4] = 0;
    }
    for (unsigned i = 0; i < 4; i++)
        out->word[i] = t[i];
    subtract_order(out);
    bytes_wipe(t, sizeof t);
}

void scalar_reduce(struct scalar *out, const uint8_t bytes[2 * SCALAR_LEN])
{
    /* low * R / R + high * R^2 / R = low + high * 2^256 */
    struct scalar low, high;
    scalar_from_bytes(&low, bytes);
    scalar_from_bytes(&high, bytes + SCALAR_LEN);
    multiply_montgomery(&low, &low, &R);
    multiply_montgomery(&high, &high, &R_SQUARED);
    add_masked(out, &low, &high, UINT64_MAX);
    subtract_order(out);
    bytes_wipe(&low, sizeof low);
    bytes_wipe(&high, sizeof high);
}

void scalar_multiply_add(struct scalar *out, const struct scalar *a, const struct scalar *b,
                         const struct scalar *c)
{
    struct scalar t;
    multiply_montgomery(&t, a, &R_SQUARED);
    multiply_montgomery(&t, b, &t);
    add_masked(out, &t, c, UINT64_MAX);
    subtract_order(out);
    bytes_wipe(&t, sizeof t);
}

void scalar_make_odd(struct scalar *out, const struct scalar *a)
{
    add_masked(out, a, &SCALAR_ORDER, (a->word[0] & 1) - 1);
}
