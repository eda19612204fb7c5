/*
 * The verdict over whole tables: every combination of wanted type, signing context, manifest type
 * and roles; of profiles; of floors; of revocation; and of the two halves of the signature. What is
 * expected is computed from the order in docs/image-format.md.
 */
#include "tests/support/verifying.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const enum nonos_image_type types[] = {NONOS_IMAGE_KERNEL, NONOS_IMAGE_CAPSULE,
                                              NONOS_IMAGE_BUNDLE};

#define HEAD(type, version, profile) BUILT_HEAD(type, version, NONOS_TARGET, profile)

static const char *manifest_of(enum nonos_image_type type)
{
    switch (type) {
    case NONOS_IMAGE_KERNEL:
        return BUILT_MANIFEST_TEXT(HEAD("kernel", "3", "release"), "");
    case NONOS_IMAGE_CAPSULE:
        return BUILT_MANIFEST_TEXT(HEAD("capsule", "3", "release"), "");
    case NONOS_IMAGE_BUNDLE:
        return BUILT_MANIFEST_TEXT(HEAD("bundle", "3", "release"), "");
    }
    return nullptr;
}

/* Sealed for another type than its manifest names: seal_elf() itself would refuse that. */
static struct file_bytes image_laid_out_as(enum nonos_image_type layout, const char *manifest)
{
    const char *sealed_as = manifest_of(layout);
    struct file_bytes image =
        layout == NONOS_IMAGE_CAPSULE ? built_capsule(sealed_as) : built_kernel(sealed_as);
    size_t old_len = strlen(sealed_as) + 1, len = strlen(manifest) + 1;
    uint8_t *at = memmem(image.bytes, image.len, sealed_as, old_len);
    assert_non_null(at);
    uint8_t *section = built_section_header(image, BUILT_MANIFEST);
    /* The note stands less than 4 bytes behind the manifest: names of the same length are needed.
     */
    assert_true(len <= old_len + 1);
    memset(at, 0, old_len);
    memcpy(at, manifest, len);
    store_le64(section + 32, len);
    return image;
}

static enum nonos_error expected_for(enum nonos_image_type wanted, enum nonos_image_type context,
                                     enum nonos_image_type layout, enum nonos_image_type said,
                                     uint32_t roles)
{
    if ((roles & (uint32_t)wanted) == 0)
        return NONOS_E_NO_IDENTITY;
    if (context != wanted)
        return NONOS_E_ED25519;
    if (wanted == NONOS_IMAGE_BUNDLE)
        return NONOS_E_BUNDLE;
    if (layout != wanted)
        return wanted == NONOS_IMAGE_KERNEL ? NONOS_E_SEGMENT_PLACEMENT
                                            : NONOS_E_SEGMENT_MEMORY_RANGE;
    return said == wanted ? NONOS_OK : NONOS_E_POLICY_TYPE;
}

/* One signed image under every wanted type and every set of roles. */
static unsigned check_types(struct file_bytes image, enum nonos_image_type context,
                            enum nonos_image_type layout, enum nonos_image_type said)
{
    unsigned count = 0;
    for (size_t w = 0; w < COUNT(types); w++)
        for (uint32_t roles = 0; roles < 8; roles++) {
            struct identity identity = alice;
            identity.roles = roles;
            struct image_policy policy = trust(&identity, 1);
            policy.wanted = types[w];
            enum nonos_error expected = expected_for(types[w], context, layout, said, roles);
            if (verify(image, &policy) != expected)
                fail_msg("wanted %d, context %d, layout %d, manifest %d, roles %u", types[w],
                         context, layout, said, roles);
            count++;
        }
    return count;
}

/* Manifests of one length, whatever type they name: the version makes up for it. */
static const char *const said[] = {
    BUILT_MANIFEST_TEXT(
        "type=kernel\nname=nonos\nversion=0.1.00\nsecurity-version=3\ntarget=" NONOS_TARGET
        "\nprofile=release\n",
        ""),
    BUILT_MANIFEST_TEXT(
        "type=capsule\nname=nonos\nversion=0.1.0\nsecurity-version=3\ntarget=" NONOS_TARGET
        "\nprofile=release\n",
        ""),
    BUILT_MANIFEST_TEXT(
        "type=bundle\nname=nonos\nversion=0.1.00\nsecurity-version=3\ntarget=" NONOS_TARGET
        "\nprofile=release\n",
        ""),
};

