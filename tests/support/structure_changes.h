/*
 * structure_changes.h - how a sealed image of image_builder.h can be made to break a rule, where
 * that takes more than one field.
 *
 * Offsets are those of ELF64: System V gABI, chapters 4 and 5.
 */
#ifndef NONOS_TESTS_SUPPORT_STRUCTURE_CHANGES_H
#define NONOS_TESTS_SUPPORT_STRUCTURE_CHANGES_H

#include "tests/support/tamper.h"

/* Fields. */
#define E_ENTRY 24
#define E_PHOFF 32
#define E_SHOFF 40
#define E_PHNUM 56
#define E_SHNUM 60
#define E_SHSTRNDX 62
#define P_FLAGS 4
#define P_OFFSET 8
#define P_VADDR 16
#define P_PADDR 24
#define P_FILESZ 32
#define P_MEMSZ 40
#define P_ALIGN 48
#define S_TYPE 4
#define S_FLAGS 8
#define S_ADDR 16
#define S_OFFSET 24
#define S_SIZE 32
#define S_LINK 40
#define S_INFO 44
#define S_ALIGN 48
#define S_ENTSIZE 56

static inline uint8_t *names_of(struct file_bytes *image)
{
    return image->bytes + load_le64(built_section_header(*image, BUILT_NAMES) + S_OFFSET);
}

static inline size_t names_len_of(struct file_bytes *image)
{
    return (size_t)load_le64(built_section_header(*image, BUILT_NAMES) + S_SIZE);
}

static inline uint8_t *note_of(struct file_bytes *image)
{
    return image->bytes + load_le64(built_program_header(*image, BUILT_NOTE) + P_OFFSET);
}

