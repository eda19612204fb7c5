#include "tools/pcr.h"

#include <string.h>

const struct pcr_bank_info *pcr_bank_info(enum pcr_bank bank)
{
    static const struct pcr_bank_info banks[PCR_BANK_COUNT] = {
        [PCR_SHA256] = {"sha256", 0x000B, 32},
        [PCR_SHA384] = {"sha384", 0x000C, 48},
        [PCR_SHA512] = {"sha512", 0x000D, 64},
    };
    return &banks[bank];
}

/* SHA-384 is SHA-512 from another initial value, cut off (FIPS 180-4 §5.3.4, §6.5); libsodium has
 * no name for it. */
static const uint64_t sha384_initial[8] = {
    0xCBBB9D5DC1059ED8, 0x629A292A367CD507, 0x9159015A3070DD17, 0x152FECD8F70E5939,
    0x67332667FFC00B31, 0x8EB44A8768581511, 0xDB0C2E0D64F98FA7, 0x47B5481DBEFA4FA4,
};

void pcr_hash_init(struct pcr_hash *hash, enum pcr_bank bank)
{
    *hash = (struct pcr_hash){.bank = bank};
    if (bank == PCR_SHA256) {
        crypto_hash_sha256_init(&hash->state.sha256);
        return;
    }
    crypto_hash_sha512_init(&hash->state.sha512);
    static_assert(sizeof(hash->state.sha512.state) == sizeof(sha384_initial));
    if (bank == PCR_SHA384)
        memcpy(hash->state.sha512.state, sha384_initial, sizeof(sha384_initial));
}

void pcr_hash_update(struct pcr_hash *hash, const void *bytes, size_t len)
{
    if (hash->bank == PCR_SHA256)
        crypto_hash_sha256_update(&hash->state.sha256, bytes, len);
    else
        crypto_hash_sha512_update(&hash->state.sha512, bytes, len);
}

void pcr_hash_final(struct pcr_hash *hash, struct pcr_value *out)
{
    uint8_t digest[crypto_hash_sha512_BYTES];
    if (hash->bank == PCR_SHA256)
        crypto_hash_sha256_final(&hash->state.sha256, digest);
    else
        crypto_hash_sha512_final(&hash->state.sha512, digest);
    *out = (struct pcr_value){0};
    memcpy(out->bytes, digest, pcr_bank_info(hash->bank)->len);
}

void pcr_digest(enum pcr_bank bank, const void *bytes, size_t len, struct pcr_value *out)
{
    struct pcr_hash hash;
    pcr_hash_init(&hash, bank);
    pcr_hash_update(&hash, bytes, len);
    pcr_hash_final(&hash, out);
}

void pcr_extend(enum pcr_bank bank, struct pcr_value *pcr, const uint8_t *digest)
{
    struct pcr_hash hash;
    size_t len = pcr_bank_info(bank)->len;
    pcr_hash_init(&hash, bank);
    pcr_hash_update(&hash, pcr->bytes, len);
    pcr_hash_update(&hash, digest, len);
    pcr_hash_final(&hash, pcr);
}
