/*
 * pqc_random.h - the armed hook behind PQClean's randombytes().
 *
 * PQClean asks for randomness from inside its operations. The adapter arms the hook with exactly
 * the bytes the operation may take (FIPS 203 d, z, m; FIPS 204 xi, rnd) and disarms it after. Bytes
 * taken while it is not armed, or past the end, stop the program through pqc_random_failed().
 */
#ifndef NONOS_CRYPTO_PQC_RANDOM_H
#define NONOS_CRYPTO_PQC_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* bytes stays the caller's and must live until pqc_random_disarm. */
void pqc_random_arm(const uint8_t *bytes, size_t len);

/* Whether all armed bytes were taken; disarms in either case. */
[[nodiscard]] bool pqc_random_disarm(void);

/* Provided by each program: says so and stops it (kernel: panic; host: abort). */
[[noreturn]] void pqc_random_failed(void);

#endif