static void test_every_combination_of_types_and_roles(void **)
{
    static const enum nonos_image_type layouts[] = {NONOS_IMAGE_KERNEL, NONOS_IMAGE_CAPSULE};
    unsigned count = 0;
    for (size_t l = 0; l < COUNT(layouts); l++)
        for (size_t s = 0; s < COUNT(types); s++)
            for (size_t c = 0; c < COUNT(types); c++) {
                struct file_bytes image = image_laid_out_as(layouts[l], said[s]);
                built_sign(image, types[c], 1);
                count += check_types(image, types[c], layouts[l], types[s]);
                file_free(&image);
            }
    assert_int_equal(count, 2 * 3 * 3 * 3 * 8);
    print_message("%u combinations\n", count);
}

static void test_every_combination_of_profiles(void **)
{
    static const char *const manifests[] = {BUILT_KERNEL_DEV, BUILT_KERNEL_RELEASE};
    /* 0 and 3 are no profiles: nothing matches them. */
    for (uint32_t profile = 0; profile < 4; profile++)
        for (uint32_t says = NONOS_PROFILE_DEV; says <= NONOS_PROFILE_RELEASE; says++)
            for (unsigned allow = 0; allow < 2; allow++) {
                struct identity identity = alice;
                identity.profile = profile;
                struct image_policy policy = trust(&identity, 1);
                policy.allow_dev = allow != 0;
                enum nonos_error expected = NONOS_OK;
                if (profile != says)
                    expected = NONOS_E_POLICY_PROFILE;
                else if (says == NONOS_PROFILE_DEV && !policy.allow_dev)
                    expected = NONOS_E_POLICY_DEV;
                assert_refused(signed_kernel(manifests[says - 1], 1), &policy, expected);
            }
}

static void test_every_floor_around_every_version(void **)
{
    static const struct {
        uint32_t version;
        const char *manifest;
    } versions[] = {
        {1, BUILT_MANIFEST_TEXT(HEAD("kernel", "1", "release"), "")},
        {3, BUILT_MANIFEST_TEXT(HEAD("kernel", "3", "release"), "")},
        {4294967294, BUILT_MANIFEST_TEXT(HEAD("kernel", "4294967294", "release"), "")},
        {4294967295, BUILT_MANIFEST_TEXT(HEAD("kernel", "4294967295", "release"), "")},
    };
    for (size_t i = 0; i < COUNT(versions); i++) {
        uint32_t version = versions[i].version;
        const uint32_t floors[] = {0, 1, version - 1, version, version + 1, UINT32_MAX};
        struct file_bytes image = signed_kernel(versions[i].manifest, 1);
        for (size_t k = 0; k < COUNT(floors); k++) {
            struct image_policy policy = trust(&alice, 1);
            policy.security_version_floor = floors[k];
            assert_int_equal(verify(image, &policy),
                             version >= floors[k] ? NONOS_OK : NONOS_E_POLICY_FLOOR);
        }
        file_free(&image);
    }
}

enum listed { NOT_LISTED, LISTED, SAME_ID, SAME_ED25519, SAME_MLDSA65, LISTED_KINDS };

/* Carol, but for what she shares with alice. */
static struct identity revoked_like(enum listed how)
{
    struct identity identity = how == LISTED ? alice : carol;
    identity.roles = KERNEL;
    if (how == SAME_ID)
        memcpy(identity.id, alice.id, sizeof(alice.id));
    if (how == SAME_ED25519)
        memcpy(identity.ed25519, alice.ed25519, sizeof(alice.ed25519));
    if (how == SAME_MLDSA65)
        memcpy(identity.mldsa65, alice.mldsa65, sizeof(alice.mldsa65));
    return identity;
}

