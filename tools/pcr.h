/*
 * pcr.h - the arithmetic of a TPM's platform configuration registers, in the banks of SHA-2.
 *
 * Source: TPM 2.0 Library, part 1, "Extend of a PCR": value = H(value || digest). The hashes are
 * libsodium's. SHA-1 has no bank here: what is sealed to it is sealed to a broken hash.
 */
#ifndef NONOS_TOOLS_PCR_H
#define NONOS_TOOLS_PCR_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

enum pcr_bank { PCR_SHA256, PCR_SHA384, PCR_SHA512, PCR_BANK_COUNT };

#define PCR_COUNT 24u
#define PCR_MAX_LEN 64u

struct pcr_bank_info {
    const char *name;   /* as tpm2-tools write it */
    uint16_t algorithm; /* TCG Algorithm Registry, table 3 */
    uint16_t len;       /* of a digest and of a PCR */
};

const struct pcr_bank_info *pcr_bank_info(enum pcr_bank bank);

/* A digest or the value of a PCR; what its bank has less of is zero. */
struct pcr_value {
    uint8_t bytes[PCR_MAX_LEN];
};

struct pcr_hash {
    enum pcr_bank bank;
    union {
        crypto_hash_sha256_state sha256;
        crypto_hash_sha512_state sha512; /* and SHA-384 */
    } state;
};

void pcr_hash_init(struct pcr_hash *hash, enum pcr_bank bank);
void pcr_hash_update(struct pcr_hash *hash, const void *bytes, size_t len);
void pcr_hash_final(struct pcr_hash *hash, struct pcr_value *out);

/* The digest of one piece. */
void pcr_digest(enum pcr_bank bank, const void *bytes, size_t len, struct pcr_value *out);

/* Extends a PCR by a digest of the bank's length. */
void pcr_extend(enum pcr_bank bank, struct pcr_value *pcr, const uint8_t *digest);

#endif
