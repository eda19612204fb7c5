/*
 * checks.h - what a parsed manifest and a parsed image promise, for more than one target.
 */
#ifndef NONOS_TESTS_FUZZ_CHECKS_H
#define NONOS_TESTS_FUZZ_CHECKS_H

#include "tests/fuzz/fuzz.h"

#include "crypto/bytes.h"
#include "image/elf.h"
#include "image/manifest.h"

/* A mandatory value: not empty, inside the text, without control characters. */
static inline void check_value(const struct manifest *manifest, struct manifest_text value)
{
    const char *end = manifest->all.bytes + manifest->all.len;
    fuzz_require(value.len > 0);
    fuzz_require(value.bytes > manifest->all.bytes && value.bytes + value.len < end);
    for (size_t i = 0; i < value.len; i++)
        fuzz_require(value.bytes[i] >= 0x20 && value.bytes[i] <= 0x7E);
}

static inline void check_grants(const struct manifest *manifest)
{
    struct manifest_text rest = manifest->grants, capability, rights;
    size_t line_count = 0, grant_count = 0;
    for (size_t i = 0; i < rest.len; i++)
        line_count += rest.bytes[i] == '\n';
    while (manifest_next_grant(&rest, &capability, &rights)) {
        check_value(manifest, capability);
        check_value(manifest, rights);
        grant_count++;
    }
    fuzz_require(rest.len == 0 && grant_count == line_count);
}

/* What manifest_parse() gives for these bytes. */
static inline void check_manifest(const uint8_t *bytes, size_t len)
{
    struct manifest manifest;
    unsigned line = UINT32_MAX;
    if (manifest_parse(bytes, len, &manifest, &line) != NONOS_OK) {
        fuzz_require(bytes_are_zero(&manifest, sizeof manifest));
        fuzz_require(line <= NONOS_MANIFEST_MAX_LEN + 1);
        return;
    }
    fuzz_require(line == 0 && len <= NONOS_MANIFEST_MAX_LEN);
    fuzz_require(manifest.all.bytes == (const char *)bytes && manifest.all.len == len - 1);
    const struct manifest_text values[] = {
        manifest.name,     manifest.version, manifest.target, manifest.source, manifest.commit,
        manifest.compiler, manifest.pqc,     manifest.bundle, manifest.sbom,
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        check_value(&manifest, values[i]);
    fuzz_require(manifest.security_version > 0);
    fuzz_require(manifest.type == NONOS_IMAGE_KERNEL || manifest.type == NONOS_IMAGE_CAPSULE ||
                 manifest.type == NONOS_IMAGE_BUNDLE);
    fuzz_require(manifest.profile == NONOS_PROFILE_DEV ||
                 manifest.profile == NONOS_PROFILE_RELEASE);
    check_grants(&manifest);
}

/* One segment, and how it stands to the one before it. */
static inline void check_segment(const struct image_elf *elf, unsigned index, uint64_t body_len,
                                 enum nonos_image_type type)
{
    const struct image_segment *s = &elf->segments[index];
    fuzz_require(s->offset % 4096 == 0 && s->vaddr % 4096 == 0 && s->paddr % 4096 == 0);
    fuzz_require((s->flags & IMAGE_SEGMENT_R) != 0 && s->flags <= 7);
    fuzz_require((s->flags & (IMAGE_SEGMENT_W | IMAGE_SEGMENT_X)) !=
                 (IMAGE_SEGMENT_W | IMAGE_SEGMENT_X));
    fuzz_require(s->mem_len > 0 && s->file_len <= s->mem_len);
    if (s->file_len > 0)
        fuzz_require(s->offset > 0 && s->offset < body_len && s->file_len <= body_len - s->offset);
    if (type == NONOS_IMAGE_KERNEL)
        fuzz_require(s->vaddr == s->paddr + NONOS_KERNEL_VIRTUAL_OFFSET);
    else
        fuzz_require(s->vaddr == s->paddr && s->vaddr >= NONOS_CAPSULE_MIN_VADDR &&
                     s->vaddr < NONOS_CAPSULE_MAX_VADDR);
    fuzz_require(s->paddr >= elf->memory_paddr && s->mem_len <= elf->memory_len &&
                 s->paddr - elf->memory_paddr <= elf->memory_len - s->mem_len);
    for (unsigned i = 0; i < index; i++) {
        const struct image_segment *before = &elf->segments[i];
        fuzz_require(before->vaddr < s->vaddr && s->vaddr - before->vaddr >= before->mem_len);
        fuzz_require(before->paddr < s->paddr && s->paddr - before->paddr >= before->mem_len);
        if (before->file_len > 0 && s->file_len > 0)
            fuzz_require(before->offset < s->offset &&
                         s->offset - before->offset >= before->file_len);
    }
}

/* An image that image_parse_elf() has taken for one of this type. */
static inline void check_image(const struct image_elf *elf, const uint8_t *file, size_t len,
                               enum nonos_image_type type)
{
    bool entry_is_code = false, manifest_is_loaded = false;
    fuzz_require(len >= NONOS_IMAGE_MIN_LEN && len <= NONOS_IMAGE_MAX_LEN);
    fuzz_require(elf->segment_count >= 1 && elf->segment_count <= IMAGE_MAX_SEGMENTS);
    fuzz_require(elf->memory_len > 0 && elf->memory_len % 4096 == 0);
    fuzz_require(elf->memory_vaddr == elf->segments[0].vaddr &&
                 elf->memory_paddr == elf->segments[0].paddr);
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct image_segment *s = &elf->segments[i];
        check_segment(elf, i, len - NONOS_TRAILER_LEN, type);
        if ((s->flags & IMAGE_SEGMENT_X) != 0 && elf->entry >= s->vaddr &&
            elf->entry - s->vaddr < s->file_len)
            entry_is_code = true;
        if (s->flags == IMAGE_SEGMENT_R && elf->manifest_offset >= s->offset &&
            elf->manifest_len <= s->file_len &&
            elf->manifest_offset - s->offset <= s->file_len - elf->manifest_len)
            manifest_is_loaded = true;
    }
    fuzz_require(entry_is_code && manifest_is_loaded);
    check_manifest(file + elf->manifest_offset, elf->manifest_len);
}

#endif
