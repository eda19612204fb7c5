/*
 * blake3.h - the BLAKE3 hash: hash, keyed hash, derive_key, extended output.
 *
 * Source: O'Connor, Aumasson, Neves, Wilcox-O'Hearn, "BLAKE3: one function, fast everywhere"
 * (2020-01-09). No allocation; input up to 2^64 - 1 bytes, output up to 2^64 - 1. In general
 * registers alone, or with vectors (crypto/wide/blake3_wide.h) where the program may use them:
 * those take whole chunks, so give it much at once. Input may be null where its length is 0. Time
 * depends on lengths alone. A state that took a key or key material is secret: wipe it (bytes_wipe)
 * after use; the calls that do all in one wipe their own.
 */
#ifndef NONOS_CRYPTO_BLAKE3_H
#define NONOS_CRYPTO_BLAKE3_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE3_OUT_LEN 32u
#define BLAKE3_KEY_LEN 32u
#define BLAKE3_BLOCK_LEN 64u
#define BLAKE3_CHUNK_LEN 1024u
#define BLAKE3_MAX_DEPTH 54u

struct blake3 {
    uint32_t key[8];
    uint32_t chunk_value[8];         /* chaining value of the chunk being filled */
    uint64_t chunk_counter;          /* chunks finished before this one */
    uint8_t block[BLAKE3_BLOCK_LEN]; /* bytes of the chunk not yet compressed */
    uint8_t block_len;
    uint8_t blocks_compressed; /* of this chunk */
    uint8_t flags;
    uint8_t stack_len;                   /* subtree values on the stack */
    uint32_t stack[BLAKE3_MAX_DEPTH][8]; /* chaining values of finished subtrees */
};

void blake3_init(struct blake3 *state);
void blake3_init_keyed(struct blake3 *state, const uint8_t key[BLAKE3_KEY_LEN]);
/* context: a NUL-terminated text, hard-coded, unique to its use. */
void blake3_init_derive_key(struct blake3 *state, const char *context);
void blake3_update(struct blake3 *state, const void *input, size_t len);
/* Writes out_len bytes; the state stays usable for more input or another call. */
void blake3_final(const struct blake3 *state, uint8_t *out, size_t out_len);
/* The same, starting at byte offset of the extended output. */
void blake3_final_at(const struct blake3 *state, uint64_t offset, uint8_t *out, size_t out_len);

/* In one call. */
void blake3_hash(const void *input, size_t len, uint8_t out[BLAKE3_OUT_LEN]);
void blake3_derive_key(const char *context, const void *material, size_t len,
                       uint8_t out[BLAKE3_OUT_LEN]);

#endif
