/*
 * ml-dsa-65.c - PQClean's ML-DSA-65 as one translation unit, so that its small functions can be
 * inlined into each other; compiled file by file they are calls.
 *
 * The functions declared here stay calls. They are where tests/constant_time/ declares values
 * public or names what a secret may decide, and it does so in the very code that the programs run;
 * tests/unit/mldsa65_strict.c stands in front of one of them.
 */
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/polyvec.h"

/* The attribute is what is new in the declarations; .c files are what there is to include. */
/* NOLINTBEGIN(readability-redundant-declaration, bugprone-suspicious-include) */
[[gnu::noinline]] void PQCLEAN_MLDSA65_CLEAN_poly_challenge(poly *c, const uint8_t *seed);
[[gnu::noinline]] int PQCLEAN_MLDSA65_CLEAN_poly_chknorm(const poly *a, int32_t bound);
[[gnu::noinline]] unsigned
PQCLEAN_MLDSA65_CLEAN_polyveck_make_hint(polyveck *hint, const polyveck *low, const polyveck *high);

#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/ntt.c"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/packing.c"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/poly.c"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/polyvec.c"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/reduce.c"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/rounding.c"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/sign.c"
#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/symmetric-shake.c"
/* NOLINTEND(readability-redundant-declaration, bugprone-suspicious-include) */
