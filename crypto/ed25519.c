#include "crypto/ed25519.h"

#include "crypto/bytes.h"
#include "crypto/ed25519_group.h"
#include "crypto/ed25519_scalar.h"
#include "crypto/sha512.h"

#include <string.h>

/* RFC 8032 §5.1.5, steps 1 and 2: the secret scalar, and the prefix for signing. */
static void expand_seed(const uint8_t seed[ED25519_SEED_LEN], struct scalar *secret,
                        uint8_t prefix[32])
{
    uint8_t hash[SHA512_OUT_LEN];
    sha512_hash(seed, ED25519_SEED_LEN, hash);
    hash[0] &= 0xF8;
    hash[31] &= 0x7F;
    hash[31] |= 0x40;
    scalar_from_bytes(secret, hash);
    memcpy(prefix, hash + 32, 32);
    bytes_wipe(hash, sizeof hash);
}

static void encode_multiple_of_base(const struct scalar *k, uint8_t bytes[GROUP_POINT_LEN])
{
    struct group_point point;
    group_multiply_base(&point, k);
    group_encode(bytes, &point);
    bytes_wipe(&point, sizeof point);
}

/* SHA-512 over one or two heads of 32 bytes and the message, modulo L. */
static void hash_to_scalar(const uint8_t first[32], const uint8_t *second, const void *message,
                           size_t len, struct scalar *out)
{
    struct sha512 state;
    uint8_t hash[SHA512_OUT_LEN];
    sha512_init(&state);
    sha512_update(&state, first, 32);
    if (second)
        sha512_update(&state, second, 32);
    sha512_update(&state, message, len);
    sha512_final(&state, hash);
    scalar_reduce(out, hash);
    bytes_wipe(hash, sizeof hash);
}

/* More than the functions here use together. */
#define STACK_LEN 4096u

/* Where they had their frames. The coordinates of points are on the way to a secret multiple as
 * secret as the number itself, and too many to be wiped one by one in the time that they take. */
[[gnu::noinline]] static void wipe_stack(void)
{
    uint8_t frames[STACK_LEN] __attribute__((uninitialized));
    bytes_wipe(frames, sizeof frames);
}

[[gnu::noinline]] static void make_public_key(const uint8_t seed[ED25519_SEED_LEN],
                                              uint8_t public_key[ED25519_PUBLIC_KEY_LEN])
{
    struct scalar secret;
    uint8_t prefix[32];
    expand_seed(seed, &secret, prefix);
    encode_multiple_of_base(&secret, public_key);
    bytes_wipe(&secret, sizeof secret);
    bytes_wipe(prefix, sizeof prefix);
}

void ed25519_public_key(const uint8_t seed[ED25519_SEED_LEN],
                        uint8_t public_key[ED25519_PUBLIC_KEY_LEN])
{
    make_public_key(seed, public_key);
    wipe_stack();
}

[[gnu::noinline]] static void sign(const uint8_t seed[ED25519_SEED_LEN], const void *message,
                                   size_t len, uint8_t signature[ED25519_SIGNATURE_LEN])
{
    struct scalar secret, nonce, k;
    uint8_t prefix[32];
    uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
    expand_seed(seed, &secret, prefix);
    encode_multiple_of_base(&secret, public_key);
    hash_to_scalar(prefix, nullptr, message, len, &nonce);
    encode_multiple_of_base(&nonce, signature);
    hash_to_scalar(signature, public_key, message, len, &k);
    scalar_multiply_add(&k, &k, &secret, &nonce);
    scalar_to_bytes(signature + 32, &k);
    bytes_wipe(&secret, sizeof secret);
    bytes_wipe(&nonce, sizeof nonce);
    bytes_wipe(prefix, sizeof prefix);
}

void ed25519_sign(const uint8_t seed[ED25519_SEED_LEN], const void *message, size_t len,
                  uint8_t signature[ED25519_SIGNATURE_LEN])
{
    sign(seed, message, len, signature);
    wipe_stack();
}

crypto_verdict ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_KEY_LEN], const void *message,
                              size_t len, const uint8_t signature[ED25519_SIGNATURE_LEN])
{
    struct group_point a, r;
    struct scalar s, k;
    uint8_t r_bytes[GROUP_POINT_LEN];
    scalar_from_bytes(&s, signature + 32);
    if (!scalar_is_canonical(&s))
        return CRYPTO_INVALID;
    if (!group_decode(&a, public_key) || group_has_small_order(&a))
        return CRYPTO_INVALID;
    hash_to_scalar(signature, public_key, message, len, &k);
    group_negate(&a);
    group_multiply_add_public(&r, &k, &a, &s);
    /* The R that would be right, encoded, against the one given: any other encoding of the same
     * point differs here, and the order of the given R is that of this point. */
    if (group_has_small_order(&r))
        return CRYPTO_INVALID;
    group_encode(r_bytes, &r);
    return bytes_equal(r_bytes, signature, sizeof r_bytes) ? CRYPTO_VALID : CRYPTO_INVALID;
}

enum nonos_error ed25519_check_public_key(const uint8_t public_key[ED25519_PUBLIC_KEY_LEN])
{
    struct group_point a, multiple;
    if (!group_decode(&a, public_key) || group_is_neutral(&a))
        return NONOS_E_IDENTITY_KEY;
    group_multiply_add_public(&multiple, &SCALAR_ORDER, &a, nullptr);
    return group_is_neutral(&multiple) ? NONOS_OK : NONOS_E_IDENTITY_KEY;
}
