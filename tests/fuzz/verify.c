/*
 * The whole verifier on any file under any policy, with the signatures made here, so that the code
 * behind them is reached: in place of Ed25519 and ML-DSA-65 stands a keyed hash, in the place and
 * of the length of the real signature. Which half is made, by whom, and for which type is part of
 * the input: its last bytes (struct choices). What is verified then is judged by what was made.
 *
 * The real primitives are fuzzed in signature.c.
 */
#include "tests/fuzz/checks.h"
#include "tests/fuzz/elf_mutator.h"

#include "crypto/blake3.h"
#include "image/digest.h"
#include "image/verify.h"

#define MAX_COUNT 3u /* identities of each kind */

/* The last bytes of the input; all but the least significant bits of each are ignored. */
struct choices {
    uint8_t wanted;              /* 0 to 3: kernel, capsule, bundle, no type */
    uint8_t signed_for;          /* the same */
    uint8_t halves;              /* bit 0: Ed25519 is made; bit 1: ML-DSA-65 is */
    uint8_t ed25519_signer;      /* key number, 0 to 7 */
    uint8_t mldsa65_signer;      /* the same */
    uint8_t trusted_count;       /* 0 to 3 */
    uint8_t revoked_count;       /* 0 to 3 */
    uint8_t allow_dev;           /* 0 or 1 */
    uint8_t floor;               /* 0 to 7 */
    uint8_t keys[2 * MAX_COUNT]; /* bits 0 to 2: Ed25519 key; 3 to 5: ML-DSA-65 key */
    uint8_t rights[MAX_COUNT];   /* bits 0 to 2: roles; 3 and 4: profile, 0 to 3 */
};

/* A hash of key, context and message in place of a signature; what is longer is zero. */
static void fake_sign(const uint8_t *key, size_t key_len, const void *context, size_t context_len,
                      const void *message, size_t len, uint8_t *sig, size_t sig_len)
{
    struct blake3 state;
    memset(sig, 0, sig_len);
    blake3_init(&state);
    blake3_update(&state, key, key_len);
    blake3_update(&state, context, context_len);
    blake3_update(&state, message, len);
    blake3_final(&state, sig, 32);
}

static crypto_verdict fake_verify(const uint8_t *expected, const uint8_t *sig, size_t sig_len)
{
    return memcmp(expected, sig, sig_len) == 0 ? CRYPTO_VALID : CRYPTO_INVALID;
}

crypto_verdict ed25519_verify(const uint8_t key[ED25519_PUBLIC_KEY_LEN], const void *message,
                              size_t len, const uint8_t sig[ED25519_SIGNATURE_LEN])
{
    uint8_t expected[ED25519_SIGNATURE_LEN];
    fake_sign(key, ED25519_PUBLIC_KEY_LEN, "", 0, message, len, expected, sizeof expected);
    return fake_verify(expected, sig, sizeof expected);
}

crypto_verdict mldsa65_verify(const uint8_t key[MLDSA65_PUBLIC_KEY_LEN], const void *message,
                              size_t len, const void *context, size_t context_len,
                              const uint8_t sig[MLDSA65_SIGNATURE_LEN])
{
    uint8_t expected[MLDSA65_SIGNATURE_LEN];
    fake_sign(key, MLDSA65_PUBLIC_KEY_LEN, context, context_len, message, len, expected,
              sizeof expected);
    return fake_verify(expected, sig, sizeof expected);
}

static enum nonos_image_type type_of(uint8_t choice)
{
    static const uint32_t types[] = {NONOS_IMAGE_KERNEL, NONOS_IMAGE_CAPSULE, NONOS_IMAGE_BUNDLE,
                                     7};
    return (enum nonos_image_type)types[choice % 4];
}

static void set_keys(struct identity *identity, unsigned ed25519, unsigned mldsa65)
{
    memset(identity->ed25519, (int)(0x10 + ed25519 % 8), sizeof identity->ed25519);
    memset(identity->mldsa65, (int)(0x20 + mldsa65 % 8), sizeof identity->mldsa65);
    memset(identity->id, (int)(0x40 + ed25519 % 8 * 8 + mldsa65 % 8), sizeof identity->id);
}

static struct identity trusted[MAX_COUNT], revoked[MAX_COUNT];

static struct image_policy make_policy(const struct choices *choices)
{
    for (unsigned i = 0; i < MAX_COUNT; i++) {
        trusted[i].roles = choices->rights[i] & 7u;
        trusted[i].profile = choices->rights[i] >> 3 & 3u;
        revoked[i] = trusted[i];
        set_keys(&trusted[i], choices->keys[i], choices->keys[i] >> 3);
        set_keys(&revoked[i], choices->keys[MAX_COUNT + i], choices->keys[MAX_COUNT + i] >> 3);
    }
    return (struct image_policy){
        .wanted = type_of(choices->wanted),
        .trusted = trusted,
        .trusted_count = choices->trusted_count % (MAX_COUNT + 1),
        .revoked = revoked,
        .revoked_count = choices->revoked_count % (MAX_COUNT + 1),
        .security_version_floor = choices->floor % 8,
        .allow_dev = choices->allow_dev % 2 != 0,
    };
}

