/*
 * structure_limits.h - images at a limit of the structure, and just over it.
 */
#ifndef NONOS_TESTS_SUPPORT_STRUCTURE_LIMITS_H
#define NONOS_TESTS_SUPPORT_STRUCTURE_LIMITS_H

#include "tests/support/structure_changes.h"

static inline void add_to_field(uint8_t *field, uint64_t more)
{
    store_le64(field, load_le64(field) + more);
}

/* Makes the names that long, by empty ones behind them. */
static inline void set_names_len(struct file_bytes *image, size_t len)
{
    size_t old_len = names_len_of(image);
    size_t more = (len - old_len + 7) / 8 * 8;
    insert_zeroes(image, table_of(image), more);
    store_le64(built_section_header(*image, BUILT_NAMES) + S_SIZE, len);
}

static inline void have_names_of_4096(struct file_bytes *image)
{
    set_names_len(image, 4096);
}

static inline void have_names_of_4097(struct file_bytes *image)
{
    set_names_len(image, 4097);
}

/* One page more of zeroes at the end of the read-only segment; what follows moves in the file. */
static inline void widen_read_only_segment(struct file_bytes *image)
{
    insert_zeroes(image, (size_t)load_le64(built_program_header(*image, BUILT_X) + P_OFFSET),
                  0x1000);
    uint8_t *first = built_program_header(*image, BUILT_R);
    store_le64(first + P_FILESZ, 0x2000);
    store_le64(first + P_MEMSZ, 0x2000);
    add_to_field(built_program_header(*image, BUILT_X) + P_OFFSET, 0x1000);
    add_to_field(built_program_header(*image, BUILT_W) + P_OFFSET, 0x1000);
    for (unsigned i = BUILT_TEXT; i <= BUILT_BSS; i++)
        add_to_field(built_section_header(*image, i) + S_OFFSET, 0x1000);
}

/* The note becomes one of that length, in the middle of the widened segment. */
static inline void set_note_len(struct file_bytes *image, uint32_t len)
{
    widen_read_only_segment(image);
    const uint8_t *segment = built_program_header(*image, BUILT_R);
    uint8_t *header = built_program_header(*image, BUILT_NOTE);
    for (unsigned field = P_OFFSET; field <= P_PADDR; field += 8)
        store_le64(header + field, load_le64(segment + field) + 0x800);
    store_le64(header + P_FILESZ, len);
    store_le64(header + P_MEMSZ, len);
    store_le32(note_of(image), 0);
    store_le32(note_of(image) + 4, len - 12);
}

static inline void have_note_of_4096(struct file_bytes *image)
{
    set_note_len(image, 4096);
}

static inline void have_note_of_4100(struct file_bytes *image)
{
    set_note_len(image, 4100);
}

static inline void start_bytes_at_signatures(struct file_bytes *image)
{
    size_t body_len = image->len - NONOS_TRAILER_LEN;
    insert_zeroes(image, table_of(image), (0x1000 - body_len % 0x1000) % 0x1000);
    store_le64(built_program_header(*image, BUILT_W) + P_OFFSET, image->len - NONOS_TRAILER_LEN);
}

static inline void swap_signature_names(struct file_bytes *image)
{
    swap_headers(built_section_header(*image, BUILT_PQSIG), built_section_header(*image, BUILT_SIG),
                 4);
}

#endif
