/*
 * image_builder.h - small images for the tests, made in memory and signed with keys of their own.
 *
 * The ELF file is written field by field, as a linker would leave it: three segments, a note, a
 * section that is not loaded; then seal_elf() gives it its final layout. Signatures are made here
 * with crypto/ alone, so that an image which breaks a rule can be signed all the same.
 */
#ifndef NONOS_TESTS_SUPPORT_IMAGE_BUILDER_H
#define NONOS_TESTS_SUPPORT_IMAGE_BUILDER_H

#include "tests/support/vectors.h"

#include "abi/image.h"
#include "crypto/bytes.h"
#include "image/digest.h"
#include "tools/key.h"
#include "tools/seal.h"

/* What stands where in a sealed image of the builder. */
#define BUILT_PROGRAM_COUNT 5u
#define BUILT_SECTION_COUNT 10u
enum built_program { BUILT_R, BUILT_X, BUILT_W, BUILT_NOTE, BUILT_STACK };
enum built_section {
    BUILT_NULL,
    BUILT_RODATA,
    BUILT_MANIFEST,
    BUILT_NOTE_PVH,
    BUILT_TEXT,
    BUILT_DATA,
    BUILT_BSS,
    BUILT_PQSIG,
    BUILT_SIG,
    BUILT_NAMES,
};
#define BUILT_RODATA_LEN 32u
#define BUILT_TEXT_LEN 64u
#define BUILT_DATA_LEN 48u
#define BUILT_BSS_LEN 0x2000u

#define BUILT_SOURCE                                                                               \
    "source=blake3:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
#define BUILT_TAIL                                                                                 \
    "commit=0123456789abcdef0123456789abcdef01234567\n"                                            \
    "dirty=no\nepoch=1700000000\ncompiler=clang version 19.1.7\npqc=pqclean 0.8.1\n"               \
    "bundle=none\nsbom=none\n"

/* A manifest: head has the lines from type to profile. */
#define BUILT_MANIFEST_TEXT(head, more) "NONOS-MANIFEST 1\n" head BUILT_SOURCE BUILT_TAIL more
#define BUILT_HEAD(type, floor, target, profile)                                                   \
    "type=" type "\nname=nonos\nversion=0.1.0\nsecurity-version=" floor "\ntarget=" target         \
    "\nprofile=" profile "\n"
#define BUILT_KERNEL_DEV BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "3", NONOS_TARGET, "dev"), "")
#define BUILT_KERNEL_RELEASE                                                                       \
    BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "3", NONOS_TARGET, "release"), "")
#define BUILT_CAPSULE_DEV                                                                          \
    BUILT_MANIFEST_TEXT(BUILT_HEAD("capsule", "3", NONOS_TARGET, "dev"), "grant=log:write\n")

static inline void built_store16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void built_program(uint8_t *at, uint32_t type, uint32_t flags, uint64_t offset,
                                 uint64_t vaddr, uint64_t paddr, uint64_t file_len,
                                 uint64_t mem_len, uint64_t alignment)
{
    store_le32(at, type);
    store_le32(at + 4, flags);
    store_le64(at + 8, offset);
    store_le64(at + 16, vaddr);
    store_le64(at + 24, paddr);
    store_le64(at + 32, file_len);
    store_le64(at + 40, mem_len);
    store_le64(at + 48, alignment);
}

struct built_names {
    char text[256];
    uint32_t len;
};

static inline void built_section(uint8_t *at, struct built_names *names, const char *name,
                                 uint32_t type, uint64_t flags, uint64_t addr, uint64_t offset,
                                 uint64_t len, uint64_t alignment)
{
    store_le32(at, names->len);
    memcpy(names->text + names->len, name, strlen(name) + 1);
    names->len += (uint32_t)strlen(name) + 1;
    store_le32(at + 4, type);
    store_le64(at + 8, flags);
    store_le64(at + 16, addr);
    store_le64(at + 24, offset);
    store_le64(at + 32, len);
    store_le64(at + 48, alignment);
}

static inline void built_header(uint8_t *b, uint64_t entry)
{
    memcpy(b,
           "\x7F"
           "ELF\2\1\1",
           7);
    built_store16(b + 16, 2);
    built_store16(b + 18, 62);
    store_le32(b + 20, 1);
    store_le64(b + 24, entry);
    store_le64(b + 32, 64);
    store_le64(b + 40, 0x6000);
    built_store16(b + 52, 64);
    built_store16(b + 54, 56);
    built_store16(b + 56, BUILT_PROGRAM_COUNT);
    built_store16(b + 58, 64);
    built_store16(b + 60, 9);
    built_store16(b + 62, 8);
}

