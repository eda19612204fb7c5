/*
 * Arithmetic modulo L against OpenSSL's big numbers, with the values where reducing goes wrong.
 */
#include "crypto/ed25519_scalar.h"

#include "tests/support/vectors.h"

#include <openssl/bn.h>

#define RUNS 500

static BN_CTX *context;
static BIGNUM *order;

/* RFC 8032 §5.1: L, written as the standard writes it. */
static int set_up(void **)
{
    BIGNUM *power = BN_new();
    context = BN_CTX_new();
    BN_set_bit(power, 252);
    if (BN_dec2bn(&order, "27742317777372353535851937790883648493") == 0)
        return -1;
    BN_add(order, order, power);
    BN_free(power);
    return 0;
}

static int tear_down(void **)
{
    BN_free(order);
    BN_CTX_free(context);
    return 0;
}

/* Random bytes; in one of four cases a multiple of L and a little, or all ones, or 0. */
static void random_number(uint8_t *bytes, size_t len)
{
    size_t kind = test_random_below(6);
    test_random(bytes, len);
    if (kind == 0) {
        BIGNUM *n = BN_lebin2bn(bytes, (int)len, nullptr);
        BIGNUM *rest = BN_new();
        BN_mod(rest, n, order, context);
        BN_sub(n, n, rest);
        BN_add_word(n, test_random_below(3));
        assert_int_equal(BN_bn2lebinpad(n, bytes, (int)len), len);
        BN_free(n);
        BN_free(rest);
    } else if (kind == 1) {
        memset(bytes, 0xFF, len);
    } else if (kind == 2) {
        memset(bytes, 0, len);
    }
}

static void check(const struct scalar *a, BIGNUM *wanted)
{
    uint8_t bytes[SCALAR_LEN], wanted_bytes[SCALAR_LEN];
    assert_int_equal(BN_nnmod(wanted, wanted, order, context), 1);
    assert_int_equal(BN_bn2lebinpad(wanted, wanted_bytes, SCALAR_LEN), SCALAR_LEN);
    scalar_to_bytes(bytes, a);
    assert_memory_equal(bytes, wanted_bytes, SCALAR_LEN);
    BN_free(wanted);
}

static void test_order_is_that_of_the_standard(void **)
{
    uint8_t bytes[SCALAR_LEN], wanted[SCALAR_LEN];
    scalar_to_bytes(bytes, &SCALAR_ORDER);
    assert_int_equal(BN_bn2lebinpad(order, wanted, SCALAR_LEN), SCALAR_LEN);
    assert_memory_equal(bytes, wanted, SCALAR_LEN);
}

static void test_canonical_is_below_order(void **)
{
    struct scalar a = SCALAR_ORDER;
    assert_false(scalar_is_canonical(&a));
    a.word[0]--;
    assert_true(scalar_is_canonical(&a));
    a.word[0] += 2;
    assert_false(scalar_is_canonical(&a));
    a = (struct scalar){0};
    assert_true(scalar_is_canonical(&a));
    /* A higher word decides before a lower one. */
    a = SCALAR_ORDER;
    a.word[1]--;
    a.word[0] = UINT64_MAX;
    assert_true(scalar_is_canonical(&a));
    a = SCALAR_ORDER;
    a.word[3]++;
    a.word[1] = 0;
    assert_false(scalar_is_canonical(&a));
    for (unsigned run = 0; run < RUNS; run++) {
        uint8_t bytes[SCALAR_LEN];
        random_number(bytes, sizeof bytes);
        bytes[31] &= 0x1F;
        scalar_from_bytes(&a, bytes);
        BIGNUM *n = BN_lebin2bn(bytes, sizeof bytes, nullptr);
        assert_int_equal(scalar_is_canonical(&a), BN_cmp(n, order) < 0);
        BN_free(n);
    }
}

static void test_reduce_512_bits(void **)
{
    for (unsigned run = 0; run < RUNS; run++) {
        uint8_t bytes[2 * SCALAR_LEN];
        struct scalar r;
        random_number(bytes, sizeof bytes);
        scalar_reduce(&r, bytes);
        check(&r, BN_lebin2bn(bytes, sizeof bytes, nullptr));
    }
}

static void test_multiply_add(void **)
{
    for (unsigned run = 0; run < RUNS; run++) {
        uint8_t x[SCALAR_LEN], y[SCALAR_LEN], z[2 * SCALAR_LEN];
        struct scalar a, b, c, r;
        random_number(x, sizeof x);
        random_number(y, sizeof y);
        random_number(z, sizeof z);
        scalar_from_bytes(&a, x);
        scalar_from_bytes(&b, y);
        scalar_reduce(&c, z);
        BIGNUM *p = BN_lebin2bn(x, sizeof x, nullptr), *q = BN_lebin2bn(y, sizeof y, nullptr);
        BIGNUM *wanted = BN_lebin2bn(z, sizeof z, nullptr);
        BN_mul(p, p, q, context);
        BN_add(wanted, wanted, p);
        BN_free(p);
        BN_free(q);
        scalar_multiply_add(&r, &a, &b, &c);
        check(&r, wanted);
        scalar_multiply_add(&a, &a, &b, &c);
        assert_memory_equal(&a, &r, sizeof r);
    }
}

/* c = L - 1 and a product that is -1: the sum is as large as it can be. */
static void test_multiply_add_at_the_largest_sum(void **)
{
    struct scalar one = {{1}}, minus_one = SCALAR_ORDER, r;
    minus_one.word[0]--;
    scalar_multiply_add(&r, &minus_one, &one, &minus_one);
    struct scalar wanted = SCALAR_ORDER;
    wanted.word[0] -= 2;
    assert_memory_equal(&r, &wanted, sizeof r);
    scalar_multiply_add(&r, &minus_one, &minus_one, &minus_one);
    assert_memory_equal(&r, &(struct scalar){0}, sizeof r);
}

static void test_make_odd_adds_order_or_nothing(void **)
{
    for (unsigned run = 0; run < RUNS; run++) {
        uint8_t bytes[SCALAR_LEN];
        struct scalar a, r;
        random_number(bytes, sizeof bytes);
        bytes[31] &= 0x7F;
        scalar_from_bytes(&a, bytes);
        scalar_make_odd(&r, &a);
        assert_int_equal(r.word[0] & 1, 1);
        BIGNUM *wanted = BN_lebin2bn(bytes, sizeof bytes, nullptr);
        if (!BN_is_odd(wanted))
            BN_add(wanted, wanted, order);
        uint8_t r_bytes[SCALAR_LEN], wanted_bytes[SCALAR_LEN];
        assert_int_equal(BN_bn2lebinpad(wanted, wanted_bytes, SCALAR_LEN), SCALAR_LEN);
        scalar_to_bytes(r_bytes, &r);
        assert_memory_equal(r_bytes, wanted_bytes, SCALAR_LEN);
        BN_free(wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_that_of_the_standard),
        cmocka_unit_test(test_canonical_is_below_order),
        cmocka_unit_test(test_reduce_512_bits),
        cmocka_unit_test(test_multiply_add),
        cmocka_unit_test(test_multiply_add_at_the_largest_sum),
        cmocka_unit_test(test_make_odd_adds_order_or_nothing),
    };
    return cmocka_run_group_tests_name("ed25519_scalar", tests, set_up, tear_down);
}
