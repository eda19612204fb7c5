#include "crypto/ed25519_group.h"

#include "crypto/bytes.h"

#include <string.h>

/* RFC 8032 §5.1: d = -121665/121666, and twice that. */
static const struct field D = {
    {0x34DCA135978A3, 0x1A8283B156EBD, 0x5E7A26001C029, 0x739C663A03CBB, 0x52036CEE2B6FF}};
static const struct field TWO_D = {
    {0x69B9426B2F159, 0x35050762ADD7A, 0x3CF44C0038052, 0x6738CC7407977, 0x2406D9DC56DFF}};

/* A point made ready to be added: y + x, y - x and 2 d t, of x y = t where z is 1. */
struct addend {
    struct field sum;
    struct field difference;
    struct field t2d;
};

/* The same where z is any number. */
struct multiple {
    struct addend addend;
    struct field z;
};

static const struct group_point NEUTRAL = {.y = {{1}}, .z = {{1}}};

/* Loose to tight. */
static void tighten(struct field *a)
{
    field_multiply(a, a, &FIELD_ONE);
}

/* The last step of both formulas below. A doubling does not read t, so t can be left out before
 * one; p->t is then meaningless. */
static void finish(struct group_point *p, const struct field *e, const struct field *f,
                   const struct field *g, const struct field *h, bool with_t)
{
    field_multiply(&p->x, e, f);
    field_multiply(&p->y, g, h);
    field_multiply(&p->z, f, g);
    if (with_t)
        field_multiply(&p->t, e, h);
}

/* RFC 8032 §5.1.4, doubling. Bounds: the sums of two and three tight numbers are below 2^53, so
 * that each difference is loose. */
static void double_point(struct group_point *p, bool with_t)
{
    struct field a, b, e, f, g, h;
    field_square(&a, &p->x);
    field_square(&b, &p->y);
    field_add(&h, &a, &b);
    field_add(&e, &p->x, &p->y);
    field_square(&e, &e);
    field_subtract(&e, &h, &e);
    field_subtract(&g, &a, &b);
    field_square(&f, &p->z);
    field_add(&f, &f, &f);
    field_add(&f, &f, &a);
    field_subtract(&f, &f, &b);
    finish(p, &e, &f, &g, &h, with_t);
}

/* RFC 8032 §5.1.4, addition; z is that of q, or null where it is 1. p->t is read. */
static void add_to_point(struct group_point *p, const struct addend *q, const struct field *z,
                         bool with_t)
{
    struct field a, b, c, d, e, f;
    field_subtract(&a, &p->y, &p->x);
    field_multiply(&a, &a, &q->difference);
    field_add(&b, &p->y, &p->x);
    field_multiply(&b, &b, &q->sum);
    field_multiply(&c, &p->t, &q->t2d);
    d = p->z;
    if (z)
        field_multiply(&d, &d, z);
    field_add(&d, &d, &d);
    field_subtract(&e, &b, &a);
    field_subtract(&f, &d, &c);
    field_add(&d, &d, &c);
    field_add(&b, &b, &a);
    finish(p, &e, &f, &d, &b, with_t);
}

static void make_multiple(struct multiple *out, const struct group_point *p)
{
    field_add(&out->addend.sum, &p->y, &p->x);
    field_subtract(&out->addend.difference, &p->y, &p->x);
    field_multiply(&out->addend.t2d, &p->t, &TWO_D);
    out->z = p->z;
}

/* Minus the addend where mask is all ones. */
static void negate_addend(struct addend *a, uint64_t mask)
{
    struct field sum = a->sum, negative;
    field_subtract(&negative, &FIELD_ZERO, &a->t2d);
    field_select(&a->sum, &a->difference, mask);
    field_select(&a->difference, &sum, mask);
    field_select(&a->t2d, &negative, mask);
}

/* RFC 8032 §5.1.3, steps 2 and 3: whether x^2 w = v has a solution, which then is in *x. v and w
 * are public. */
