#include "tests/tamper/subject.h"

#include "crypto/bytes.h"
#include "crypto/pqc_random.h"
#include "crypto/workspace.h"
#include "image/digest.h"
#include "tests/tamper/campaign.h"
#include "tools/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct subject subject;

static const struct signing_key attacker_key = {.seed = {7, 7, 7, 7}};
static uint8_t attacker_secret[MLDSA65_SECRET_KEY_LEN];
static uint8_t *room; /* NONOS_IMAGE_MAX_LEN and a page, then the guard */
static size_t room_len;
static uint8_t *file_start;

/* Nothing here is secret: the caller's own stack will do. */
void workspace_run(void (*function)(void *), void *argument, [[maybe_unused]] size_t stack_len)
{
    function(argument);
}

void pqc_random_failed(void)
{
    campaign_stop("a signature asked for randomness");
}

static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == nullptr) {
        fprintf(stderr, "tamper: %s: cannot be read; make it with `make kernel`\n", path);
        exit(2);
    }
    campaign_require(fseek(file, 0, SEEK_END) == 0);
    long end = ftell(file);
    campaign_require(end > 0 && fseek(file, 0, SEEK_SET) == 0);
    *len = (size_t)end;
    uint8_t *bytes = malloc(*len);
    campaign_require(bytes != nullptr && fread(bytes, 1, *len, file) == *len);
    campaign_require(fclose(file) == 0);
    return bytes;
}

static void make_room(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    room_len = NONOS_IMAGE_MAX_LEN + page;
    room =
        mmap(nullptr, room_len + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    campaign_require(room != MAP_FAILED);
    campaign_require(mprotect(room + room_len, page, PROT_NONE) == 0);
}

static void make_attacker(void)
{
    uint8_t seed[MLDSA65_SEED_LEN], public_key[MLDSA65_PUBLIC_KEY_LEN];
    campaign_require(key_identity(&attacker_key, "attacker", subject.signer.roles,
                                  subject.signer.profile == NONOS_PROFILE_RELEASE
                                      ? NONOS_PROFILE_RELEASE
                                      : NONOS_PROFILE_DEV,
                                  &subject.attacker) == NONOS_OK);
    key_derive_mldsa65_seed(&attacker_key, seed);
    campaign_require(mldsa65_generate_key(seed, public_key, attacker_secret) == NONOS_OK);
    campaign_require(bytes_equal(public_key, subject.attacker.mldsa65, sizeof(public_key)));
}

void subject_load(const char *image_path, const char *identity_path)
{
    size_t text_len;
    uint8_t *text = read_file(identity_path, &text_len);
    campaign_require(identity_parse((const char *)text, text_len, &subject.signer) == NONOS_OK);
    free(text);
    subject.original = read_file(image_path, &subject.len);
    campaign_require(subject.len > NONOS_IMAGE_MIN_LEN && subject.len <= NONOS_IMAGE_MAX_LEN);
    subject.body_len = subject.len - NONOS_TRAILER_LEN;
    campaign_require(
        subject_parse(subject.original, subject.len, &subject.elf, &subject.manifest) == NONOS_OK);
    make_room();
    make_attacker();
    campaign_require(subject_verify(subject_copy(subject.original, subject.len), subject.len,
                                    &subject.signer) == NONOS_OK);
    subject_sign(subject_file(), subject.len);
    campaign_require(subject_verify(subject_file(), subject.len, &subject.attacker) == NONOS_OK);
    campaign_require(subject_verify(subject_file(), subject.len, &subject.signer) ==
                     NONOS_E_ED25519);
}

uint8_t *subject_copy(const uint8_t *from, size_t len)
{
    campaign_require(len <= room_len);
    file_start = room + room_len - len;
    if (len > 0)
        memcpy(file_start, from, len);
    return file_start;
}

uint8_t *subject_file(void)
{
    return file_start;
}

enum nonos_error subject_verify(const uint8_t *file, size_t len, const struct identity *trusted)
{
    static struct image_verdict verdict;
    const struct image_policy policy = {
        .wanted = NONOS_IMAGE_KERNEL,
        .trusted = trusted,
        .trusted_count = 1,
        .security_version_floor = subject.manifest.security_version,
        .allow_dev = true,
    };
    memset(&verdict, 0xEE, sizeof(verdict));
    enum nonos_error error = image_verify(file, len, &policy, nullptr, nullptr, &verdict);
    campaign_require(error == verdict.error);
    if (error == NONOS_OK) {
        campaign_require(image_is_verified(&verdict) && verdict.signer == trusted);
        return error;
    }
    campaign_require(!image_is_verified(&verdict));
    campaign_require(verdict.value == (uint32_t)error && verdict.complement == ~(uint32_t)error);
    campaign_require(bytes_are_zero(&verdict.elf, sizeof(verdict.elf)));
    campaign_require(bytes_are_zero(&verdict.manifest, sizeof(verdict.manifest)));
    return error;
}

void subject_sign_ed25519(uint8_t *file, size_t len)
{
    uint8_t d0[NONOS_DIGEST_LEN], d1[NONOS_DIGEST_LEN], message[IMAGE_ED25519_MESSAGE_LEN];
    image_digest(file, len, d0, d1);
    image_ed25519_message(NONOS_IMAGE_KERNEL, d1, message);
    ed25519_sign(attacker_key.seed, message, sizeof(message), file + len - NONOS_SIG_LEN);
}

void subject_sign(uint8_t *file, size_t len)
{
    uint8_t d0[NONOS_DIGEST_LEN], d1[NONOS_DIGEST_LEN];
    image_digest(file, len, d0, d1);
    campaign_require(mldsa65_sign(attacker_secret, d0, sizeof(d0), NONOS_CONTEXT_KERNEL,
                                  strlen(NONOS_CONTEXT_KERNEL), nullptr,
                                  file + len - NONOS_TRAILER_LEN) == NONOS_OK);
    subject_sign_ed25519(file, len);
}

enum nonos_error subject_parse(const uint8_t *file, size_t len, struct image_elf *elf,
                               struct manifest *manifest)
{
    memset(manifest, 0, sizeof(*manifest));
    enum nonos_error error = image_parse_elf(file, len, NONOS_IMAGE_KERNEL, elf);
    if (error == NONOS_OK)
        error = manifest_parse(file + elf->manifest_offset, (size_t)elf->manifest_len, manifest,
                               nullptr);
    return error;
}
