/*
 * verdict.h - the answer of a signature check.
 *
 * Neither value is one that a skipped instruction, a zeroed register or a small constant leaves
 * behind; they differ in all 32 bits. A caller compares with CRYPTO_VALID and takes anything else
 * as invalid.
 */
#ifndef NONOS_CRYPTO_VERDICT_H
#define NONOS_CRYPTO_VERDICT_H

#include <stdint.h>

typedef uint32_t crypto_verdict;

#define CRYPTO_VALID UINT32_C(0xB5E9D36B)
#define CRYPTO_INVALID UINT32_C(0x4A162C94)
static_assert((CRYPTO_VALID ^ CRYPTO_INVALID) == UINT32_MAX);

#endif
