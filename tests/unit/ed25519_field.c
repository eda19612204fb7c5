/*
 * Arithmetic modulo 2^255 - 19 against OpenSSL's big numbers, up to the bounds of the limbs.
 */
#include "crypto/ed25519_field.h"

#include "tests/support/vectors.h"

#include <openssl/bn.h>

#define RUNS 300
#define TIGHT_MAX ((UINT64_C(1) << 51) + (UINT64_C(1) << 18) - 1)
#define ADD_MAX ((UINT64_C(1) << 53) - 1)
#define SUBTRACT_MAX ((UINT64_C(1) << 53) - 77)
#define LOOSE_MAX ((UINT64_C(1) << 54) - 1)

static BN_CTX *context;
static BIGNUM *prime;

static int set_up(void **)
{
    context = BN_CTX_new();
    prime = BN_new();
    BN_set_bit(prime, 255);
    return BN_sub_word(prime, 19) == 1 ? 0 : -1;
}

static int tear_down(void **)
{
    BN_free(prime);
    BN_CTX_free(context);
    return 0;
}

/* A number whose limbs are at most max: random, or all as large as can be, or 0, or a mixture. */
static struct field random_field(uint64_t max)
{
    struct field a;
    size_t kind = test_random_below(4);
    for (unsigned i = 0; i < 5; i++) {
        size_t limb_kind = kind == 3 ? test_random_below(3) : kind;
        a.limb[i] = limb_kind == 0 ? max : limb_kind == 1 ? test_random_u64() % (max + 1) : 0;
    }
    return a;
}

/* The value of the limbs, not reduced. */
static BIGNUM *value_of(const struct field *a)
{
    BIGNUM *sum = BN_new();
    BIGNUM *limb = BN_new();
    for (unsigned i = 5; i-- > 0;) {
        assert_int_equal(BN_lshift(sum, sum, 51), 1);
        assert_int_equal(BN_set_word(limb, a->limb[i]), 1);
        assert_int_equal(BN_add(sum, sum, limb), 1);
    }
    BN_free(limb);
    return sum;
}

/* Frees wanted. */
static void check(const struct field *a, BIGNUM *wanted, uint64_t max)
{
    uint8_t bytes[FIELD_LEN], wanted_bytes[FIELD_LEN];
    for (unsigned i = 0; i < 5; i++)
        assert_true(a->limb[i] <= max);
    assert_int_equal(BN_nnmod(wanted, wanted, prime, context), 1);
    assert_int_equal(BN_bn2lebinpad(wanted, wanted_bytes, FIELD_LEN), FIELD_LEN);
    field_to_bytes(bytes, a);
    assert_memory_equal(bytes, wanted_bytes, FIELD_LEN);
    BN_free(wanted);
}

static void test_add_and_subtract_up_to_their_bounds(void **)
{
    for (unsigned run = 0; run < RUNS; run++) {
        struct field a = random_field(ADD_MAX), b = random_field(SUBTRACT_MAX), r;
        BIGNUM *x = value_of(&a), *y = value_of(&b), *sum = BN_new(), *difference = BN_new();
        BN_add(sum, x, y);
        BN_sub(difference, x, y);
        field_add(&r, &a, &b);
        check(&r, sum, LOOSE_MAX);
        field_subtract(&r, &a, &b);
        check(&r, difference, LOOSE_MAX);
        BN_free(x);
        BN_free(y);
    }
}

static void test_multiply_and_square_up_to_their_bounds(void **)
{
    for (unsigned run = 0; run < RUNS; run++) {
        struct field a = random_field(LOOSE_MAX), b = random_field(LOOSE_MAX), r;
        BIGNUM *x = value_of(&a), *y = value_of(&b), *product = BN_new(), *square = BN_new();
        BN_mul(product, x, y, context);
        BN_sqr(square, x, context);
        field_multiply(&r, &a, &b);
        check(&r, product, TIGHT_MAX);
        field_square(&r, &a);
        check(&r, square, TIGHT_MAX);
        BN_free(x);
        BN_free(y);
    }
}

static void test_results_may_be_inputs(void **)
{
    struct field a = random_field(TIGHT_MAX), b = random_field(TIGHT_MAX), wanted, r;
    field_multiply(&wanted, &a, &b);
    r = a;
    field_multiply(&r, &r, &b);
    assert_true(field_is_equal(&r, &wanted));
    r = b;
    field_multiply(&r, &a, &r);
    assert_true(field_is_equal(&r, &wanted));
    field_power_p58(&wanted, &a);
    r = a;
    field_power_p58(&r, &r);
    assert_true(field_is_equal(&r, &wanted));
    field_invert(&wanted, &a);
    r = a;
    field_invert(&r, &r);
    assert_true(field_is_equal(&r, &wanted));
}

