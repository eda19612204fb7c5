#include "tests/fault/key_caller.h"

#include "tools/wrapped_key.h"

void key_caller_take(const uint8_t *bytes, size_t len, const char *words, size_t words_len,
                     uint8_t seed[ED25519_SEED_LEN])
{
    (void)!wrapped_key_open(bytes, len, words, words_len, seed);
    key_caller_end();
}
