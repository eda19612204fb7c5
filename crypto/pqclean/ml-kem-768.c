/*
 * ml-kem-768.c - PQClean's ML-KEM-768 as one translation unit, so that its small functions can be
 * inlined into each other; compiled file by file they are calls.
 *
 * The functions declared here stay calls. cmov_int16 selects by a mask: inlined, the compiler sees
 * that it comes of one bit and makes a branch on a secret of it. At the other one
 * tests/constant_time/ declares a value public, in the very code that the programs run.
 */
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/symmetric.h"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/verify.h"

/* The attribute is what is new in the declarations; .c files are what there is to include. */
/* NOLINTBEGIN(readability-redundant-declaration, bugprone-suspicious-include) */
[[gnu::noinline]] void PQCLEAN_MLKEM768_CLEAN_cmov_int16(int16_t *r, int16_t v, uint16_t b);
[[gnu::noinline]] void PQCLEAN_MLKEM768_CLEAN_kyber_shake128_absorb(xof_state *state,
                                                                    const uint8_t *seed, uint8_t x,
                                                                    uint8_t y);

#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/cbd.c"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/indcpa.c"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/kem.c"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/ntt.c"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/poly.c"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/polyvec.c"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/reduce.c"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/symmetric-shake.c"
#include "node_modules/pqclean/deps/PQClean/crypto_kem/ml-kem-768/clean/verify.c"
/* NOLINTEND(readability-redundant-declaration, bugprone-suspicious-include) */
