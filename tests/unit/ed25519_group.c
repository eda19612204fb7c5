/*
 * The curve: constants against RFC 8032 §5.1, the comb's table computed again, multiples against
 * libsodium.
 */
#include "crypto/ed25519_group.h"

#include "crypto/bytes.h"
#include "tests/support/ed25519_small_order.h"
#include "tests/support/vectors.h"

#include <openssl/bn.h>
#include <sodium.h>

#define RUNS 100

/* RFC 8032 §5.1, table 1: B and d in decimal. */
#define BASE_X "15112221349535400772501151409588531511454012693041857206046113283949847762202"
#define BASE_Y "46316835694926478169428394003475163141307993866256225615783033603165251855960"
#define CURVE_D "37095705934669439343138083508754565189542113879843219016388785533085940283555"

static struct field field_of_decimal(const char *decimal)
{
    BIGNUM *n = nullptr;
    uint8_t bytes[FIELD_LEN];
    struct field a;
    assert_true(BN_dec2bn(&n, decimal) > 0);
    assert_int_equal(BN_bn2lebinpad(n, bytes, FIELD_LEN), FIELD_LEN);
    BN_free(n);
    field_from_bytes(&a, bytes);
    return a;
}

static struct group_point base_point(void)
{
    struct group_point b = {field_of_decimal(BASE_X), field_of_decimal(BASE_Y), FIELD_ONE, {{0}}};
    field_multiply(&b.t, &b.x, &b.y);
    return b;
}

/* -x^2 + y^2 = 1 + d x^2 y^2 with d of the standard, for a point with z = 1. */
static void check_on_curve(const struct group_point *p)
{
    struct field d = field_of_decimal(CURVE_D), x2, y2, left, right;
    field_square(&x2, &p->x);
    field_square(&y2, &p->y);
    field_subtract(&left, &y2, &x2);
    field_multiply(&right, &x2, &y2);
    field_multiply(&right, &right, &d);
    field_add(&right, &right, &FIELD_ONE);
    assert_true(field_is_equal(&left, &right));
}

/* t goes with x, y and z. */
static void check_t(const struct group_point *p)
{
    struct field left, right;
    field_multiply(&left, &p->x, &p->y);
    field_multiply(&right, &p->z, &p->t);
    assert_true(field_is_equal(&left, &right));
}

static void random_scalar(struct scalar *out, uint8_t bytes[SCALAR_LEN])
{
    uint8_t wide[2 * SCALAR_LEN];
    test_random(wide, sizeof wide);
    scalar_reduce(out, wide);
    scalar_to_bytes(bytes, out);
}

/* Affine x and y, by dividing. */
static void make_affine(struct group_point *p)
{
    struct field inverse;
    field_invert(&inverse, &p->z);
    field_multiply(&p->x, &p->x, &inverse);
    field_multiply(&p->y, &p->y, &inverse);
    field_multiply(&p->t, &p->x, &p->y);
    p->z = FIELD_ONE;
}

static void test_base_point_is_that_of_the_standard(void **)
{
    struct group_point b = base_point(), p;
    struct scalar one = {{1}};
    uint8_t bytes[GROUP_POINT_LEN];
    check_on_curve(&b);
    group_multiply_base(&p, &one);
    make_affine(&p);
    assert_true(field_is_equal(&p.x, &b.x));
    assert_true(field_is_equal(&p.y, &b.y));
    group_encode(bytes, &p);
    for (unsigned i = 0; i < GROUP_POINT_LEN; i++)
        assert_int_equal(bytes[i], i == 0 ? 0x58 : 0x66);
}

static void test_base_point_has_order_l(void **)
{
    struct group_point b = base_point(), p;
    struct scalar l1 = SCALAR_ORDER;
    group_multiply_base(&p, &SCALAR_ORDER);
    assert_true(group_is_neutral(&p));
    group_multiply_add_public(&p, &SCALAR_ORDER, &b, nullptr);
    assert_true(group_is_neutral(&p));
    l1.word[0]--;
    group_multiply_add_public(&p, &l1, &b, nullptr);
    assert_false(group_is_neutral(&p));
    group_negate(&p);
    make_affine(&p);
    assert_true(field_is_equal(&p.x, &b.x));
    assert_true(field_is_equal(&p.y, &b.y));
}

