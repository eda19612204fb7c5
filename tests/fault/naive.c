/*
 * naive.c - a verifier that is right and not hardened: each check once, and one store of the good
 * value. It is here to be broken: a fault campaign that accepts nothing with it is blind.
 */
#include "crypto/bytes.h"
#include "image/digest.h"
#include "image/verify.h"

#include <string.h>

static const struct identity *find_signer(const uint8_t *signature,
                                          const struct image_policy *policy,
                                          const struct identity *identities, size_t count,
                                          const uint8_t d1[NONOS_DIGEST_LEN])
{
    uint8_t message[IMAGE_ED25519_MESSAGE_LEN];
    image_ed25519_message(policy->wanted, d1, message);
    for (size_t i = 0; i < count; i++)
        if ((identities[i].roles & (uint32_t)policy->wanted) != 0 &&
            ed25519_verify(identities[i].ed25519, message, sizeof(message), signature) ==
                CRYPTO_VALID)
            return &identities[i];
    return nullptr;
}

static enum nonos_error check_signatures(const uint8_t *file, size_t len,
                                         const struct image_policy *policy,
                                         struct image_verdict *verdict)
{
    const uint8_t *signature = file + len - NONOS_SIG_LEN;
    const char *context = image_context(policy->wanted);
    image_digest(file, len, verdict->d0, verdict->d1);
    verdict->signer =
        find_signer(signature, policy, policy->trusted, policy->trusted_count, verdict->d1);
    if (verdict->signer == nullptr)
        verdict->signer =
            find_signer(signature, policy, policy->revoked, policy->revoked_count, verdict->d1);
    if (verdict->signer == nullptr)
        return NONOS_E_ED25519;
    if (mldsa65_verify(verdict->signer->mldsa65, verdict->d0, NONOS_DIGEST_LEN, context,
                       strlen(context), file + len - NONOS_TRAILER_LEN) != CRYPTO_VALID)
        return NONOS_E_MLDSA65;
    for (size_t i = 0; i < policy->revoked_count; i++)
        if (bytes_equal(verdict->signer->id, policy->revoked[i].id, NONOS_IDENTITY_ID_LEN))
            return NONOS_E_REVOKED;
    return NONOS_OK;
}

static enum nonos_error check_policy(const struct image_policy *policy,
                                     const struct identity *signer, const struct manifest *manifest)
{
    if (manifest->type != policy->wanted)
        return NONOS_E_POLICY_TYPE;
    if ((uint32_t)manifest->profile != signer->profile)
        return NONOS_E_POLICY_PROFILE;
    if (manifest->profile != NONOS_PROFILE_RELEASE && !policy->allow_dev)
        return NONOS_E_POLICY_DEV;
    if (manifest->target.len != strlen(NONOS_TARGET) ||
        memcmp(manifest->target.bytes, NONOS_TARGET, manifest->target.len) != 0)
        return NONOS_E_POLICY_TARGET;
    if (manifest->security_version < policy->security_version_floor)
        return NONOS_E_POLICY_FLOOR;
    return NONOS_OK;
}

static enum nonos_error check(const uint8_t *file, size_t len, const struct image_policy *policy,
                              struct image_verdict *verdict)
{
    enum nonos_error error = image_check_len(len);
    if (error == NONOS_OK)
        error = check_signatures(file, len, policy, verdict);
    if (error == NONOS_OK)
        error = image_parse_elf(file, len, policy->wanted, &verdict->elf);
    if (error == NONOS_OK)
        error =
            manifest_parse(file + verdict->elf.manifest_offset, (size_t)verdict->elf.manifest_len,
                           &verdict->manifest, &verdict->manifest_line);
    if (error == NONOS_OK)
        error = check_policy(policy, verdict->signer, &verdict->manifest);
    return error;
}

enum nonos_error image_verify(const uint8_t *file, size_t len, const struct image_policy *policy,
                              image_observer *observer, void *context,
                              struct image_verdict *verdict)
{
    (void)observer;
    (void)context;
    memset(verdict, 0, sizeof(*verdict));
    verdict->error = check(file, len, policy, verdict);
    if (verdict->error != NONOS_OK)
        return verdict->error;
    verdict->value = IMAGE_VERIFIED;
    verdict->complement = ~IMAGE_VERIFIED;
    return NONOS_OK;
}