/* Alice signs; she is trusted or not, and revoked in one way or another. */
static void test_every_combination_of_trusted_and_revoked(void **)
{
    struct file_bytes image = signed_kernel(BUILT_KERNEL_RELEASE, 1);
    for (unsigned trusted = 0; trusted < 2; trusted++)
        for (unsigned how = NOT_LISTED; how < LISTED_KINDS; how++) {
            struct identity identities[] = {bob, alice};
            struct identity revoked[] = {carol, revoked_like((enum listed)how)};
            struct image_policy policy = trust(identities, 1 + trusted);
            policy.revoked = revoked;
            policy.revoked_count = 2;
            enum nonos_error expected = NONOS_OK;
            if (trusted != 0 || how == LISTED)
                expected = how == NOT_LISTED ? NONOS_OK : NONOS_E_REVOKED;
            else if (how == SAME_ED25519)
                expected = NONOS_E_MLDSA65; /* found by one key, it has not the other */
            else
                expected = NONOS_E_ED25519;
            assert_int_equal(verify(image, &policy), expected);
        }
    file_free(&image);
}

enum half { RIGHT, CHANGED, OTHER_IMAGE, OTHER_IDENTITY, OTHER_BOTH, ZERO, HALVES };

/* The signatures that another image has, or another identity makes. */
static void take_half(struct file_bytes image, enum half half, size_t from_end, size_t len)
{
    uint8_t *at = image.bytes + image.len - from_end;
    uint8_t signer = half == OTHER_IDENTITY || half == OTHER_BOTH ? 2 : 1;
    struct file_bytes other = built_copy(image);
    if (half == OTHER_IMAGE || half == OTHER_BOTH)
        other.bytes[64 * 5] ^= 1; /* any byte of the body */
    if (len == NONOS_SIG_LEN)
        built_sign_ed25519(other, NONOS_IMAGE_KERNEL, signer);
    else
        built_sign_mldsa65(other, NONOS_IMAGE_KERNEL, signer);
    memcpy(at, other.bytes + other.len - from_end, len);
    if (half == CHANGED)
        at[len / 2] ^= 1;
    if (half == ZERO)
        memset(at, 0, len);
    file_free(&other);
}

static enum nonos_error expected_for_halves(enum half ed25519, enum half mldsa65)
{
    if (ed25519 == ZERO && mldsa65 == ZERO)
        return NONOS_E_UNSIGNED;
    /* Bob's Ed25519 signature is one, of his; then his ML-DSA-65 signature is asked for. */
    if (ed25519 != RIGHT && ed25519 != OTHER_IDENTITY)
        return NONOS_E_ED25519;
    if (ed25519 == RIGHT)
        return mldsa65 == RIGHT ? NONOS_OK : NONOS_E_MLDSA65;
    return mldsa65 == OTHER_IDENTITY ? NONOS_E_POLICY_PROFILE : NONOS_E_MLDSA65;
}

/* Alice and bob are both trusted; bob is one for development, so his own image would be refused for
 * its profile. Ed25519 is made last, over whatever the other half is. */
static void test_every_combination_of_the_halves_of_a_signature(void **)
{
    struct identity both[] = {alice, bob};
    struct image_policy policy = trust(both, 2);
    policy.allow_dev = true;
    for (unsigned e = 0; e < HALVES; e++)
        for (unsigned m = 0; m < HALVES; m++) {
            struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
            take_half(image, (enum half)m, NONOS_TRAILER_LEN, NONOS_PQSIG_LEN);
            take_half(image, (enum half)e, NONOS_SIG_LEN, NONOS_SIG_LEN);
            if (verify(image, &policy) != expected_for_halves((enum half)e, (enum half)m))
                fail_msg("Ed25519 %u, ML-DSA-65 %u: %d", e, m, verdict.error);
            file_free(&image);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination_of_types_and_roles),
        cmocka_unit_test(test_every_combination_of_profiles),
        cmocka_unit_test(test_every_floor_around_every_version),
        cmocka_unit_test(test_every_combination_of_trusted_and_revoked),
        cmocka_unit_test(test_every_combination_of_the_halves_of_a_signature),
    };
    return cmocka_run_group_tests_name("verify_matrix", tests, make_identities, nullptr);
}
