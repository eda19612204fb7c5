#include "image/verify.h"

#include "crypto/bytes.h"
#include "image/digest.h"

#include <string.h>

/*
 * A fault (a skipped instruction, a flipped branch, a wrong result) must not turn a refusal into a
 * verdict. So the good value is never stored anywhere: it is the sum of what each step contributes,
 * and a step's contribution is computed from its result, not from the branch that looked at it.
 * Every check is made twice, from the file on: the value is summed from the first results, its
 * complement from the second, and conclude() is the only place that writes them. Results are
 * volatile so that the compiler reads them again instead of using what a branch told it.
 * `make faults` tries it.
 */
struct evidence {
    volatile uint32_t value;
    volatile uint32_t complement;
};

#define TOKEN_LENGTH UINT32_C(0x2C8F51B7)
#define TOKEN_ED25519 UINT32_C(0x71D2E94A)
#define TOKEN_MLDSA65 UINT32_C(0x9A4736ED)
#define TOKEN_NOT_REVOKED UINT32_C(0x53B90CE6)
#define TOKEN_STRUCTURE UINT32_C(0xE61A7D35)
#define TOKEN_MANIFEST UINT32_C(0x38EC42D9)
#define TOKEN_POLICY UINT32_C(0xC7651B8E)

#define EVIDENCE_TOTAL                                                                             \
    (TOKEN_LENGTH + (TOKEN_ED25519 ^ CRYPTO_VALID) + (TOKEN_MLDSA65 ^ CRYPTO_VALID) +              \
     TOKEN_NOT_REVOKED + TOKEN_STRUCTURE + TOKEN_MANIFEST + TOKEN_POLICY)
#define EVIDENCE_START (IMAGE_VERIFIED - EVIDENCE_TOTAL)

/* ~(v + t) = ~v - t, so that the second sum stays the complement of the first. */
static void evidence_add(struct evidence *evidence, uint32_t first, uint32_t second)
{
    evidence->value += first;
    evidence->complement -= second;
}

/* One verification under way. */
struct run {
    const uint8_t *file;
    size_t len;
    const struct image_policy *policy;
    image_observer *observer;
    void *observer_context;
    struct image_verdict *verdict;
    struct evidence evidence;
};

static void announce(const struct run *run, enum image_step step)
{
    if (run->observer != nullptr)
        run->observer(run->observer_context, step, run->verdict);
}

static enum nonos_error step_digest(struct run *run)
{
    run->verdict->reached = IMAGE_STEP_DIGEST;
    if (image_context(run->policy->wanted) == nullptr)
        return NONOS_E_INTERNAL;
    volatile enum nonos_error first = image_check_len(run->len);
    volatile enum nonos_error second = image_check_len(run->len);
    if (first != NONOS_OK)
        return first;
    image_digest(run->file, run->len, run->verdict->d0, run->verdict->d1);
    evidence_add(&run->evidence, TOKEN_LENGTH ^ (uint32_t)first, TOKEN_LENGTH ^ (uint32_t)second);
    announce(run, IMAGE_STEP_DIGEST);
    return NONOS_OK;
}

static bool has_role(const struct identity *identity, const struct image_policy *policy)
{
    return (identity->roles & (uint32_t)policy->wanted) != 0;
}

static crypto_verdict verify_ed25519(const struct run *run, const struct identity *identity)
{
    uint8_t message[IMAGE_ED25519_MESSAGE_LEN];
    image_ed25519_message(run->policy->wanted, run->verdict->d1, message);
    return ed25519_verify(identity->ed25519, message, sizeof(message),
                          run->file + (run->len - NONOS_SIG_LEN));
}

/* The identity with the role whose Ed25519 key made the signature, or null. */
static const struct identity *find_signer(const struct run *run, const struct identity *identities,
                                          size_t count, volatile crypto_verdict *result)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_role(&identities[i], run->policy))
            continue;
        *result = verify_ed25519(run, &identities[i]);
        if (*result == CRYPTO_VALID)
            return &identities[i];
    }
    return nullptr;
}

/* Why no signer was found, as helpfully as can be said. */
static enum nonos_error explain_no_signer(const struct run *run)
{
    bool any_has_role = false;
    for (size_t i = 0; i < run->policy->trusted_count; i++)
        any_has_role = any_has_role || has_role(&run->policy->trusted[i], run->policy);
    if (!any_has_role)
        return NONOS_E_NO_IDENTITY;
    if (bytes_are_zero(run->file + (run->len - NONOS_TRAILER_LEN), NONOS_TRAILER_LEN))
        return NONOS_E_UNSIGNED;
    return NONOS_E_ED25519;
}