/* Each entry of the table from B alone, by the function that does not use the table. */
static void test_comb_table_comes_of_the_base_point(void **)
{
    struct field d = field_of_decimal(CURVE_D);
    for (unsigned i = 0; i < GROUP_COMB_COUNT; i++) {
        /* The entry's multiple of B: 2^215 and, for each tooth, plus or minus 2^(43 n). */
        BIGNUM *multiple = BN_new(), *tooth = BN_new();
        BN_set_bit(multiple, 215);
        for (int n = 0; n < 5; n++) {
            BN_zero(tooth);
            BN_set_bit(tooth, 43 * n);
            if (i >> n & 1)
                BN_add(multiple, multiple, tooth);
            else
                BN_sub(multiple, multiple, tooth);
        }
        uint8_t bytes[SCALAR_LEN], entry[3 * FIELD_LEN], wanted[3 * FIELD_LEN];
        assert_int_equal(BN_bn2lebinpad(multiple, bytes, SCALAR_LEN), SCALAR_LEN);
        BN_free(multiple);
        BN_free(tooth);
        struct scalar k;
        struct group_point b = base_point(), p;
        scalar_from_bytes(&k, bytes);
        group_multiply_add_public(&p, &k, &b, nullptr);
        make_affine(&p);
        struct field r;
        field_add(&r, &p.y, &p.x);
        field_to_bytes(wanted, &r);
        field_subtract(&r, &p.y, &p.x);
        field_to_bytes(wanted + FIELD_LEN, &r);
        field_multiply(&r, &p.t, &d);
        field_add(&r, &r, &r);
        field_to_bytes(wanted + 2 * FIELD_LEN, &r);
        for (unsigned j = 0; j < GROUP_COMB_WORDS; j++)
            store_le64(entry + 8 * j, GROUP_COMB[i][j]);
        assert_memory_equal(entry, wanted, sizeof entry);
    }
}

static void test_multiples_of_base_are_those_of_libsodium(void **)
{
    for (unsigned run = 0; run < RUNS; run++) {
        struct scalar k;
        struct group_point p;
        uint8_t k_bytes[SCALAR_LEN], wanted[GROUP_POINT_LEN], bytes[GROUP_POINT_LEN];
        random_scalar(&k, k_bytes);
        if (run < 8) {
            k = (struct scalar){{run + 1}};
            scalar_to_bytes(k_bytes, &k);
        }
        group_multiply_base(&p, &k);
        group_encode(bytes, &p);
        assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(wanted, k_bytes), 0);
        assert_memory_equal(bytes, wanted, sizeof wanted);
        check_t(&p);
    }
}

/* The largest number it takes, 2^255 - 1, which is 2^255 - 1 - 7 L modulo L. */
static void test_multiple_of_base_at_its_bound(void **)
{
    struct scalar large = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX >> 1}}, reduced;
    uint8_t wide[2 * SCALAR_LEN] = {0}, a[GROUP_POINT_LEN], b[GROUP_POINT_LEN];
    struct group_point p;
    scalar_to_bytes(wide, &large);
    scalar_reduce(&reduced, wide);
    group_multiply_base(&p, &large);
    group_encode(a, &p);
    group_multiply_base(&p, &reduced);
    group_encode(b, &p);
    assert_memory_equal(a, b, sizeof a);
    struct scalar zero = {0};
    group_multiply_base(&p, &zero);
    assert_true(group_is_neutral(&p));
}

static void test_sums_of_multiples_are_those_of_libsodium(void **)
{
    for (unsigned run = 0; run < RUNS; run++) {
        struct scalar k, s, m;
        struct group_point a, p;
        uint8_t k_bytes[32], s_bytes[32], m_bytes[32], a_bytes[32], x[32], y[32], bytes[32];
        random_scalar(&k, k_bytes);
        random_scalar(&s, s_bytes);
        random_scalar(&m, m_bytes);
        assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(a_bytes, m_bytes), 0);
        assert_true(group_decode(&a, a_bytes));
        assert_int_equal(crypto_scalarmult_ed25519_noclamp(x, k_bytes, a_bytes), 0);
        assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(y, s_bytes), 0);
        group_multiply_add_public(&p, &k, &a, nullptr);
        check_t(&p);
        group_encode(bytes, &p);
        assert_memory_equal(bytes, x, sizeof bytes);
        assert_int_equal(crypto_core_ed25519_add(x, x, y), 0);
        group_multiply_add_public(&p, &k, &a, &s);
        check_t(&p);
        group_encode(bytes, &p);
        assert_memory_equal(bytes, x, sizeof bytes);
    }
}