static inline void swap_headers(uint8_t *a, uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static inline void rename_section(struct file_bytes *image, unsigned index, unsigned like)
{
    memcpy(built_section_header(*image, index), built_section_header(*image, like), 4);
}

static inline void break_last_name(struct file_bytes *image)
{
    names_of(image)[names_len_of(image) - 1] = 'x';
}

static inline void break_first_name(struct file_bytes *image)
{
    names_of(image)[0] = 'x';
}

static inline void move_segments_up(struct file_bytes *image)
{
    for (unsigned i = 0; i < BUILT_STACK; i++) {
        uint8_t *header = built_program_header(*image, i);
        store_le64(header + P_VADDR, load_le64(header + P_VADDR) + 0x1000);
        store_le64(header + P_PADDR, load_le64(header + P_PADDR) + 0x1000);
    }
}

static inline void move_segments_to_lower_half(struct file_bytes *image)
{
    for (unsigned i = 0; i < BUILT_STACK; i++) {
        uint8_t *header = built_program_header(*image, i);
        store_le64(header + P_VADDR, load_le64(header + P_PADDR));
    }
}

static inline void swap_segments(struct file_bytes *image)
{
    swap_headers(built_program_header(*image, BUILT_X), built_program_header(*image, BUILT_W), 56);
}

static inline void swap_segment_bytes(struct file_bytes *image)
{
    swap_headers(built_program_header(*image, BUILT_X) + P_OFFSET,
                 built_program_header(*image, BUILT_W) + P_OFFSET, 8);
}

static inline void put_segment_on_another(struct file_bytes *image)
{
    memcpy(built_program_header(*image, BUILT_X) + P_VADDR,
           built_program_header(*image, BUILT_R) + P_VADDR, 16);
}

static inline void empty_segment(struct file_bytes *image)
{
    store_le64(built_program_header(*image, BUILT_W) + P_FILESZ, 0);
    store_le64(built_program_header(*image, BUILT_W) + P_MEMSZ, 0);
}

static inline void keep_offset_without_bytes(struct file_bytes *image)
{
    store_le64(built_program_header(*image, BUILT_W) + P_FILESZ, 0);
}

static inline void let_bytes_reach_signatures(struct file_bytes *image)
{
    uint8_t *header = built_program_header(*image, BUILT_W);
    uint64_t len = image->len - NONOS_TRAILER_LEN - load_le64(header + P_OFFSET) + 1;
    store_le64(header + P_FILESZ, len);
    store_le64(header + P_MEMSZ, len);
}

static inline void make_huge(struct file_bytes *image)
{
    uint8_t *header = built_program_header(*image, BUILT_W);
    store_le64(header + P_FILESZ, UINT64_MAX - 0x1000);
    store_le64(header + P_MEMSZ, UINT64_MAX);
}

static inline void add_segments(struct file_bytes *image, unsigned count)
{
    built_store16(image->bytes + E_PHNUM, BUILT_PROGRAM_COUNT + count);
    for (unsigned i = 0; i < count; i++) {
        uint64_t paddr = NONOS_KERNEL_PADDR + 0x10000 + 0x1000 * i;
        built_program(built_program_header(*image, BUILT_PROGRAM_COUNT + i), 1, 4, 0,
                      paddr + NONOS_KERNEL_VIRTUAL_OFFSET, paddr, 0, 0x1000, 0x1000);
    }
}

static inline void have_9_segments(struct file_bytes *image)
{
    add_segments(image, 6);
}

static inline void load_nothing(struct file_bytes *image)
{
    for (unsigned i = 0; i < BUILT_NOTE; i++)
        store_le32(built_program_header(*image, i), 4);
}

static inline void ask_for_two_stacks(struct file_bytes *image)
{
    memcpy(built_program_header(*image, BUILT_NOTE), built_program_header(*image, BUILT_STACK), 56);
}

static inline void empty_note(struct file_bytes *image)
{
    store_le64(built_program_header(*image, BUILT_NOTE) + P_FILESZ, 0);
    store_le64(built_program_header(*image, BUILT_NOTE) + P_MEMSZ, 0);
}

static inline void note_with_long_name(struct file_bytes *image)
{
    store_le32(note_of(image), UINT32_MAX);
}

static inline void note_with_long_body(struct file_bytes *image)
{
    store_le32(note_of(image) + 4, UINT32_MAX - 2);
}

static inline void note_with_half_a_header(struct file_bytes *image)
{
    store_le32(note_of(image), 0);
    store_le32(note_of(image) + 4, 0);
}

static inline void note_in_memory_elsewhere(struct file_bytes *image)
{
    uint8_t *header = built_program_header(*image, BUILT_NOTE);
    store_le64(header + P_VADDR, load_le64(header + P_VADDR) + 4);
}

static inline void swap_sections(struct file_bytes *image)
{
    swap_headers(built_section_header(*image, BUILT_TEXT), built_section_header(*image, BUILT_DATA),
                 64);
}

/* In place of .bss, which no rule asks for. */
static inline void repeat_sig_section(struct file_bytes *image)
{
    memcpy(built_section_header(*image, BUILT_BSS), built_section_header(*image, BUILT_SIG), 64);
}

static inline void repeat_pqsig_section(struct file_bytes *image)
{
    memcpy(built_section_header(*image, BUILT_BSS), built_section_header(*image, BUILT_PQSIG), 64);
}

/* In its place an empty section at the end of .bss, which breaks no rule of its own. */
static inline void leave_out_section(struct file_bytes *image, unsigned index)
{
    uint8_t *header = built_section_header(*image, index);
    memcpy(header, built_section_header(*image, BUILT_BSS), 64);
    store_le64(header + S_ADDR, load_le64(header + S_ADDR) + load_le64(header + S_SIZE));
    store_le64(header + S_SIZE, 0);
}

static inline void leave_out_sig(struct file_bytes *image)
{
    leave_out_section(image, BUILT_SIG);
}

static inline void leave_out_pqsig(struct file_bytes *image)
{
    leave_out_section(image, BUILT_PQSIG);
}

static inline void leave_out_manifest(struct file_bytes *image)
{
    rename_section(image, BUILT_MANIFEST, BUILT_RODATA);
}

static inline void repeat_manifest(struct file_bytes *image)
{
    rename_section(image, BUILT_RODATA, BUILT_MANIFEST);
}

static inline void name_table_otherwise(struct file_bytes *image)
{
    rename_section(image, BUILT_NAMES, BUILT_TEXT);
}

static inline void name_other_like_table(struct file_bytes *image)
{
    rename_section(image, BUILT_TEXT, BUILT_NAMES);
}

static inline void pad_headers(struct file_bytes *image)
{
    image->bytes[64 + BUILT_PROGRAM_COUNT * 56] = 1;
}

static inline void pad_before_segment(struct file_bytes *image)
{
    image->bytes[load_le64(built_program_header(*image, BUILT_X) + P_OFFSET) - 1] = 1;
}

static inline void pad_after_text(struct file_bytes *image)
{
    image->bytes[load_le64(built_program_header(*image, BUILT_X) + P_OFFSET) + BUILT_TEXT_LEN] =
        0xCC;
}

/* Puts count zeroes behind the segments, before what lies at that offset, and keeps every header
 * true. */
static inline void insert_zeroes(struct file_bytes *image, size_t at, size_t count)
{
    uint8_t *grown = calloc(1, image->len + count);
    assert_non_null(grown);
    memcpy(grown, image->bytes, at);
    memcpy(grown + at + count, image->bytes + at, image->len - at);
    free(image->bytes);
    *image = (struct file_bytes){grown, image->len + count};
    store_le64(grown + E_SHOFF, load_le64(grown + E_SHOFF) + count);
    for (unsigned i = BUILT_PQSIG; i <= BUILT_NAMES; i++) {
        uint8_t *header = built_section_header(*image, i);
        if (load_le64(header + S_OFFSET) >= at)
            store_le64(header + S_OFFSET, load_le64(header + S_OFFSET) + count);
    }
}

static inline size_t table_of(struct file_bytes *image)
{
    return (size_t)load_le64(image->bytes + E_SHOFF);
}

static inline void pad_before_table(struct file_bytes *image)
{
    insert_zeroes(image, table_of(image), 8);
    image->bytes[table_of(image) - 1] = 1;
}

static inline void pad_before_names(struct file_bytes *image)
{
    insert_zeroes(image, (size_t)(names_of(image) - image->bytes), 8);
    names_of(image)[-1] = 1;
}

static inline void shift_table_by_4(struct file_bytes *image)
{
    insert_zeroes(image, table_of(image), 4);
}

static inline void leave_one_section(struct file_bytes *image)
{
    uint64_t last = table_of(image) + 64 * (BUILT_SECTION_COUNT - 1);
    store_le64(image->bytes + E_SHOFF, last);
    built_store16(image->bytes + E_SHNUM, 1);
}

static inline void have_33_sections(struct file_bytes *image)
{
    insert_zeroes(image, table_of(image), 64 * (33 - BUILT_SECTION_COUNT));
    store_le64(image->bytes + E_SHOFF, table_of(image) - 64 * (33 - BUILT_SECTION_COUNT));
    built_store16(image->bytes + E_SHNUM, 33);
}

/* Two zeroes stand between names and table; one becomes part of the names. */
static inline void add_unterminated_name(struct file_bytes *image)
{
    size_t len = names_len_of(image);
    assert_true(names_of(image) + len < image->bytes + table_of(image));
    names_of(image)[len] = 'x';
    store_le64(built_section_header(*image, BUILT_NAMES) + S_SIZE, len + 1);
}

static inline void note_physically_elsewhere(struct file_bytes *image)
{
    uint8_t *header = built_program_header(*image, BUILT_NOTE);
    store_le64(header + P_PADDR, load_le64(header + P_PADDR) + 4);
}

static inline void move_note_by_2(struct file_bytes *image)
{
    uint8_t *header = built_program_header(*image, BUILT_NOTE);
    memmove(note_of(image) - 2, note_of(image), 20);
    for (unsigned field = P_OFFSET; field <= P_PADDR; field += 8)
        store_le64(header + field, load_le64(header + field) - 2);
}

#endif
