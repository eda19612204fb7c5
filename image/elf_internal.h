/*
 * elf_internal.h - what elf.c and elf_sections.c share: reading bounded fields, one bounds check.
 *
 * Offsets of ELF64 fields: System V gABI, chapters 4 (ELF header, section header) and 5 (program
 * header).
 */
#ifndef NONOS_IMAGE_ELF_INTERNAL_H
#define NONOS_IMAGE_ELF_INTERNAL_H

#include "crypto/bytes.h"
#include "image/elf.h"

#include <stdckdint.h>

#define ELF_HEADER_LEN 64u
#define ELF_PROGRAM_HEADER_LEN 56u
#define ELF_SECTION_HEADER_LEN 64u

#define ELF_PT_LOAD 1u
#define ELF_PT_NOTE 4u
#define ELF_PT_GNU_STACK 0x6474E551u

#define ELF_SHT_NULL 0u
#define ELF_SHT_PROGBITS 1u
#define ELF_SHT_STRTAB 3u
#define ELF_SHT_NOTE 7u
#define ELF_SHT_NOBITS 8u

#define ELF_SHF_WRITE 1u
#define ELF_SHF_ALLOC 2u
#define ELF_SHF_EXECINSTR 4u

/* The file under test, and what its ELF header says. */
struct elf_file {
    const uint8_t *bytes;
    uint64_t len;
    uint64_t body_len;    /* where the signatures begin */
    uint64_t headers_len; /* ELF header and program headers */
    uint64_t section_table_offset;
    uint32_t program_count;
    uint32_t section_count;
    uint32_t name_section; /* index of the section-name table */
    enum nonos_image_type wanted;
};

/* The one bounds check: is [start, start + len) inside [outer_start, outer_start + outer_len)?
 * A sum that wraps is outside. */
[[nodiscard]] static inline bool range_is_inside(uint64_t start, uint64_t len, uint64_t outer_start,
                                                 uint64_t outer_len)
{
    uint64_t end = 0, outer_end = 0;
    if (ckd_add(&end, start, len) || ckd_add(&outer_end, outer_start, outer_len))
        return false;
    return start >= outer_start && end <= outer_end;
}

static inline uint32_t load_le16(const uint8_t b[2])
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8;
}

/* The end of the last bytes that a segment takes from the file; headers_len when none does. */
static inline uint64_t elf_segments_end(const struct elf_file *file, const struct image_elf *elf)
{
    uint64_t end = file->headers_len;
    for (unsigned i = 0; i < elf->segment_count; i++)
        if (elf->segments[i].file_len > 0)
            end = elf->segments[i].offset + elf->segments[i].file_len;
    return end;
}

/* Segments and entry point; fills everything of *out but the manifest. */
[[nodiscard]] enum nonos_error elf_parse_segments(const struct elf_file *file,
                                                  struct image_elf *out);

/* Section table, signatures, manifest, padding; needs the segments. */
[[nodiscard]] enum nonos_error elf_parse_sections(const struct elf_file *file,
                                                  struct image_elf *out);

#endif