static inline void built_contents(uint8_t *b, uint64_t note_at, const char *manifest,
                                  size_t manifest_len)
{
    memset(b + 0x1000, 'r', BUILT_RODATA_LEN);
    memcpy(b + 0x1000 + BUILT_RODATA_LEN, manifest, manifest_len);
    store_le32(b + 0x1000 + note_at, 4);
    store_le32(b + 0x1000 + note_at + 4, 4);
    store_le32(b + 0x1000 + note_at + 8, 18);
    memcpy(b + 0x1000 + note_at + 12, "Xen", 4);
    memset(b + 0x3000, 0x90, BUILT_TEXT_LEN);
    memset(b + 0x4000, 'd', BUILT_DATA_LEN);
    /* What a linker adds that an image does not keep. */
    memset(b + 0x5000, 'c', 16);
}

/* An ELF file with this manifest as a linker leaves it (free it with file_free): a kernel when
 * base_paddr is NONOS_KERNEL_PADDR and offset NONOS_KERNEL_VIRTUAL_OFFSET. */
static inline struct file_bytes built_elf_at(const char *manifest, uint64_t base_paddr,
                                             uint64_t offset)
{
    const size_t manifest_len = strlen(manifest) + 1;
    const uint64_t note_at = (BUILT_RODATA_LEN + manifest_len + 3) / 4 * 4;
    const uint64_t r_len = note_at + 20;
    const uint64_t x_paddr = base_paddr + 0x2000, w_paddr = base_paddr + 0x3000;
    struct file_bytes file = {.len = 0x7000};
    file.bytes = calloc(1, file.len);
    assert_non_null(file.bytes);
    assert_true(r_len <= 0x2000);
    uint8_t *b = file.bytes;

    built_header(b, x_paddr + offset + 16);
    uint8_t *p = b + 64;
    built_program(p, 1, 4, 0x1000, base_paddr + offset, base_paddr, r_len, r_len, 0x1000);
    built_program(p + 56, 1, 5, 0x3000, x_paddr + offset, x_paddr, BUILT_TEXT_LEN, BUILT_TEXT_LEN,
                  0x1000);
    built_program(p + 112, 1, 6, 0x4000, w_paddr + offset, w_paddr, BUILT_DATA_LEN,
                  BUILT_DATA_LEN + BUILT_BSS_LEN, 0x1000);
    built_program(p + 168, 4, 4, 0x1000 + note_at, base_paddr + offset + note_at,
                  base_paddr + note_at, 20, 20, 4);
    built_program(p + 224, 0x6474E551, 6, 0, 0, 0, 0, 0, 0);

    built_contents(b, note_at, manifest, manifest_len);

    struct built_names names = {.len = 1};
    uint8_t *s = b + 0x6000 + 64;
    uint64_t r = base_paddr + offset;
    built_section(s, &names, ".rodata", 1, 2 | 0x30, r, 0x1000, BUILT_RODATA_LEN, 16);
    store_le64(s + 56, 1);
    built_section(s += 64, &names, ".nonos.manifest", 1, 2, r + BUILT_RODATA_LEN,
                  0x1000 + BUILT_RODATA_LEN, manifest_len, 1);
    built_section(s += 64, &names, ".note.pvh", 7, 2, r + note_at, 0x1000 + note_at, 20, 4);
    built_section(s += 64, &names, ".text", 1, 6, x_paddr + offset, 0x3000, BUILT_TEXT_LEN, 16);
    built_section(s += 64, &names, ".data", 1, 3, w_paddr + offset, 0x4000, BUILT_DATA_LEN, 16);
    built_section(s += 64, &names, ".bss", 8, 3, w_paddr + offset + BUILT_DATA_LEN,
                  0x4000 + BUILT_DATA_LEN, BUILT_BSS_LEN, 16);
    built_section(s += 64, &names, ".comment", 1, 0x30, 0, 0x5000, 16, 1);
    store_le64(s + 56, 1);
    s += 64;
    built_section(s, &names, ".shstrtab", 3, 0, 0, 0x5100, 0, 1);
    store_le64(s + 32, names.len);
    memcpy(b + 0x5100, names.text, names.len);
    return file;
}