static void check_power(const struct field *a, const struct field *r, const BIGNUM *exponent)
{
    BIGNUM *x = value_of(a);
    BN_mod_exp(x, x, exponent, prime, context);
    check(r, x, TIGHT_MAX);
}

static void test_powers(void **)
{
    BIGNUM *exponent = BN_new();
    for (unsigned run = 0; run < 20; run++) {
        struct field a = random_field(LOOSE_MAX), r;
        BN_copy(exponent, prime);
        BN_sub_word(exponent, 2);
        field_invert(&r, &a);
        check_power(&a, &r, exponent);

        BN_copy(exponent, prime);
        BN_sub_word(exponent, 5);
        BN_rshift(exponent, exponent, 3);
        field_power_p58(&r, &a);
        check_power(&a, &r, exponent);

        unsigned count = 1 + (unsigned)test_random_below(300);
        BN_zero(exponent);
        BN_set_bit(exponent, (int)count);
        field_square_times(&r, &a, count);
        check_power(&a, &r, exponent);
    }
    BN_free(exponent);
    struct field zero;
    field_invert(&zero, &FIELD_ZERO);
    assert_true(field_is_zero(&zero));
}

/* Where reducing is most likely to be wrong: around multiples of p, in every representation. */
static void test_encoding_is_canonical_around_p(void **)
{
    for (int distance = -40; distance <= 40; distance++) {
        for (unsigned multiple = 1; multiple <= 2; multiple++) {
            /* multiple * p + distance, as limbs: p is 2^255 - 19. */
            struct field a = {{0, 0, 0, 0, (uint64_t)multiple << 51}};
            int64_t low = distance - 19 * (int64_t)multiple;
            a.limb[4]--;
            for (unsigned i = 1; i < 4; i++)
                a.limb[i] = (UINT64_C(1) << 51) - 1;
            a.limb[0] = (uint64_t)((INT64_C(1) << 51) + low);
            BIGNUM *wanted = value_of(&a);
            check(&a, wanted, LOOSE_MAX);
        }
    }
}

static void test_decoding_keeps_255_bits(void **)
{
    for (unsigned run = 0; run < RUNS; run++) {
        uint8_t bytes[FIELD_LEN];
        struct field a;
        if (run == 0)
            memset(bytes, 0xFF, sizeof bytes);
        else
            test_random(bytes, sizeof bytes);
        field_from_bytes(&a, bytes);
        bytes[31] &= 0x7F;
        check(&a, BN_lebin2bn(bytes, sizeof bytes, nullptr), TIGHT_MAX);
    }
}

static void test_predicates(void **)
{
    struct field p = {{(UINT64_C(1) << 51) - 19, (UINT64_C(1) << 51) - 1, (UINT64_C(1) << 51) - 1,
                       (UINT64_C(1) << 51) - 1, (UINT64_C(1) << 51) - 1}};
    struct field p1 = p;
    p1.limb[0]++;
    assert_true(field_is_zero(&p));
    assert_true(field_is_zero(&FIELD_ZERO));
    assert_false(field_is_zero(&p1));
    assert_true(field_is_equal(&p1, &FIELD_ONE));
    assert_false(field_is_equal(&p, &FIELD_ONE));
    assert_true(field_is_odd(&p1));
    assert_false(field_is_odd(&p));
}

static void test_select_takes_by_mask(void **)
{
    struct field a = random_field(LOOSE_MAX), b = random_field(LOOSE_MAX), r = a;
    field_select(&r, &b, 0);
    assert_memory_equal(&r, &a, sizeof r);
    field_select(&r, &b, UINT64_MAX);
    assert_memory_equal(&r, &b, sizeof r);
}

/* RFC 8032 §5.1 and §5.1.3: the constant's square is -1. */
static void test_root_of_minus_one(void **)
{
    BIGNUM *two = BN_new(), *exponent = BN_dup(prime);
    BN_set_word(two, 2);
    BN_rshift(exponent, exponent, 2);
    BN_mod_exp(two, two, exponent, prime, context);
    BN_free(exponent);
    check(&FIELD_SQRT_MINUS_ONE, two, TIGHT_MAX);
    struct field square;
    field_square(&square, &FIELD_SQRT_MINUS_ONE);
    field_add(&square, &square, &FIELD_ONE);
    assert_true(field_is_zero(&square));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_and_subtract_up_to_their_bounds),
        cmocka_unit_test(test_multiply_and_square_up_to_their_bounds),
        cmocka_unit_test(test_results_may_be_inputs),
        cmocka_unit_test(test_powers),
        cmocka_unit_test(test_encoding_is_canonical_around_p),
        cmocka_unit_test(test_decoding_keeps_255_bits),
        cmocka_unit_test(test_predicates),
        cmocka_unit_test(test_select_takes_by_mask),
        cmocka_unit_test(test_root_of_minus_one),
    };
    return cmocka_run_group_tests_name("ed25519_field", tests, set_up, tear_down);
}
