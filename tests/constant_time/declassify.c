/*
 * Every place where a value that came of a secret is declared public, and why it is.
 *
 * The linker's --wrap puts these functions between PQClean's files; PQClean's own code runs
 * unchanged. What else a secret may decide is in memcheck.supp: one function.
 */
#include <stdint.h>
#include <valgrind/memcheck.h>

#define MLKEM_RHO_LEN 32u
#define MLDSA_CHALLENGE_LEN 48u
#define MLDSA_VECTOR_LEN (6u * 256u * sizeof(int32_t)) /* polyveck: k = 6 polynomials */

#define SHAKE128_ABSORB PQCLEAN_MLKEM768_CLEAN_kyber_shake128_absorb
#define CHALLENGE PQCLEAN_MLDSA65_CLEAN_poly_challenge
#define MAKE_HINT PQCLEAN_MLDSA65_CLEAN_polyveck_make_hint

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define REAL(name) JOIN(__real_, name)
#define WRAP(name) JOIN(__wrap_, name)

void REAL(SHAKE128_ABSORB)(void *state, const uint8_t *seed, uint8_t x, uint8_t y);
void WRAP(SHAKE128_ABSORB)(void *state, const uint8_t *seed, uint8_t x, uint8_t y);
void REAL(CHALLENGE)(void *challenge, const uint8_t *seed);
void WRAP(CHALLENGE)(void *challenge, const uint8_t *seed);
unsigned REAL(MAKE_HINT)(void *hint, const void *low, const void *high);
unsigned WRAP(MAKE_HINT)(void *hint, const void *low, const void *high);

/* ML-KEM key generation: rho, half of G(d || k), is part of the encapsulation key (FIPS 203 §5.1),
 * and the matrix is sampled from it with rejection. SHAKE128 is used for nothing else. */
void WRAP(SHAKE128_ABSORB)(void *state, const uint8_t *seed, uint8_t x, uint8_t y)
{
    VALGRIND_MAKE_MEM_DEFINED(seed, MLKEM_RHO_LEN);
    REAL(SHAKE128_ABSORB)(state, seed, x, y);
}

/* ML-DSA signing: c~ is the signature's first part (FIPS 204 §6.2). That of a rejected round is not
 * released; it is a hash of w1, whose preimage the rejected y keeps unknown. */
void WRAP(CHALLENGE)(void *challenge, const uint8_t *seed)
{
    VALGRIND_MAKE_MEM_DEFINED(seed, MLDSA_CHALLENGE_LEN);
    REAL(CHALLENGE)(challenge, seed);
}

/* ML-DSA signing, after the three norms are accepted: low and high are the parts of A*z - c*t1*2^d,
 * which whoever has signature and public key computes too. A round that ends here for too many
 * hints is not released; that it ended is part of the rejection loop. */
unsigned WRAP(MAKE_HINT)(void *hint, const void *low, const void *high)
{
    VALGRIND_MAKE_MEM_DEFINED(low, MLDSA_VECTOR_LEN);
    VALGRIND_MAKE_MEM_DEFINED(high, MLDSA_VECTOR_LEN);
    return REAL(MAKE_HINT)(hint, low, high);
}
