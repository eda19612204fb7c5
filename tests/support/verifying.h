/*
 * verifying.h - identities, policies and signed kernels for the tests of the verdict.
 */
#ifndef NONOS_TESTS_SUPPORT_VERIFYING_H
#define NONOS_TESTS_SUPPORT_VERIFYING_H

#include "image/verify.h"
#include "tests/support/image_builder.h"

#define KERNEL ((uint32_t)NONOS_IMAGE_KERNEL)
#define CAPSULE ((uint32_t)NONOS_IMAGE_CAPSULE)
#define BUNDLE ((uint32_t)NONOS_IMAGE_BUNDLE)

/* Identities whose keys are all bytes 1, 2 and 3. */
static struct identity alice, bob, carol;
static struct image_verdict verdict;

static inline int make_identities(void **state)
{
    (void)state;
    alice = built_identity(1, "alice", KERNEL | CAPSULE | BUNDLE, NONOS_PROFILE_RELEASE);
    bob = built_identity(2, "bob", KERNEL | CAPSULE | BUNDLE, NONOS_PROFILE_DEV);
    carol = built_identity(3, "carol", CAPSULE, NONOS_PROFILE_RELEASE);
    return 0;
}

static inline struct image_policy trust(const struct identity *identities, size_t count)
{
    return (struct image_policy){
        .wanted = NONOS_IMAGE_KERNEL,
        .trusted = identities,
        .trusted_count = count,
        .security_version_floor = 1,
    };
}

static inline enum nonos_error verify(struct file_bytes image, const struct image_policy *policy)
{
    enum nonos_error error =
        image_verify(image.bytes, image.len, policy, nullptr, nullptr, &verdict);
    assert_int_equal(error, verdict.error);
    if (error == NONOS_OK) {
        assert_true(image_is_verified(&verdict));
        return error;
    }
    assert_false(image_is_verified(&verdict));
    assert_int_equal(verdict.value, (uint32_t)error);
    assert_int_equal(verdict.complement, ~(uint32_t)error);
    assert_memory_equal(&verdict.elf, &(struct image_elf){0}, sizeof(verdict.elf));
    assert_memory_equal(&verdict.manifest, &(struct manifest){0}, sizeof(verdict.manifest));
    return error;
}

/* A kernel with this manifest, signed by the identity whose key is fill. */
static inline struct file_bytes signed_kernel(const char *manifest, uint8_t fill)
{
    struct file_bytes image = built_kernel(manifest);
    built_sign(image, NONOS_IMAGE_KERNEL, fill);
    return image;
}

static inline void assert_refused(struct file_bytes image, const struct image_policy *policy,
                                  enum nonos_error expected)
{
    assert_int_equal(verify(image, policy), expected);
    file_free(&image);
}

#endif
