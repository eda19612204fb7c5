/*
 * chacha20.h - the ChaCha20 block function (RFC 8439 §2.3).
 */
#ifndef NONOS_CRYPTO_CHACHA20_H
#define NONOS_CRYPTO_CHACHA20_H

#include <stdint.h>

#define CHACHA20_KEY_LEN 32u
#define CHACHA20_NONCE_LEN 12u
#define CHACHA20_BLOCK_LEN 64u

/* One block of key stream. Runs in time independent of all inputs; what it derived from the key is
 * wiped. A pair of key and nonce must not give the same counter twice for two purposes. out may not
 * overlap the inputs. */
void chacha20_block(const uint8_t key[CHACHA20_KEY_LEN], uint32_t counter,
                    const uint8_t nonce[CHACHA20_NONCE_LEN], uint8_t out[CHACHA20_BLOCK_LEN]);

#endif