static bool square_root_of_ratio(struct field *x, const struct field *v, const struct field *w)
{
    struct field w3, r, check, minus;
    field_square(&w3, w);
    field_multiply(&w3, &w3, w);
    field_square(&r, &w3);
    field_multiply(&r, &r, w);
    field_multiply(&r, &r, v);
    field_power_p58(&r, &r);
    field_multiply(&r, &r, &w3);
    field_multiply(&r, &r, v); /* v w^3 (v w^7)^((p-5)/8) */
    field_square(&check, &r);
    field_multiply(&check, &check, w);
    field_subtract(&minus, &FIELD_ZERO, v);
    if (field_is_equal(&check, &minus))
        field_multiply(&r, &r, &FIELD_SQRT_MINUS_ONE);
    else if (!field_is_equal(&check, v))
        return false;
    *x = r;
    return true;
}

bool group_decode(struct group_point *out, const uint8_t bytes[GROUP_POINT_LEN])
{
    struct field x, y, v, w;
    uint8_t canonical[GROUP_POINT_LEN];
    bool odd = bytes[31] >> 7;
    *out = NEUTRAL;
    field_from_bytes(&y, bytes);
    field_to_bytes(canonical, &y);
    canonical[31] |= bytes[31] & 0x80;
    if (!bytes_equal(canonical, bytes, sizeof canonical))
        return false;
    field_square(&w, &y);
    field_subtract(&v, &w, &FIELD_ONE);
    tighten(&v);
    field_multiply(&w, &w, &D);
    field_add(&w, &w, &FIELD_ONE);
    if (!square_root_of_ratio(&x, &v, &w))
        return false;
    if (field_is_zero(&x) && odd)
        return false;
    if (field_is_odd(&x) != odd)
        field_subtract(&x, &FIELD_ZERO, &x);
    tighten(&x);
    out->x = x;
    out->y = y;
    field_multiply(&out->t, &x, &y);
    return true;
}

void group_encode(uint8_t bytes[GROUP_POINT_LEN], const struct group_point *a)
{
    struct field inverse, x, y;
    field_invert(&inverse, &a->z);
    field_multiply(&x, &a->x, &inverse);
    field_multiply(&y, &a->y, &inverse);
    field_to_bytes(bytes, &y);
    bytes[31] |= (uint8_t)(field_is_odd(&x) << 7);
    bytes_wipe(&inverse, sizeof inverse);
}

void group_negate(struct group_point *a)
{
    field_subtract(&a->x, &FIELD_ZERO, &a->x);
    tighten(&a->x);
    field_subtract(&a->t, &FIELD_ZERO, &a->t);
    tighten(&a->t);
}

bool group_is_neutral(const struct group_point *a)
{
    return field_is_zero(&a->x) && field_is_equal(&a->y, &a->z);
}

bool group_has_small_order(const struct group_point *a)
{
    struct group_point p = *a;
    for (unsigned i = 0; i < 3; i++)
        double_point(&p, false);
    return group_is_neutral(&p);
}

/*
 * Bit i of the comb's form of an odd k below 2^256: k is the sum over i = 0 .. 257 of
 * (2 c_i - 1) 2^i, where c = (k + 2^258 - 1) / 2 = (k >> 1) + 2^257.
 */
static uint64_t comb_bit(const struct scalar *odd, unsigned i)
{
    if (i == GROUP_COMB_TEETH * GROUP_COMB_SPACING - 1)
        return 1;
    return i + 1 < 256 ? odd->word[(i + 1) / 64] >> ((i + 1) % 64) & 1 : 0;
}

/* What column adds: which entry of the table, and whether minus it (all ones) or it (0). */
static uint64_t comb_index(uint64_t *negative, const struct scalar *odd, unsigned column)
{
    uint64_t index = 0;
    for (unsigned i = GROUP_COMB_TEETH - 1; i-- > 0;)
        index = index << 1 | comb_bit(odd, column + i * GROUP_COMB_SPACING);
    uint64_t top = comb_bit(odd, column + (GROUP_COMB_TEETH - 1) * GROUP_COMB_SPACING);
    *negative = value_barrier(top - 1);
    return (index ^ *negative) & (GROUP_COMB_COUNT - 1);
}

static void decode_comb(struct addend *out, const uint64_t words[GROUP_COMB_WORDS])
{
    uint8_t bytes[8 * GROUP_COMB_WORDS];
    for (unsigned j = 0; j < GROUP_COMB_WORDS; j++)
        store_le64(bytes + 8 * j, words[j]);
    field_from_bytes(&out->sum, bytes);
    field_from_bytes(&out->difference, bytes + FIELD_LEN);
    field_from_bytes(&out->t2d, bytes + 2 * FIELD_LEN);
    bytes_wipe(bytes, sizeof bytes);
}

