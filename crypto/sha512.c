#include "crypto/sha512.h"

#include "crypto/bytes.h"

#include <string.h>

/* Fractional parts of the square roots of the first 8 primes, FIPS 180-4 §5.3.5. */
static const uint64_t INITIAL[8] = {
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
};

/* Fractional parts of the cube roots of the first 80 primes, FIPS 180-4 §4.2.3. */
static const uint64_t K[80] = {
    0x428A2F98D728AE22, 0x7137449123EF65CD, 0xB5C0FBCFEC4D3B2F, 0xE9B5DBA58189DBBC,
    0x3956C25BF348B538, 0x59F111F1B605D019, 0x923F82A4AF194F9B, 0xAB1C5ED5DA6D8118,
    0xD807AA98A3030242, 0x12835B0145706FBE, 0x243185BE4EE4B28C, 0x550C7DC3D5FFB4E2,
    0x72BE5D74F27B896F, 0x80DEB1FE3B1696B1, 0x9BDC06A725C71235, 0xC19BF174CF692694,
    0xE49B69C19EF14AD2, 0xEFBE4786384F25E3, 0x0FC19DC68B8CD5B5, 0x240CA1CC77AC9C65,
    0x2DE92C6F592B0275, 0x4A7484AA6EA6E483, 0x5CB0A9DCBD41FBD4, 0x76F988DA831153B5,
    0x983E5152EE66DFAB, 0xA831C66D2DB43210, 0xB00327C898FB213F, 0xBF597FC7BEEF0EE4,
    0xC6E00BF33DA88FC2, 0xD5A79147930AA725, 0x06CA6351E003826F, 0x142929670A0E6E70,
    0x27B70A8546D22FFC, 0x2E1B21385C26C926, 0x4D2C6DFC5AC42AED, 0x53380D139D95B3DF,
    0x650A73548BAF63DE, 0x766A0ABB3C77B2A8, 0x81C2C92E47EDAEE6, 0x92722C851482353B,
    0xA2BFE8A14CF10364, 0xA81A664BBC423001, 0xC24B8B70D0F89791, 0xC76C51A30654BE30,
    0xD192E819D6EF5218, 0xD69906245565A910, 0xF40E35855771202A, 0x106AA07032BBD1B8,
    0x19A4C116B8D2D0C8, 0x1E376C085141AB53, 0x2748774CDF8EEB99, 0x34B0BCB5E19B48A8,
    0x391C0CB3C5C95A63, 0x4ED8AA4AE3418ACB, 0x5B9CCA4F7763E373, 0x682E6FF3D6B2B8A3,
    0x748F82EE5DEFB2FC, 0x78A5636F43172F60, 0x84C87814A1F0AB72, 0x8CC702081A6439EC,
    0x90BEFFFA23631E28, 0xA4506CEBDE82BDE9, 0xBEF9A3F7B2C67915, 0xC67178F2E372532B,
    0xCA273ECEEA26619C, 0xD186B8C721C0C207, 0xEADA7DD6CDE0EB1E, 0xF57D4F7FEE6ED178,
    0x06F067AA72176FBA, 0x0A637DC5A2C898A6, 0x113F9804BEF90DAE, 0x1B710B35131C471B,
    0x28DB77F523047D84, 0x32CAAB7B40C72493, 0x3C9EBE0A15C9BEBC, 0x431D67C49C100D4C,
    0x4CC5D4BECB3E42B6, 0x597F299CFC657E2A, 0x5FCB6FAB3AD6FAEC, 0x6C44198C4A475817,
};

static inline uint64_t rotate(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

/* FIPS 180-4 §4.1.3: the four sigma functions and the two that combine words. */
static inline uint64_t big_sigma0(uint64_t x)
{
    return rotate(x, 28) ^ rotate(x, 34) ^ rotate(x, 39);
}

static inline uint64_t big_sigma1(uint64_t x)
{
    return rotate(x, 14) ^ rotate(x, 18) ^ rotate(x, 41);
}

static inline uint64_t small_sigma0(uint64_t x)
{
    return rotate(x, 1) ^ rotate(x, 8) ^ x >> 7;
}

static inline uint64_t small_sigma1(uint64_t x)
{
    return rotate(x, 19) ^ rotate(x, 61) ^ x >> 6;
}

static inline uint64_t choose(uint64_t x, uint64_t y, uint64_t z)
{
    return z ^ (x & (y ^ z));
}

static inline uint64_t majority(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) | (z & (x | y));
}