/* Numbers that make long runs of carries in the digits: 2^n - 1, 2^n, 2^n + 1. */
static void test_multiples_near_powers_of_two(void **)
{
    struct group_point b = base_point(), p;
    for (int n = 1; n < 253; n++) {
        for (int add = -1; add <= 1; add++) {
            uint8_t k_bytes[32] = {0}, wanted[32], bytes[32];
            BIGNUM *number = BN_new();
            BN_set_bit(number, n);
            if (add < 0)
                BN_sub_word(number, 1);
            else
                BN_add_word(number, (BN_ULONG)add);
            BN_bn2lebinpad(number, k_bytes, 32);
            BN_free(number);
            struct scalar k;
            scalar_from_bytes(&k, k_bytes);
            assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(wanted, k_bytes), 0);
            group_multiply_add_public(&p, &k, &b, nullptr);
            group_encode(bytes, &p);
            assert_memory_equal(bytes, wanted, 32);
        }
    }
}

static void test_decode_and_encode_are_inverse(void **)
{
    unsigned points = 0;
    for (unsigned run = 0; run < RUNS; run++) {
        uint8_t bytes[32], again[32];
        struct group_point p;
        test_random(bytes, sizeof bytes);
        if (!group_decode(&p, bytes)) {
            /* An output of a failure is the neutral element. */
            assert_true(group_is_neutral(&p));
            continue;
        }
        points++;
        check_on_curve(&p);
        group_encode(again, &p);
        assert_memory_equal(again, bytes, sizeof bytes);
    }
    assert_true(points > 0 && points < RUNS);
}

static void test_decode_refuses_second_encodings(void **)
{
    for (size_t i = SMALL_ORDER_CANONICAL_COUNT; i < SMALL_ORDER_COUNT; i++) {
        uint8_t bytes[GROUP_POINT_LEN];
        struct group_point p;
        hex_decode_to(SMALL_ORDER[i], bytes, sizeof bytes);
        assert_false(group_decode(&p, bytes));
        assert_true(group_is_neutral(&p));
    }
}

static void test_orders(void **)
{
    struct group_point b = base_point(), p, sum;
    uint8_t bytes[32], sum_bytes[32];
    assert_false(group_has_small_order(&b));
    assert_false(group_is_neutral(&b));
    hex_decode_to(ORDER_8, bytes, 32);
    assert_true(group_decode(&p, bytes));
    assert_true(group_has_small_order(&p));
    assert_false(group_is_neutral(&p));
    /* L times a point of order 8 is 5 times it: L is 5 modulo 8. */
    group_multiply_add_public(&sum, &SCALAR_ORDER, &p, nullptr);
    group_encode(sum_bytes, &sum);
    uint8_t wanted[32];
    memcpy(wanted, bytes, sizeof wanted);
    for (unsigned i = 1; i < 5; i++)
        assert_int_equal(crypto_core_ed25519_add(wanted, wanted, bytes), 0);
    assert_memory_equal(sum_bytes, wanted, sizeof wanted);
    struct scalar eight = {{8}}, four = {{4}};
    group_multiply_add_public(&sum, &eight, &p, nullptr);
    assert_true(group_is_neutral(&sum));
    /* (0, -1) has x = 0 too. */
    group_multiply_add_public(&sum, &four, &p, nullptr);
    assert_false(group_is_neutral(&sum));
    assert_true(group_has_small_order(&sum));
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_point_is_that_of_the_standard),
        cmocka_unit_test(test_base_point_has_order_l),
        cmocka_unit_test(test_comb_table_comes_of_the_base_point),
        cmocka_unit_test(test_multiples_of_base_are_those_of_libsodium),
        cmocka_unit_test(test_multiple_of_base_at_its_bound),
        cmocka_unit_test(test_sums_of_multiples_are_those_of_libsodium),
        cmocka_unit_test(test_multiples_near_powers_of_two),
        cmocka_unit_test(test_decode_and_encode_are_inverse),
        cmocka_unit_test(test_decode_refuses_second_encodings),
        cmocka_unit_test(test_orders),
    };
    return cmocka_run_group_tests_name("ed25519_group", tests, nullptr, nullptr);
}
