/*
 * subject.c - the program that faults happen to: `subject NUMBER` makes one scenario, confines
 * itself to ending, stops for the injector and then treats the image as the loader would.
 */
#include "tests/fault/caller.h"
#include "tests/fault/confine.h"
#include "tests/fault/scenarios.h"
#include "tests/support/verifying.h"

#include "crypto/pqc_random.h"

#include <unistd.h>

void pqc_random_failed(void)
{
    abort();
}

void caller_admit(void)
{
    _exit(SUBJECT_ADMITTED);
}

void caller_refuse(void)
{
    _exit(SUBJECT_REFUSED);
}

struct setting {
    struct file_bytes image;
    struct image_policy policy;
    enum nonos_error expected;
};

static struct identity several[2];
static struct identity revoked[1];

static void flip(struct file_bytes image, size_t distance_from_end)
{
    image.bytes[image.len - distance_from_end] ^= 1;
}

static void replace(struct file_bytes image, const char *old, const char *new)
{
    built_replace(image, old, new);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
}

/* alice signs for releases, bob for development, carol only capsules. */
static struct setting make_good(void)
{
    return (struct setting){signed_kernel(BUILT_KERNEL_RELEASE, 1), trust(&alice, 1), NONOS_OK};
}

static struct setting make_bad_ed25519(void)
{
    struct setting setting = make_good();
    flip(setting.image, NONOS_SIG_LEN);
    return setting;
}

static struct setting make_bad_mldsa65(void)
{
    struct setting setting = make_good();
    flip(setting.image, NONOS_TRAILER_LEN - 100);
    built_sign_ed25519(setting.image, NONOS_IMAGE_KERNEL, 1);
    return setting;
}

/* The halves of a signature from two places: the ML-DSA-65 signature of another image, under an
 * Ed25519 signature made over both ... */
static struct setting make_mixed_images(void)
{
    struct setting setting = make_good();
    uint8_t *code =
        setting.image.bytes + load_le64(built_program_header(setting.image, BUILT_X) + 8);
    *code ^= 1;
    built_sign_mldsa65(setting.image, NONOS_IMAGE_KERNEL, 1);
    *code ^= 1;
    built_sign_ed25519(setting.image, NONOS_IMAGE_KERNEL, 1);
    return setting;
}

/* ... and that of another identity, which is trusted too. */
static struct setting make_mixed_identities(void)
{
    several[0] = bob;
    several[1] = alice;
    struct setting setting = {built_kernel(BUILT_KERNEL_RELEASE), trust(several, 2), NONOS_OK};
    built_sign_mldsa65(setting.image, NONOS_IMAGE_KERNEL, 2);
    built_sign_ed25519(setting.image, NONOS_IMAGE_KERNEL, 1);
    return setting;
}

static struct setting make_tampered(void)
{
    struct setting setting = make_good();
    setting.image.bytes[load_le64(built_program_header(setting.image, BUILT_X) + 8) + 20] ^= 1;
    return setting;
}

static struct setting make_unknown_signer(void)
{
    struct setting setting = make_good();
    setting.policy = trust(&bob, 1);
    return setting;
}

static struct setting make_revoked_signer(void)
{
    struct setting setting = make_good();
    revoked[0] = alice;
    setting.policy = trust(&bob, 1);
    setting.policy.revoked = revoked;
    setting.policy.revoked_count = 1;
    return setting;
}

static struct setting make_revoked_but_trusted(void)
{
    struct setting setting = make_revoked_signer();
    several[0] = bob;
    several[1] = alice;
    setting.policy.trusted = several;
    setting.policy.trusted_count = 2;
    return setting;
}

static struct setting make_rolled_back(void)
{
    struct setting setting = make_good();
    setting.policy.security_version_floor = 4;
    return setting;
}

static struct setting make_wrong_role(void)
{
    several[0] = carol;
    several[1] = alice;
    return (struct setting){signed_kernel(BUILT_KERNEL_RELEASE, 3), trust(several, 2), NONOS_OK};
}

static struct setting make_wrong_profile(void)
{
    return (struct setting){signed_kernel(BUILT_KERNEL_RELEASE, 2), trust(&bob, 1), NONOS_OK};
}

static struct setting make_development(void)
{
    return (struct setting){signed_kernel(BUILT_KERNEL_DEV, 2), trust(&bob, 1), NONOS_OK};
}

static struct setting make_wrong_type(void)
{
    struct setting setting = make_good();
    replace(setting.image, "type=kernel\nname=nonos\n", "type=capsule\nname=nono\n");
    return setting;
}

static struct setting make_wrong_target(void)
{
    struct setting setting = make_good();
    replace(setting.image, NONOS_TARGET, "x86_64-nonoz");
    return setting;
}

static struct setting make_broken_structure(void)
{
    struct setting setting = make_good();
    store_le32(built_program_header(setting.image, BUILT_X) + 4,
               IMAGE_SEGMENT_R | IMAGE_SEGMENT_W | IMAGE_SEGMENT_X);
    built_sign(setting.image, NONOS_IMAGE_KERNEL, 1);
    return setting;
}

static struct setting make_broken_manifest(void)
{
    struct setting setting = make_good();
    replace(setting.image, "dirty=no", "dirty=No");
    return setting;
}

static struct setting make(unsigned long scenario)
{
#define SCENARIO(name, error) {make_##name, error},
    static const struct {
        struct setting (*make)(void);
        enum nonos_error expected;
    } makers[] = {SCENARIOS(SCENARIO)};
#undef SCENARIO
    assert_true(scenario < SCENARIO_COUNT);
    struct setting setting = makers[scenario].make();
    setting.expected = makers[scenario].expected;
    return setting;
}

int main(int argc, char **argv)
{
    assert_int_equal(argc, 2);
    make_identities(nullptr);
    struct setting setting = make(strtoul(argv[1], nullptr, 10));
    /* Refused, and for the reason that the scenario is about. */
    assert_int_equal(image_verify(setting.image.bytes, setting.image.len, &setting.policy, nullptr,
                                  nullptr, &verdict),
                     setting.expected);
    confine_and_stop();
    caller_take(setting.image.bytes, setting.image.len, &setting.policy);
    return 0;
}
