/*
 * image.h - sizes and names of the signed image, version 1 (docs/image-format.md).
 *
 * All lengths are bytes.
 */
#ifndef NONOS_ABI_IMAGE_H
#define NONOS_ABI_IMAGE_H

#include <stdint.h>

#define NONOS_IMAGE_MIN_LEN 4096u
#define NONOS_IMAGE_MAX_LEN (16u * 1024 * 1024)
#define NONOS_IMAGE_ALIGNMENT 4096u

#define NONOS_DIGEST_LEN 32u
#define NONOS_IDENTITY_ID_LEN 32u

/* The two trailers: ... | ML-DSA-65 signature | Ed25519 signature | end of file. */
#define NONOS_SIG_LEN 64u
#define NONOS_PQSIG_LEN 3309u
#define NONOS_TRAILER_LEN (NONOS_PQSIG_LEN + NONOS_SIG_LEN)

#define NONOS_SECTION_MANIFEST ".nonos.manifest"
#define NONOS_SECTION_PQSIG ".nonos.pqsig"
#define NONOS_SECTION_SIG ".nonos.sig"

#define NONOS_MANIFEST_MAX_LEN 4096u
#define NONOS_TARGET "x86_64-nonos"

/* Where a kernel is linked: virtual = physical + NONOS_KERNEL_VIRTUAL_OFFSET. */
#define NONOS_KERNEL_PADDR UINT64_C(0x100000)
#define NONOS_KERNEL_VIRTUAL_OFFSET UINT64_C(0xFFFFFFFF80000000)

/* Where a capsule may be linked: virtual = physical, inside these bounds. */
#define NONOS_CAPSULE_MIN_VADDR UINT64_C(0x10000)
#define NONOS_CAPSULE_MAX_VADDR UINT64_C(0x0000800000000000)

/* The types of image; the values are also the bits of an identity's roles. */
enum nonos_image_type {
    NONOS_IMAGE_KERNEL = 1,
    NONOS_IMAGE_CAPSULE = 2,
    NONOS_IMAGE_BUNDLE = 4,
};

enum nonos_profile {
    NONOS_PROFILE_DEV = 1,
    NONOS_PROFILE_RELEASE = 2,
};

/* Signing contexts: ML-DSA-65 takes the text, Ed25519 the text zero-padded to 16 bytes. */
#define NONOS_CONTEXT_LEN 16u
#define NONOS_CONTEXT_KERNEL "NONOS-KERNEL-v1"
#define NONOS_CONTEXT_CAPSULE "NONOS-CAPSULE-v1"
#define NONOS_CONTEXT_BUNDLE "NONOS-BUNDLE-v1"

/* BLAKE3 derive_key contexts. */
#define NONOS_DERIVE_IDENTITY "NONOS:IDENTITY:v1"
#define NONOS_DERIVE_MLDSA65 "NONOS:SIGN:ML-DSA-65:v1"

#endif
