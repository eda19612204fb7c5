/*
 * Keys under a passphrase: any bytes, and files that were wrapped here and then changed. Nothing
 * but an unchanged file opens, and no cost beyond the bounds is ever paid.
 */
#include "tests/fuzz/fuzz.h"

#include "crypto/bytes.h"
#include "tools/wrapped_key.h"

#include <sodium.h>

#define FILE_MAX_LEN (WRAPPED_KEY_LEN + 8)
#define CHANGES_MAX 4
#define CHEAP_KIB 256u /* what is worth a try's time; the bounds themselves allow a gigabyte */

static const struct wrapping_cost cheap = {1, WRAPPED_KEY_MIN_MEMORY_KIB};

/* An operation within bounds that takes too long here is only looked at. */
static bool is_cheap(const struct wrapping_cost *cost)
{
    return cost->memory_kib <= CHEAP_KIB;
}

static void check_bounds(const uint8_t *bytes, size_t len, const struct wrapping_cost *cost)
{
    fuzz_require(len == WRAPPED_KEY_LEN && wrapped_key_is(bytes, len));
    fuzz_require(memcmp(bytes, "NONOS-WRAPPED 1\n", 16) == 0);
    fuzz_require(cost->passes >= 1 && cost->passes <= 4);
    fuzz_require(cost->memory_kib >= 8 && cost->memory_kib <= 1024 * 1024);
    fuzz_require(load_le32(bytes + 16) == cost->passes &&
                 load_le32(bytes + 20) == cost->memory_kib);
}

/* What is answered, with every promise about outputs and codes checked. */
static enum nonos_error open_file(const uint8_t *bytes, size_t len, const char *words,
                                  size_t words_len, uint8_t seed[ED25519_SEED_LEN])
{
    struct wrapping_cost cost = {9, 9};
    enum nonos_error checked = wrapped_key_check(bytes, len, &cost);
    memset(seed, 0xEE, ED25519_SEED_LEN);
    if (checked == NONOS_OK) {
        check_bounds(bytes, len, &cost);
        if (!is_cheap(&cost)) {
            memset(seed, 0, ED25519_SEED_LEN);
            return NONOS_E_SIZE;
        }
    } else {
        fuzz_require(checked == NONOS_E_KEY_WRAPPED && cost.passes == 0 && cost.memory_kib == 0);
    }
    enum nonos_error error = wrapped_key_open(bytes, len, words, words_len, seed);
    if (checked != NONOS_OK)
        fuzz_require(error == NONOS_E_KEY_WRAPPED);
    else
        fuzz_require(error == NONOS_OK || error == NONOS_E_KEY_PASSPHRASE);
    fuzz_require((error != NONOS_OK) == bytes_are_zero(seed, ED25519_SEED_LEN));
    return error;
}

static void try_any(struct fuzz_input *input)
{
    uint8_t seed[ED25519_SEED_LEN];
    size_t len = 0;
    uint8_t *bytes = fuzz_take_rest(input, &len);
    if (len > FILE_MAX_LEN)
        len = FILE_MAX_LEN;
    /* Nobody makes a tag by chance. */
    fuzz_require(open_file(bytes, len, "passphrase", 10, seed) != NONOS_OK);
    free(bytes);
}

/* The input: a passphrase to wrap under, one to open with, a length, changes (offset, mask). */
static void try_changed(struct fuzz_input *input)
{
    static const uint8_t real[ED25519_SEED_LEN] = {0xA5, 0x5A, 1};
    char words[2][16];
    size_t lens[2];
    uint8_t bytes[FILE_MAX_LEN] = {0};
    uint8_t before[FILE_MAX_LEN];
    uint8_t seed[ED25519_SEED_LEN];
    for (int i = 0; i < 2; i++) {
        lens[i] = fuzz_take8(input) % (sizeof words[i] + 1);
        fuzz_take(input, words[i], lens[i]);
    }
    enum nonos_error made = wrapped_key_make(real, words[0], lens[0], cheap, bytes);
    fuzz_require(made == (lens[0] == 0 ? NONOS_E_SIZE : NONOS_OK));
    if (made != NONOS_OK) {
        fuzz_require(bytes_are_zero(bytes, sizeof bytes));
        return;
    }
    memcpy(before, bytes, sizeof bytes);
    uint8_t choice = fuzz_take8(input);
    size_t len = choice < 224 ? WRAPPED_KEY_LEN : choice % (FILE_MAX_LEN + 1);
    for (int i = 0; i < CHANGES_MAX && input->len > 0; i++) {
        size_t at = fuzz_take8(input) % sizeof bytes;
        bytes[at] ^= fuzz_take8(input);
    }
    bool same_words = lens[0] == lens[1] && memcmp(words[0], words[1], lens[0]) == 0;
    bool same_file = len == WRAPPED_KEY_LEN && memcmp(bytes, before, WRAPPED_KEY_LEN) == 0;
    enum nonos_error error = open_file(bytes, len, words[1], lens[1], seed);
    fuzz_require((error == NONOS_OK) == (same_words && same_file));
    if (error == NONOS_OK)
        fuzz_require(memcmp(seed, real, sizeof real) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    fuzz_require(sodium_init() >= 0);
    if (fuzz_take8(&input) % 2 == 0)
        try_any(&input);
    else
        try_changed(&input);
    return 0;
}
