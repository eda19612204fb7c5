/*
 * elf.h - the structure of a sealed image: an ELF64 file (System V gABI, x86-64 psABI) under the
 * rules of docs/image-format.md, which allow one layout and nothing else.
 */
#ifndef NONOS_IMAGE_ELF_H
#define NONOS_IMAGE_ELF_H

#include "abi/error.h"
#include "abi/image.h"

#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAX_SEGMENTS 8u
#define IMAGE_MAX_PROGRAM_HEADERS 16u
#define IMAGE_MAX_SECTIONS 32u
#define IMAGE_MAX_NAMES_LEN 4096u /* of the section-name table */
#define IMAGE_MAX_NOTE_LEN 4096u  /* of the bytes of one PT_NOTE */

/* Permissions of a segment, as in p_flags. */
#define IMAGE_SEGMENT_X 1u
#define IMAGE_SEGMENT_W 2u
#define IMAGE_SEGMENT_R 4u

struct image_segment {
    uint64_t offset;   /* in the file, multiple of 4096; 0 when file_len is */
    uint64_t file_len; /* may be 0 */
    uint64_t vaddr;    /* multiple of 4096 */
    uint64_t paddr;    /* multiple of 4096 */
    uint64_t mem_len;  /* >= file_len, > 0 */
    uint32_t flags;    /* IMAGE_SEGMENT_* */
};

struct image_elf {
    uint64_t entry;
    uint64_t memory_vaddr; /* of the first segment */
    uint64_t memory_paddr;
    uint64_t memory_len; /* to the end of the last segment, whole pages */
    unsigned segment_count;
    struct image_segment segments[IMAGE_MAX_SEGMENTS];
    uint64_t manifest_offset;
    uint64_t manifest_len; /* the NUL included */
};

/* Checks every rule of the format for a file of len bytes of the wanted type. The error is that of
 * the first rule that is broken: NONOS_E_IMAGE_SHORT, NONOS_E_IMAGE_LONG, or one of the codes 30 to
 * 59 (abi/errors.def); *out is zero on failure. Bounded time, no allocation, no state; reads
 * nothing outside file[0 .. len). */
[[nodiscard]] enum nonos_error image_parse_elf(const uint8_t *file, size_t len,
                                               enum nonos_image_type wanted, struct image_elf *out);

#endif