/* A count that a fault must not carry from one evaluation to another is read again each time. */
static size_t read_again(const size_t *count)
{
    return *(const volatile size_t *)count;
}

/* 1 unless the signer is one of the trusted identities: a search may have run past their end. */
static uint32_t is_stray(const struct image_policy *policy, const struct identity *signer)
{
    uintptr_t distance = (uintptr_t)signer - (uintptr_t)policy->trusted;
    return distance >= read_again(&policy->trusted_count) * sizeof(*signer);
}

/* Revoked identities are tried too, after the trusted ones, for the sake of the answer. */
static enum nonos_error step_ed25519(struct run *run)
{
    run->verdict->reached = IMAGE_STEP_ED25519;
    const struct image_policy *policy = run->policy;
    volatile crypto_verdict first = CRYPTO_INVALID;
    const struct identity *signer =
        find_signer(run, policy->trusted, policy->trusted_count, &first);
    if (signer == nullptr)
        signer = find_signer(run, policy->revoked, policy->revoked_count, &first);
    if (signer == nullptr)
        return explain_no_signer(run);
    volatile crypto_verdict second = verify_ed25519(run, signer);
    if (first != second)
        return NONOS_E_DISAGREE;
    run->verdict->signer = signer;
    evidence_add(&run->evidence, TOKEN_ED25519 ^ first,
                 TOKEN_ED25519 ^ second ^ is_stray(policy, signer));
    announce(run, IMAGE_STEP_ED25519);
    return NONOS_OK;
}

static crypto_verdict verify_mldsa65(const struct run *run)
{
    const char *context = image_context(run->policy->wanted);
    return mldsa65_verify(run->verdict->signer->mldsa65, run->verdict->d0, NONOS_DIGEST_LEN,
                          context, strlen(context), run->file + (run->len - NONOS_TRAILER_LEN));
}

static bool is_same_signer(const struct identity *a, const struct identity *b)
{
    return bytes_equal(a->id, b->id, sizeof(a->id)) ||
           bytes_equal(a->ed25519, b->ed25519, sizeof(a->ed25519)) ||
           bytes_equal(a->mldsa65, b->mldsa65, sizeof(a->mldsa65));
}

/* 0 unless the signer is revoked; computed twice, once from what is like it ... */
static uint32_t count_like(const struct run *run)
{
    uint32_t like = 0;
    size_t count = read_again(&run->policy->revoked_count);
    for (size_t i = 0; i < count; i++)
        if (is_same_signer(run->verdict->signer, &run->policy->revoked[i]))
            like++;
    return like;
}

/* ... and once from what is not. */
static uint32_t count_not_unlike(const struct run *run)
{
    uint32_t left = (uint32_t)read_again(&run->policy->revoked_count);
    for (size_t i = read_again(&run->policy->revoked_count); i > 0; i--)
        if (!is_same_signer(&run->policy->revoked[i - 1], run->verdict->signer))
            left--;
    return left;
}

static enum nonos_error step_mldsa65(struct run *run)
{
    run->verdict->reached = IMAGE_STEP_MLDSA65;
    volatile crypto_verdict first = verify_mldsa65(run);
    volatile crypto_verdict second = verify_mldsa65(run);
    if (first != second)
        return NONOS_E_DISAGREE;
    if (first != CRYPTO_VALID)
        return NONOS_E_MLDSA65;
    evidence_add(&run->evidence, TOKEN_MLDSA65 ^ first, TOKEN_MLDSA65 ^ second);

    volatile uint32_t like = count_like(run);
    volatile uint32_t not_unlike = count_not_unlike(run);
    if (like != 0 || not_unlike != 0)
        return NONOS_E_REVOKED;
    evidence_add(&run->evidence, TOKEN_NOT_REVOKED ^ like, TOKEN_NOT_REVOKED ^ not_unlike);
    announce(run, IMAGE_STEP_MLDSA65);
    return NONOS_OK;
}