static inline struct file_bytes built_elf(const char *manifest)
{
    return built_elf_at(manifest, NONOS_KERNEL_PADDR, NONOS_KERNEL_VIRTUAL_OFFSET);
}

/* Sealed and unsigned; free it with file_free. */
static inline struct file_bytes built_seal(struct file_bytes elf)
{
    struct file_bytes image;
    unsigned line = 0;
    assert_int_equal(seal_elf(elf.bytes, elf.len, &image, &line), NONOS_OK);
    file_free(&elf);
    return image;
}

static inline struct file_bytes built_kernel(const char *manifest)
{
    return built_seal(built_elf(manifest));
}

/* The same with virtual = physical, as capsules are linked. */
static inline struct file_bytes built_capsule(const char *manifest)
{
    return built_seal(built_elf_at(manifest, 0x400000, 0));
}

/* A key that is the same in every run: all bytes are fill. */
static inline struct signing_key built_key(uint8_t fill)
{
    struct signing_key key = {.token = nullptr};
    memset(key.seed, fill, sizeof(key.seed));
    return key;
}

static inline struct identity built_identity(uint8_t fill, const char *name, uint32_t roles,
                                             enum nonos_profile profile)
{
    struct signing_key key = built_key(fill);
    struct identity identity;
    assert_int_equal(key_identity(&key, name, roles, profile, &identity), NONOS_OK);
    return identity;
}

/* Fills in the ML-DSA-65 signature, whatever the image is. */
static inline void built_sign_mldsa65(struct file_bytes image, enum nonos_image_type type,
                                      uint8_t fill)
{
    struct signing_key key = built_key(fill);
    uint8_t seed[MLDSA65_SEED_LEN], public_key[MLDSA65_PUBLIC_KEY_LEN];
    uint8_t secret[MLDSA65_SECRET_KEY_LEN];
    uint8_t d0[NONOS_DIGEST_LEN], d1[NONOS_DIGEST_LEN];
    const char *context = image_context(type);
    image_digest(image.bytes, image.len, d0, d1);
    key_derive_mldsa65_seed(&key, seed);
    assert_int_equal(mldsa65_generate_key(seed, public_key, secret), NONOS_OK);
    assert_int_equal(mldsa65_sign(secret, d0, sizeof(d0), context, strlen(context), nullptr,
                                  image.bytes + image.len - NONOS_TRAILER_LEN),
                     NONOS_OK);
}

/* Fills in the Ed25519 signature over what is there. */
static inline void built_sign_ed25519(struct file_bytes image, enum nonos_image_type type,
                                      uint8_t fill)
{
    struct signing_key key = built_key(fill);
    uint8_t d0[NONOS_DIGEST_LEN], d1[NONOS_DIGEST_LEN], message[IMAGE_ED25519_MESSAGE_LEN];
    image_digest(image.bytes, image.len, d0, d1);
    image_ed25519_message(type, d1, message);
    ed25519_sign(key.seed, message, sizeof(message), image.bytes + image.len - NONOS_SIG_LEN);
}

/* Both, in the order in which they are nested. */
static inline void built_sign(struct file_bytes image, enum nonos_image_type type, uint8_t fill)
{
    built_sign_mldsa65(image, type, fill);
    built_sign_ed25519(image, type, fill);
}

static inline struct file_bytes built_copy(struct file_bytes image)
{
    struct file_bytes copy = {test_allocate(image.len), image.len};
    memcpy(copy.bytes, image.bytes, image.len);
    return copy;
}

/* Writes a text of the same length over the first place where the old one stands. */
static inline void built_replace(struct file_bytes image, const char *old, const char *new)
{
    char *at = memmem(image.bytes, image.len, old, strlen(old));
    assert_non_null(at);
    assert_int_equal(strlen(old), strlen(new));
    memcpy(at, new, strlen(new));
}

/* Where a header of a sealed image is. */
static inline uint8_t *built_program_header(struct file_bytes image, unsigned index)
{
    return image.bytes + 64 + index * 56;
}

static inline uint8_t *built_section_header(struct file_bytes image, unsigned index)
{
    return image.bytes + load_le64(image.bytes + 40) + index * 64;
}

#endif