/* One round, FIPS 180-4 §6.4.2 step 3. The words stay where they are: the caller turns the names
 * round by one each time instead of moving eight values. */
static inline __attribute__((always_inline)) void round_step(uint64_t v[8], unsigned t, uint64_t kw)
{
    uint64_t *d = &v[(3 - t) % 8];
    uint64_t *h = &v[(7 - t) % 8];
    uint64_t e = v[(4 - t) % 8];
    uint64_t a = v[(0 - t) % 8];
    *h += big_sigma1(e) + choose(e, v[(5 - t) % 8], v[(6 - t) % 8]) + kw;
    *d += *h;
    *h += big_sigma0(a) + majority(a, v[(1 - t) % 8], v[(2 - t) % 8]);
}

/* The schedule needs the last 16 words only, so w is a ring and the whole takes 192 bytes. */
static void compress(uint64_t value[8], const uint8_t block[SHA512_BLOCK_LEN])
{
    uint64_t v[8];
    uint64_t w[16];
    memcpy(v, value, sizeof v);
    for (unsigned i = 0; i < 16; i++)
        w[i] = load_be64(block + 8 * i);
    for (unsigned t = 0; t < 80; t += 8) {
        for (unsigned i = 0; i < 8; i++) {
            unsigned n = t + i;
            round_step(v, i, K[n] + w[n % 16]);
            w[n % 16] +=
                small_sigma1(w[(n + 14) % 16]) + w[(n + 9) % 16] + small_sigma0(w[(n + 1) % 16]);
        }
    }
    for (unsigned i = 0; i < 8; i++)
        value[i] += v[i];
    bytes_wipe(v, sizeof v);
    bytes_wipe(w, sizeof w);
}

void sha512_init(struct sha512 *state)
{
    memset(state, 0, sizeof *state);
    memcpy(state->value, INITIAL, sizeof state->value);
}

void sha512_update(struct sha512 *state, const void *input, size_t len)
{
    const uint8_t *from = input;
    size_t have = state->len % SHA512_BLOCK_LEN;
    state->len += len;
    if (have > 0 && len > 0) {
        size_t room = SHA512_BLOCK_LEN - have;
        size_t take = len < room ? len : room;
        memcpy(state->block + have, from, take);
        from += take;
        len -= take;
        if (take < room)
            return;
        compress(state->value, state->block);
    }
    for (; len >= SHA512_BLOCK_LEN; len -= SHA512_BLOCK_LEN, from += SHA512_BLOCK_LEN)
        compress(state->value, from);
    if (len > 0)
        memcpy(state->block, from, len);
}

void sha512_final(struct sha512 *state, uint8_t out[SHA512_OUT_LEN])
{
    size_t have = state->len % SHA512_BLOCK_LEN;
    uint64_t len = state->len;
    state->block[have++] = 0x80;
    if (have > SHA512_BLOCK_LEN - 16) {
        memset(state->block + have, 0, SHA512_BLOCK_LEN - have);
        compress(state->value, state->block);
        have = 0;
    }
    memset(state->block + have, 0, SHA512_BLOCK_LEN - 16 - have);
    /* The length in bits is a number of 128 bits; len << 3 may need 67 of them. */
    store_be64(state->block + SHA512_BLOCK_LEN - 16, len >> 61);
    store_be64(state->block + SHA512_BLOCK_LEN - 8, len << 3);
    compress(state->value, state->block);
    for (unsigned i = 0; i < 8; i++)
        store_be64(out + 8 * i, state->value[i]);
    bytes_wipe(state, sizeof *state);
}

void sha512_hash(const void *input, size_t len, uint8_t out[SHA512_OUT_LEN])
{
    struct sha512 state;
    sha512_init(&state);
    sha512_update(&state, input, len);
    sha512_final(&state, out);
}
