/*
 * fips202.h - PQClean's interface to SHA-3 and SHAKE, on top of crypto/keccak.h.
 *
 * PQClean's sources include a header of this name; -Icrypto/pqclean makes it this one. It has the
 * functions that ML-KEM-768 and ML-DSA-65 call and no others. PQClean's own version keeps the
 * state on the heap and exits when there is none; here the state is the object itself, so there
 * is nothing to release: it lies on the workspace (crypto/workspace.h), which is wiped as a whole.
 */
#ifndef NONOS_CRYPTO_PQCLEAN_FIPS202_H
#define NONOS_CRYPTO_PQCLEAN_FIPS202_H

#include "crypto/keccak.h"

#include <stddef.h>
#include <stdint.h>

#define SHAKE128_RATE KECCAK_SHAKE128_RATE
#define SHAKE256_RATE KECCAK_SHAKE256_RATE

typedef struct keccak shake128ctx;
typedef struct keccak shake128incctx;
typedef struct keccak shake256incctx;

/* SHAKE128, incremental. */
static inline void shake128_inc_init(shake128incctx *state)
{
    keccak_init(state, KECCAK_SHAKE128_RATE);
}

static inline void shake128_inc_absorb(shake128incctx *state, const uint8_t *input, size_t len)
{
    keccak_absorb(state, input, len);
}

static inline void shake128_inc_finalize(shake128incctx *state)
{
    keccak_finish(state, KECCAK_SHAKE_SUFFIX);
}

static inline void shake128_inc_squeeze(uint8_t *out, size_t len, shake128incctx *state)
{
    keccak_squeeze(state, out, len);
}

static inline void shake128_inc_ctx_release([[maybe_unused]] shake128incctx *state)
{
}

/* SHAKE128 of one input, squeezed in whole blocks. */
static inline void shake128_absorb(shake128ctx *state, const uint8_t *input, size_t len)
{
    keccak_init(state, KECCAK_SHAKE128_RATE);
    keccak_absorb(state, input, len);
    keccak_finish(state, KECCAK_SHAKE_SUFFIX);
}

static inline void shake128_squeezeblocks(uint8_t *out, size_t block_count, shake128ctx *state)
{
    keccak_squeeze(state, out, block_count * KECCAK_SHAKE128_RATE);
}

static inline void shake128_ctx_release([[maybe_unused]] shake128ctx *state)
{
}

/* SHAKE256, incremental. */
static inline void shake256_inc_init(shake256incctx *state)
{
    keccak_init(state, KECCAK_SHAKE256_RATE);
}

static inline void shake256_inc_absorb(shake256incctx *state, const uint8_t *input, size_t len)
{
    keccak_absorb(state, input, len);
}

static inline void shake256_inc_finalize(shake256incctx *state)
{
    keccak_finish(state, KECCAK_SHAKE_SUFFIX);
}

static inline void shake256_inc_squeeze(uint8_t *out, size_t len, shake256incctx *state)
{
    keccak_squeeze(state, out, len);
}

static inline void shake256_inc_ctx_release([[maybe_unused]] shake256incctx *state)
{
}

/* In one call. The input may overlap the output (ML-DSA key generation does that). */
static inline void shake256(uint8_t *out, size_t out_len, const uint8_t *input, size_t len)
{
    keccak_hash(KECCAK_SHAKE256_RATE, KECCAK_SHAKE_SUFFIX, input, len, out, out_len);
}

static inline void sha3_256(uint8_t *out, const uint8_t *input, size_t len)
{
    keccak_hash(KECCAK_SHA3_256_RATE, KECCAK_SHA3_SUFFIX, input, len, out, SHA3_256_OUT_LEN);
}

static inline void sha3_512(uint8_t *out, const uint8_t *input, size_t len)
{
    keccak_hash(KECCAK_SHA3_512_RATE, KECCAK_SHA3_SUFFIX, input, len, out, SHA3_512_OUT_LEN);
}

#endif
