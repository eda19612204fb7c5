#include "tools/wrapped_key.h"

#include "crypto/bytes.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "NONOS-WRAPPED 1\n"
#define MAGIC_LEN 16u
#define NAME_LEN 14u /* of MAGIC, what every version begins with */
#define AT_PASSES 16u
#define AT_MEMORY 20u
#define AT_SALT 24u
#define AT_NONCE 40u
#define HEADER_LEN 64u
#define SEALED_LEN (WRAPPED_KEY_LEN - HEADER_LEN)

static_assert(sizeof(MAGIC) == MAGIC_LEN + 1);
static_assert(AT_SALT + crypto_pwhash_argon2id_SALTBYTES == AT_NONCE);
static_assert(AT_NONCE + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == HEADER_LEN);
static_assert(SEALED_LEN == ED25519_SEED_LEN + crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(crypto_pwhash_argon2id_OPSLIMIT_SENSITIVE <= WRAPPED_KEY_MAX_PASSES);
static_assert(crypto_pwhash_argon2id_MEMLIMIT_SENSITIVE / 1024 <= WRAPPED_KEY_MAX_MEMORY_KIB);
static_assert(crypto_pwhash_argon2id_MEMLIMIT_MIN == WRAPPED_KEY_MIN_MEMORY_KIB * 1024);

#define KEY_LEN crypto_aead_xchacha20poly1305_ietf_KEYBYTES

bool wrapping_cost_read(const char *word, struct wrapping_cost *out)
{
    static const struct {
        const char *word;
        struct wrapping_cost cost;
    } choices[] = {
        {"interactive",
         {crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
          crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE / 1024}},
        {"moderate",
         {crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
          crypto_pwhash_argon2id_MEMLIMIT_MODERATE / 1024}},
        {"sensitive",
         {crypto_pwhash_argon2id_OPSLIMIT_SENSITIVE,
          crypto_pwhash_argon2id_MEMLIMIT_SENSITIVE / 1024}},
    };
    *out = (struct wrapping_cost){0};
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
        if (strcmp(word, choices[i].word) == 0) {
            *out = choices[i].cost;
            return true;
        }
    return false;
}

bool wrapped_key_is(const uint8_t *bytes, size_t len)
{
    return len >= NAME_LEN && memcmp(bytes, MAGIC, NAME_LEN) == 0;
}

static bool is_bounded(struct wrapping_cost cost)
{
    return cost.passes >= 1 && cost.passes <= WRAPPED_KEY_MAX_PASSES &&
           cost.memory_kib >= WRAPPED_KEY_MIN_MEMORY_KIB &&
           cost.memory_kib <= WRAPPED_KEY_MAX_MEMORY_KIB;
}

enum nonos_error wrapped_key_check(const uint8_t *bytes, size_t len, struct wrapping_cost *out)
{
    *out = (struct wrapping_cost){0};
    if (len != WRAPPED_KEY_LEN || memcmp(bytes, MAGIC, MAGIC_LEN) != 0)
        return NONOS_E_KEY_WRAPPED;
    const struct wrapping_cost cost = {load_le32(bytes + AT_PASSES), load_le32(bytes + AT_MEMORY)};
    if (!is_bounded(cost))
        return NONOS_E_KEY_WRAPPED;
    *out = cost;
    return NONOS_OK;
}

/* The same bounds once more, right before they matter. */
static enum nonos_error derive(const uint8_t *header, const char *passphrase, size_t passphrase_len,
                               uint8_t key[KEY_LEN])
{
    const struct wrapping_cost cost = {load_le32(header + AT_PASSES),
                                       load_le32(header + AT_MEMORY)};
    if (!is_bounded(cost))
        return NONOS_E_KEY_WRAPPED;
    if (crypto_pwhash(key, KEY_LEN, passphrase, passphrase_len, header + AT_SALT, cost.passes,
                      (size_t)cost.memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return NONOS_E_NO_MEMORY;
    return NONOS_OK;
}

static void seal(const uint8_t *header, const uint8_t key[KEY_LEN],
                 const uint8_t seed[ED25519_SEED_LEN], uint8_t out[SEALED_LEN])
{
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out, nullptr, seed, ED25519_SEED_LEN, header,
                                                     HEADER_LEN, nullptr, header + AT_NONCE, key);
}

/* The seed, if the tag is right, and then once more: only the right key turns the seed back into
 * the bytes of the file. A seed that gets here by a skipped instruction is zero, or fails that. */
static enum nonos_error unseal(const uint8_t *bytes, const uint8_t key[KEY_LEN],
                               uint8_t seed[ED25519_SEED_LEN])
{
    uint8_t again[SEALED_LEN] = {0};
    enum nonos_error error = NONOS_E_KEY_PASSPHRASE;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(seed, nullptr, nullptr, bytes + HEADER_LEN,
                                                   SEALED_LEN, bytes, HEADER_LEN, bytes + AT_NONCE,
                                                   key) == 0) {
        seal(bytes, key, seed, again);
        if (bytes_equal(again, bytes + HEADER_LEN, SEALED_LEN))
            error = bytes_are_zero(seed, ED25519_SEED_LEN) ? NONOS_E_KEY_ZERO : NONOS_OK;
    }
    if (error != NONOS_OK)
        bytes_wipe(seed, ED25519_SEED_LEN);
    return error;
}

enum nonos_error wrapped_key_open(const uint8_t *bytes, size_t len, const char *passphrase,
                                  size_t passphrase_len, uint8_t seed[ED25519_SEED_LEN])
{
    uint8_t key[KEY_LEN];
    struct wrapping_cost cost;
    memset(seed, 0, ED25519_SEED_LEN);
    /* A machine that allows no locked memory can still sign. */
    (void)sodium_mlock(key, sizeof(key));
    enum nonos_error error = wrapped_key_check(bytes, len, &cost);
    if (error == NONOS_OK)
        error = derive(bytes, passphrase, passphrase_len, key);
    if (error == NONOS_OK)
        error = unseal(bytes, key, seed);
    (void)sodium_munlock(key, sizeof(key));
    bytes_wipe(key, sizeof(key));
    /* Once more than it takes: whoever overlooks the error has no key. */
    if (error != NONOS_OK)
        bytes_wipe(seed, ED25519_SEED_LEN);
    return error;
}

static enum nonos_error fill(const uint8_t seed[ED25519_SEED_LEN], const char *passphrase,
                             size_t passphrase_len, struct wrapping_cost cost,
                             uint8_t out[WRAPPED_KEY_LEN])
{
    uint8_t key[KEY_LEN];
    memcpy(out, MAGIC, MAGIC_LEN);
    store_le32(out + AT_PASSES, cost.passes);
    store_le32(out + AT_MEMORY, cost.memory_kib);
    if (getentropy(out + AT_SALT, HEADER_LEN - AT_SALT) != 0)
        return NONOS_E_NO_ENTROPY;
    (void)sodium_mlock(key, sizeof(key));
    enum nonos_error error = derive(out, passphrase, passphrase_len, key);
    if (error == NONOS_OK)
        seal(out, key, seed, out + HEADER_LEN);
    (void)sodium_munlock(key, sizeof(key));
    bytes_wipe(key, sizeof(key));
    return error;
}

enum nonos_error wrapped_key_make(const uint8_t seed[ED25519_SEED_LEN], const char *passphrase,
                                  size_t passphrase_len, struct wrapping_cost cost,
                                  uint8_t out[WRAPPED_KEY_LEN])
{
    uint8_t opened[ED25519_SEED_LEN];
    memset(out, 0, WRAPPED_KEY_LEN);
    if (passphrase_len == 0 || passphrase_len > PASSPHRASE_MAX_LEN)
        return NONOS_E_SIZE;
    if (bytes_are_zero(seed, ED25519_SEED_LEN))
        return NONOS_E_KEY_ZERO;
    enum nonos_error error = fill(seed, passphrase, passphrase_len, cost, out);
    if (error == NONOS_OK) {
        error = wrapped_key_open(out, WRAPPED_KEY_LEN, passphrase, passphrase_len, opened);
        if (error == NONOS_E_KEY_PASSPHRASE ||
            (error == NONOS_OK && !bytes_equal(opened, seed, sizeof(opened))))
            error = NONOS_E_DISAGREE;
        bytes_wipe(opened, sizeof(opened));
    }
    if (error != NONOS_OK)
        bytes_wipe(out, WRAPPED_KEY_LEN);
    return error;
}
