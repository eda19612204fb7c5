/*
 * peer_blake3.h - the official portable C of BLAKE3, from the package librust-blake3-dev, as far as
 * it is called here. Its own header has names in common with ours (crypto/blake3.h).
 */
#ifndef NONOS_TESTS_BENCH_PEER_BLAKE3_H
#define NONOS_TESTS_BENCH_PEER_BLAKE3_H

#include <stddef.h>
#include <stdint.h>

/* Room for its state, which has 1,912 bytes up to version 1.8. */
struct blake3_hasher {
    alignas(8) uint8_t bytes[4096];
};

void blake3_hasher_init(struct blake3_hasher *state);
void blake3_hasher_update(struct blake3_hasher *state, const void *input, size_t len);
void blake3_hasher_finalize(const struct blake3_hasher *state, uint8_t *out, size_t len);

#endif
