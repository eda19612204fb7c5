/*
 * ed25519_small_order.h - every encoding of a point whose order divides 8.
 */
#ifndef NONOS_TESTS_SUPPORT_ED25519_SMALL_ORDER_H
#define NONOS_TESTS_SUPPORT_ED25519_SMALL_ORDER_H

/* The eight points; behind them the encodings that are not canonical, of those points that have
 * one: y of p and more, or a sign where x is 0 (RFC 8032 §5.1.3, steps 1 and 4). */
static const char *const SMALL_ORDER[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};
#define SMALL_ORDER_COUNT (sizeof(SMALL_ORDER) / sizeof((SMALL_ORDER)[0]))
#define SMALL_ORDER_CANONICAL_COUNT 8u

#define ORDER_8 SMALL_ORDER[4]

#endif
