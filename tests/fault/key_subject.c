/*
 * key_subject.c - a key under a passphrase that must not open: `key_subject NUMBER`. Any seed but
 * zeroes counts as opened, whatever the code says.
 */
#include "tests/fault/confine.h"
#include "tests/fault/key_caller.h"
#include "tests/fault/scenarios.h"

#include "crypto/bytes.h"
#include "tests/support/vectors.h"
#include "tools/wrapped_key.h"

#include <sodium.h>
#include <unistd.h>

enum { GOOD, WRONG_PASSPHRASE, ALTERED_TAG, ALTERED_KEY, ALTERED_SALT, BAD_COST, CUT_OFF, CASES };

static const uint8_t real[ED25519_SEED_LEN] = {0xA5, 0x5A, 1};
static uint8_t seed[ED25519_SEED_LEN];
static bool frozen; /* from here on crypto_pwhash gives what it gave last */
static uint8_t derived[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];

/* What the program would call takes memory from the system, which a subject may not. Argon2id is
 * arithmetic: it runs before the faults, and its result is what is forced. */
int crypto_pwhash(unsigned char *const out, unsigned long long out_len, const char *const words,
                  unsigned long long words_len, const unsigned char *const salt,
                  unsigned long long passes, size_t memory, int algorithm)
{
    if (!frozen && crypto_pwhash_argon2id(derived, sizeof(derived), words, words_len, salt, passes,
                                          memory, algorithm) != 0)
        return -1;
    memcpy(out, derived, out_len);
    return 0;
}

int sodium_mlock([[maybe_unused]] void *const memory, [[maybe_unused]] size_t len)
{
    return 0;
}

int sodium_munlock(void *const memory, size_t len)
{
    bytes_wipe(memory, len);
    return 0;
}

void key_caller_end(void)
{
    _exit(bytes_are_zero(seed, sizeof(seed)) ? SUBJECT_REFUSED : SUBJECT_ADMITTED);
}

struct setting {
    uint8_t bytes[WRAPPED_KEY_LEN];
    size_t len;
    const char *words;
    enum nonos_error expected;
};

static struct setting make(unsigned long number)
{
    struct setting setting = {.len = WRAPPED_KEY_LEN, .words = "right"};
    const struct wrapping_cost cost = {1, WRAPPED_KEY_MIN_MEMORY_KIB};
    assert_int_equal(wrapped_key_make(real, "right", 5, cost, setting.bytes), NONOS_OK);
    setting.expected = number == GOOD       ? NONOS_OK
                       : number >= BAD_COST ? NONOS_E_KEY_WRAPPED
                                            : NONOS_E_KEY_PASSPHRASE;
    if (number == WRONG_PASSPHRASE)
        setting.words = "wrong";
    if (number == ALTERED_TAG)
        setting.bytes[WRAPPED_KEY_LEN - 1] ^= 1;
    if (number == ALTERED_KEY)
        setting.bytes[64] ^= 1;
    if (number == ALTERED_SALT)
        setting.bytes[24] ^= 1;
    /* What a cost out of bounds would derive, if a fault let it through: not the right key. */
    if (number == BAD_COST)
        setting.bytes[16] = WRAPPED_KEY_MAX_PASSES + 1;
    if (number == CUT_OFF)
        setting.len = ED25519_SEED_LEN;
    return setting;
}

int main(int argc, char **argv)
{
    assert_int_equal(argc, 2);
    assert_true(sodium_init() >= 0);
    unsigned long number = strtoul(argv[1], nullptr, 10);
    assert_true(number < CASES);
    struct setting setting = make(number);
    memset(derived, 0, sizeof(derived));
    assert_int_equal(
        wrapped_key_open(setting.bytes, setting.len, setting.words, strlen(setting.words), seed),
        setting.expected);
    frozen = true;
    memset(seed, 0, sizeof(seed));
    confine_and_stop();
    key_caller_take(setting.bytes, setting.len, setting.words, strlen(setting.words), seed);
}
