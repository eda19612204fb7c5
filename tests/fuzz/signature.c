/*
 * The real signature checks on any bytes, and on a good signature with some bytes changed: only the
 * unchanged one is valid.
 *
 * The first byte chooses: Ed25519 or ML-DSA-65 (bit 0), and whether what follows is a whole
 * signature (bit 1) or changes to a good one, three bytes each: where, where, mask.
 */
#include "tests/fuzz/fuzz.h"

#include "crypto/bytes.h"
#include "crypto/ed25519.h"
#include "crypto/mldsa65.h"

static const uint8_t message[48] = "what both have signed";
static const char context[] = "NONOS-KERNEL-v1";

static struct {
    uint8_t ed25519_key[ED25519_PUBLIC_KEY_LEN];
    uint8_t mldsa65_key[MLDSA65_PUBLIC_KEY_LEN];
    uint8_t ed25519_sig[ED25519_SIGNATURE_LEN];
    uint8_t mldsa65_sig[MLDSA65_SIGNATURE_LEN];
    bool is_made;
} good;

static void make_good(void)
{
    static const uint8_t seed[32] = {1, 2, 3};
    uint8_t secret[MLDSA65_SECRET_KEY_LEN];
    ed25519_public_key(seed, good.ed25519_key);
    ed25519_sign(seed, message, sizeof message, good.ed25519_sig);
    fuzz_require(mldsa65_generate_key(seed, good.mldsa65_key, secret) == NONOS_OK);
    fuzz_require(mldsa65_sign(secret, message, sizeof message, context, sizeof context - 1, nullptr,
                              good.mldsa65_sig) == NONOS_OK);
    good.is_made = true;
}

static bool is_valid(bool is_ed25519, const uint8_t *sig)
{
    crypto_verdict verdict = is_ed25519
                                 ? ed25519_verify(good.ed25519_key, message, sizeof message, sig)
                                 : mldsa65_verify(good.mldsa65_key, message, sizeof message,
                                                  context, sizeof context - 1, sig);
    fuzz_require(verdict == CRYPTO_VALID || verdict == CRYPTO_INVALID);
    return verdict == CRYPTO_VALID;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    if (!good.is_made)
        make_good();
    uint8_t choice = fuzz_take8(&input);
    bool is_ed25519 = (choice & 1) == 0;
    const uint8_t *original = is_ed25519 ? good.ed25519_sig : good.mldsa65_sig;
    size_t sig_len = is_ed25519 ? sizeof good.ed25519_sig : sizeof good.mldsa65_sig;
    /* As long as a signature and no longer, for the sanitizer. */
    uint8_t *sig = fuzz_allocate(sig_len);
    memcpy(sig, original, sig_len);
    if ((choice & 2) != 0)
        fuzz_take(&input, sig, sig_len);
    while ((choice & 2) == 0 && input.len >= 3) {
        size_t at = fuzz_take8(&input);
        at = (at | (size_t)fuzz_take8(&input) << 8) % sig_len;
        sig[at] ^= fuzz_take8(&input);
    }
    bool is_original = memcmp(sig, original, sig_len) == 0;
    fuzz_require(is_valid(is_ed25519, sig) == is_original);
    free(sig);
    return 0;
}