static void sign(uint8_t *file, size_t len, const struct choices *choices)
{
    uint8_t d0[NONOS_DIGEST_LEN], d1[NONOS_DIGEST_LEN], message[IMAGE_ED25519_MESSAGE_LEN];
    struct identity signer;
    const char *context = image_context(type_of(choices->signed_for));
    if (len < NONOS_IMAGE_MIN_LEN || len > NONOS_IMAGE_MAX_LEN || context == nullptr)
        return;
    set_keys(&signer, choices->ed25519_signer, choices->mldsa65_signer);
    image_digest(file, len, d0, d1);
    if ((choices->halves & 2) != 0)
        fake_sign(signer.mldsa65, sizeof signer.mldsa65, context, strlen(context), d0, sizeof d0,
                  file + len - NONOS_TRAILER_LEN, NONOS_PQSIG_LEN);
    image_digest(file, len, d0, d1);
    image_ed25519_message(type_of(choices->signed_for), d1, message);
    if ((choices->halves & 1) != 0)
        fake_sign(signer.ed25519, sizeof signer.ed25519, "", 0, message, sizeof message,
                  file + len - NONOS_SIG_LEN, NONOS_SIG_LEN);
}

/* Both signatures of a file, judged without the verifier. */
static bool is_signed_by(const uint8_t *file, size_t len, const struct image_policy *policy,
                         const struct identity *signer)
{
    uint8_t d0[NONOS_DIGEST_LEN], d1[NONOS_DIGEST_LEN], message[IMAGE_ED25519_MESSAGE_LEN];
    const char *context = image_context(policy->wanted);
    image_digest(file, len, d0, d1);
    image_ed25519_message(policy->wanted, d1, message);
    return ed25519_verify(signer->ed25519, message, sizeof message, file + len - NONOS_SIG_LEN) ==
               CRYPTO_VALID &&
           mldsa65_verify(signer->mldsa65, d0, sizeof d0, context, strlen(context),
                          file + len - NONOS_TRAILER_LEN) == CRYPTO_VALID;
}

static void check_verified(const uint8_t *file, size_t len, const struct image_policy *policy,
                           const struct image_verdict *verdict)
{
    const struct identity *signer = verdict->signer;
    const struct manifest *manifest = &verdict->manifest;
    fuzz_require(signer >= trusted && signer < trusted + policy->trusted_count);
    fuzz_require((signer->roles & (uint32_t)policy->wanted) != 0);
    fuzz_require(is_signed_by(file, len, policy, signer));
    for (size_t i = 0; i < policy->revoked_count; i++) {
        fuzz_require(memcmp(signer->ed25519, revoked[i].ed25519, sizeof signer->ed25519) != 0);
        fuzz_require(memcmp(signer->mldsa65, revoked[i].mldsa65, sizeof signer->mldsa65) != 0);
    }
    fuzz_require(policy->wanted == NONOS_IMAGE_KERNEL || policy->wanted == NONOS_IMAGE_CAPSULE);
    fuzz_require(manifest->type == policy->wanted && manifest->profile == signer->profile);
    fuzz_require(manifest->profile == NONOS_PROFILE_RELEASE || policy->allow_dev);
    fuzz_require(manifest->security_version >= policy->security_version_floor);
    fuzz_require(manifest->grants.len == 0 || manifest->type == NONOS_IMAGE_CAPSULE);
    check_image(&verdict->elf, file, len, policy->wanted);
}

static void verify(const uint8_t *file, size_t len, const struct image_policy *policy)
{
    static struct image_verdict verdict;
    memset(&verdict, 0xEE, sizeof verdict);
    enum nonos_error error = image_verify(file, len, policy, nullptr, nullptr, &verdict);
    fuzz_require(error == verdict.error && image_is_verified(&verdict) == (error == NONOS_OK));
    if (error == NONOS_OK) {
        check_verified(file, len, policy, &verdict);
        return;
    }
    fuzz_require(verdict.value == (uint32_t)error && verdict.complement == ~(uint32_t)error);
    fuzz_require(bytes_are_zero(&verdict.elf, sizeof verdict.elf));
    fuzz_require(bytes_are_zero(&verdict.manifest, sizeof verdict.manifest));
    /* No field is interpreted of what nobody has signed. */
    if (verdict.reached == IMAGE_STEP_PARSED)
        fuzz_require(is_signed_by(file, len, policy, verdict.signer));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct choices choices;
    if (len < sizeof choices)
        return 0;
    size_t file_len = len - sizeof choices;
    memcpy(&choices, bytes + file_len, sizeof choices);
    struct image_policy policy = make_policy(&choices);
    uint8_t *file = fuzz_allocate(file_len);
    memcpy(file, bytes, file_len);
    sign(file, file_len, &choices);
    verify(file, file_len, &policy);
    free(file);
    return 0;
}