/* Not inlined: the two calls must not share what they have read. */
[[gnu::noinline]] static enum nonos_error check_policy(const struct image_policy *policy,
                                                       const struct identity *signer,
                                                       const struct manifest *manifest)
{
    if (manifest->type != policy->wanted)
        return NONOS_E_POLICY_TYPE;
    if ((signer->roles & (uint32_t)manifest->type) == 0)
        return NONOS_E_POLICY_ROLE;
    if ((uint32_t)manifest->profile != signer->profile)
        return NONOS_E_POLICY_PROFILE;
    if (manifest->profile != NONOS_PROFILE_RELEASE && !policy->allow_dev)
        return NONOS_E_POLICY_DEV;
    if (manifest->target.len != strlen(NONOS_TARGET) ||
        memcmp(manifest->target.bytes, NONOS_TARGET, manifest->target.len) != 0)
        return NONOS_E_POLICY_TARGET;
    if (manifest->security_version < policy->security_version_floor)
        return NONOS_E_POLICY_FLOOR;
    if (manifest->grants.len != 0 && manifest->type != NONOS_IMAGE_CAPSULE)
        return NONOS_E_POLICY_GRANT;
    return NONOS_OK;
}

static enum nonos_error parse_manifest(const struct run *run, const struct image_elf *elf,
                                       struct manifest *manifest, unsigned *line)
{
    return manifest_parse(run->file + elf->manifest_offset, (size_t)elf->manifest_len, manifest,
                          line);
}

/* The second results come from a structure and a manifest of their own: a number misread once must
 * not lift an old image over the floor. */
static enum nonos_error step_parse(struct run *run)
{
    struct image_verdict *verdict = run->verdict;
    verdict->reached = IMAGE_STEP_PARSED;
    struct image_elf elf;
    struct manifest manifest;
    volatile enum nonos_error first =
        image_parse_elf(run->file, run->len, run->policy->wanted, &verdict->elf);
    volatile enum nonos_error second =
        image_parse_elf(run->file, run->len, run->policy->wanted, &elf);
    if (first != NONOS_OK)
        return first;
    evidence_add(&run->evidence, TOKEN_STRUCTURE ^ (uint32_t)first,
                 TOKEN_STRUCTURE ^ (uint32_t)second);

    first = parse_manifest(run, &verdict->elf, &verdict->manifest, &verdict->manifest_line);
    second = parse_manifest(run, &elf, &manifest, nullptr);
    if (first != NONOS_OK)
        return first;
    evidence_add(&run->evidence, TOKEN_MANIFEST ^ (uint32_t)first,
                 TOKEN_MANIFEST ^ (uint32_t)second);

    first = check_policy(run->policy, verdict->signer, &verdict->manifest);
    second = check_policy(run->policy, verdict->signer, &manifest);
    if (first != NONOS_OK)
        return first;
    evidence_add(&run->evidence, TOKEN_POLICY ^ (uint32_t)first, TOKEN_POLICY ^ (uint32_t)second);
    announce(run, IMAGE_STEP_PARSED);
    return NONOS_OK;
}

/* The only place where the verdict is written. A verdict that is not whole is a refusal, whatever
 * the steps returned. */
static void conclude(struct run *run, enum nonos_error error)
{
    struct image_verdict *verdict = run->verdict;
    uint32_t value = run->evidence.value;
    uint32_t complement = run->evidence.complement;
    if (error == NONOS_OK && value == IMAGE_VERIFIED && complement == (uint32_t)~IMAGE_VERIFIED) {
        verdict->value = value;
        verdict->complement = complement;
        verdict->error = error;
        return;
    }
    verdict->error = error == NONOS_OK ? NONOS_E_DISAGREE : error;
    verdict->value = (uint32_t)verdict->error;
    verdict->complement = ~verdict->value;
    memset(&verdict->elf, 0, sizeof(verdict->elf));
    memset(&verdict->manifest, 0, sizeof(verdict->manifest));
}

enum nonos_error image_verify(const uint8_t *file, size_t len, const struct image_policy *policy,
                              image_observer *observer, void *context,
                              struct image_verdict *verdict)
{
    memset(verdict, 0, sizeof(*verdict));
    verdict->error = NONOS_E_INTERNAL;
    struct run run = {
        .file = file,
        .len = len,
        .policy = policy,
        .observer = observer,
        .observer_context = context,
        .verdict = verdict,
        .evidence = {.value = EVIDENCE_START, .complement = ~EVIDENCE_START},
    };
    enum nonos_error error = step_digest(&run);
    if (error == NONOS_OK)
        error = step_ed25519(&run);
    if (error == NONOS_OK)
        error = step_mldsa65(&run);
    if (error == NONOS_OK)
        error = step_parse(&run);
    conclude(&run, error);
    return verdict->error;
}
