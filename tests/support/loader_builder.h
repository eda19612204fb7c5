/*
 * loader_builder.h - small files of loaders for the tests, written field by field: PE32+ headers,
 * a section of code, and the two that say whom the loader trusts (image/policy_record.h).
 */
#ifndef NONOS_TESTS_SUPPORT_LOADER_BUILDER_H
#define NONOS_TESTS_SUPPORT_LOADER_BUILDER_H

#include "tests/support/image_builder.h"

#include "image/policy_record.h"

/* What stands where. */
#define BUILT_LOADER_PE_AT 0x80u
#define BUILT_LOADER_OPTIONAL_AT (BUILT_LOADER_PE_AT + 24u)
#define BUILT_LOADER_CHECKSUM_AT (BUILT_LOADER_OPTIONAL_AT + 64u)
#define BUILT_LOADER_CERTIFICATES_AT (BUILT_LOADER_OPTIONAL_AT + 144u)
#define BUILT_LOADER_SECTIONS_AT (BUILT_LOADER_OPTIONAL_AT + 240u)
#define BUILT_LOADER_HEADERS_LEN 0x400u
#define BUILT_LOADER_TEXT_AT BUILT_LOADER_HEADERS_LEN
#define BUILT_LOADER_TEXT_LEN 0x200u
#define BUILT_LOADER_PROFILE_AT (BUILT_LOADER_TEXT_AT + BUILT_LOADER_TEXT_LEN)
#define BUILT_LOADER_POLICY_AT (BUILT_LOADER_PROFILE_AT + 0x200u)

/* Section i: code, data without bytes in the file, profile, policy. */
#define BUILT_LOADER_SECTION_COUNT 4u

static inline void built_loader_section(uint8_t *file, size_t index, const char *name,
                                        size_t memory_len, size_t at, size_t file_len)
{
    uint8_t *header = file + BUILT_LOADER_SECTIONS_AT + index * 40;
    memcpy(header, name, strlen(name));
    store_le32(header + 8, (uint32_t)memory_len);
    store_le32(header + 16, (uint32_t)file_len);
    store_le32(header + 20, (uint32_t)at);
}

static inline void built_loader_headers(uint8_t *b, size_t policy_len, size_t policy_file_len)
{
    memcpy(b, "MZ", 2);
    store_le32(b + 60, BUILT_LOADER_PE_AT);
    memcpy(b + BUILT_LOADER_PE_AT, "PE\0", 4);
    built_store16(b + BUILT_LOADER_PE_AT + 4, 0x8664);
    built_store16(b + BUILT_LOADER_PE_AT + 6, BUILT_LOADER_SECTION_COUNT);
    built_store16(b + BUILT_LOADER_PE_AT + 20, 240);
    built_store16(b + BUILT_LOADER_OPTIONAL_AT, 0x20B);
    store_le32(b + BUILT_LOADER_OPTIONAL_AT + 60, BUILT_LOADER_HEADERS_LEN);
    built_store16(b + BUILT_LOADER_OPTIONAL_AT + 68, 10);
    store_le32(b + BUILT_LOADER_OPTIONAL_AT + 108, 16);
    built_loader_section(b, 0, ".text", 0x123, BUILT_LOADER_TEXT_AT, BUILT_LOADER_TEXT_LEN);
    built_loader_section(b, 1, ".data", 0x1000, 0, 0);
    built_loader_section(b, 2, ".profile", 4, BUILT_LOADER_PROFILE_AT, 0x200);
    built_loader_section(b, 3, ".policy", policy_len, BUILT_LOADER_POLICY_AT, policy_file_len);
}

/* A loader that trusts one identity and revokes another; free it with file_free. */
static inline struct file_bytes built_loader(const struct identity *trusted,
                                             const struct identity *revoked,
                                             enum nonos_profile profile, uint32_t floor)
{
    size_t policy_len = sizeof(struct policy_record) + 2 * sizeof(struct identity);
    size_t policy_file_len = (policy_len + 0x1FF) / 0x200 * 0x200;
    struct file_bytes file = {.len = BUILT_LOADER_POLICY_AT + policy_file_len};
    file.bytes = calloc(1, file.len);
    assert_non_null(file.bytes);
    built_loader_headers(file.bytes, policy_len, policy_file_len);
    memset(file.bytes + BUILT_LOADER_TEXT_AT, 0x90, 0x123);
    store_le32(file.bytes + BUILT_LOADER_PROFILE_AT, (uint32_t)profile);
    struct policy_record head = {
        .magic = POLICY_RECORD_MAGIC,
        .floor = floor,
        .allow_dev = profile == NONOS_PROFILE_DEV,
        .trusted_count = 1,
        .revoked_count = 1,
        .identity_len = sizeof(struct identity),
    };
    uint8_t *at = file.bytes + BUILT_LOADER_POLICY_AT;
    memcpy(at, &head, sizeof(head));
    memcpy(at + sizeof(head), trusted, sizeof(*trusted));
    memcpy(at + sizeof(head) + sizeof(*trusted), revoked, sizeof(*revoked));
    return file;
}

/* The same file with len bytes of signatures at its end (len: a multiple of 8). */
static inline struct file_bytes built_signed_loader(struct file_bytes plain, size_t len)
{
    struct file_bytes made = {.len = plain.len + len};
    made.bytes = malloc(made.len);
    assert_non_null(made.bytes);
    memcpy(made.bytes, plain.bytes, plain.len);
    memset(made.bytes + plain.len, 0xCE, len);
    store_le32(made.bytes + BUILT_LOADER_CERTIFICATES_AT, (uint32_t)plain.len);
    store_le32(made.bytes + BUILT_LOADER_CERTIFICATES_AT + 4, (uint32_t)len);
    store_le32(made.bytes + BUILT_LOADER_CHECKSUM_AT, 0x12345678);
    return made;
}

#endif