/* Every entry is read whichever it is. */
static void select_comb(struct addend *out, const struct scalar *odd, unsigned column)
{
    uint64_t negative, words[GROUP_COMB_WORDS] = {0};
    uint64_t index = comb_index(&negative, odd, column);
    for (unsigned i = 0; i < GROUP_COMB_COUNT; i++) {
        uint64_t mask = value_barrier(0 - (((i ^ index) - 1) >> 63));
        for (unsigned j = 0; j < GROUP_COMB_WORDS; j++)
            words[j] |= GROUP_COMB[i][j] & mask;
    }
    decode_comb(out, words);
    negate_addend(out, negative);
    bytes_wipe(words, sizeof words);
}

/* The same for a public number: only the one entry is read. */
static void select_comb_public(struct addend *out, const struct scalar *odd, unsigned column)
{
    uint64_t negative;
    uint64_t index = comb_index(&negative, odd, column);
    decode_comb(out, GROUP_COMB[index]);
    negate_addend(out, negative);
}

void group_multiply_base(struct group_point *out, const struct scalar *k)
{
    struct scalar odd;
    struct addend addend;
    scalar_make_odd(&odd, k);
    *out = NEUTRAL;
    for (unsigned column = GROUP_COMB_SPACING; column-- > 0;) {
        double_point(out, true);
        select_comb(&addend, &odd, column);
        add_to_point(out, &addend, nullptr, column == 0);
    }
    bytes_wipe(&odd, sizeof odd);
    bytes_wipe(&addend, sizeof addend);
}

/* Digits of k: odd, between -15 and 15, or 0, and of five in a row at most one is not 0. */
#define DIGIT_COUNT 254u
#define DIGIT_BITS 5u

static void make_digits(int16_t digits[DIGIT_COUNT], const struct scalar *k)
{
    unsigned carry = 0;
    memset(digits, 0, DIGIT_COUNT * sizeof *digits);
    for (unsigned i = 0; i < DIGIT_COUNT;) {
        uint64_t bits = k->word[i / 64] >> (i % 64);
        if (i % 64 > 64 - DIGIT_BITS && i / 64 < 3)
            bits |= k->word[i / 64 + 1] << (64 - i % 64);
        unsigned window = (unsigned)(bits & ((1u << DIGIT_BITS) - 1)) + carry;
        if (window % 2 == 0) {
            i++;
            continue;
        }
        carry = window >> (DIGIT_BITS - 1);
        digits[i] = (int16_t)((int)window - (int)(carry << DIGIT_BITS));
        i += DIGIT_BITS;
    }
}

/* The odd multiples 1, 3, .. 15 of a. */
static void make_odd_multiples(struct multiple out[8], const struct group_point *a)
{
    struct group_point p = *a;
    struct multiple twice;
    double_point(&p, true);
    make_multiple(&twice, &p);
    p = *a;
    for (unsigned i = 0; i < 8; i++) {
        make_multiple(&out[i], &p);
        if (i < 7)
            add_to_point(&p, &twice.addend, &twice.z, true);
    }
}

/* One walk down the bits serves both: a's digits from the top, B's comb in the last columns. */
void group_multiply_add_public(struct group_point *out, const struct scalar *k,
                               const struct group_point *a, const struct scalar *s)
{
    int16_t digits[DIGIT_COUNT];
    struct multiple multiples[8];
    struct addend addend;
    struct scalar odd = {0};
    make_digits(digits, k);
    make_odd_multiples(multiples, a);
    if (s)
        scalar_make_odd(&odd, s);
    *out = NEUTRAL;
    for (unsigned i = DIGIT_COUNT; i-- > 0;) {
        int digit = digits[i];
        bool comb = s && i < GROUP_COMB_SPACING;
        double_point(out, digit != 0 || comb || i == 0);
        if (digit != 0) {
            const struct multiple *multiple = &multiples[(digit < 0 ? -digit : digit) / 2];
            addend = multiple->addend;
            negate_addend(&addend, digit < 0 ? UINT64_MAX : 0);
            add_to_point(out, &addend, &multiple->z, comb || i == 0);
        }
        if (comb) {
            select_comb_public(&addend, &odd, i);
            add_to_point(out, &addend, nullptr, i == 0);
        }
    }
}
