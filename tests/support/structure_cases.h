/*
 * structure_cases.h - one broken rule of the image's structure a line, and the error it gives.
 *
 * Offsets are those of ELF64: System V gABI, chapters 4 and 5.
 */
#ifndef NONOS_TESTS_SUPPORT_STRUCTURE_CASES_H
#define NONOS_TESTS_SUPPORT_STRUCTURE_CASES_H

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

static inline void add_segments(struct file_bytes *image)
{
    built_store16(image->bytes + E_PHNUM, 11);
    for (unsigned i = 0; i < 6; i++) {
        uint64_t paddr = NONOS_KERNEL_PADDR + 0x10000 + 0x1000 * i;
        built_program(built_program_header(*image, BUILT_PROGRAM_COUNT + i), 1, 4, 0,
                      paddr + NONOS_KERNEL_VIRTUAL_OFFSET, paddr, 0, 0x1000, 0x1000);
    }
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

static inline void repeat_sig_section(struct file_bytes *image)
{
    memcpy(built_section_header(*image, BUILT_PQSIG), built_section_header(*image, BUILT_SIG), 64);
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

/* Moves the table up by 8 and writes between it and the names. */
static inline void pad_before_table(struct file_bytes *image)
{
    size_t table = (size_t)load_le64(image->bytes + E_SHOFF);
    uint8_t *grown = calloc(1, image->len + 8);
    assert_non_null(grown);
    memcpy(grown, image->bytes, table);
    memcpy(grown + table + 8, image->bytes + table, image->len - table);
    free(image->bytes);
    *image = (struct file_bytes){grown, image->len + 8};
    store_le64(grown + E_SHOFF, table + 8);
    for (unsigned i = BUILT_PQSIG; i <= BUILT_SIG; i++) {
        uint8_t *header = built_section_header(*image, i);
        store_le64(header + S_OFFSET, load_le64(header + S_OFFSET) + 8);
    }
    grown[table + 7] = 1;
}

static const struct tamper structure_cases[] = {
#define FILE_CASE(name, offset, width, value, code)                                                \
    {name, SET, AT_FILE, 0, offset, width, value, nullptr, NONOS_E_##code}
#define FILE_ADD(name, offset, width, value, code)                                                 \
    {name, ADD, AT_FILE, 0, offset, width, value, nullptr, NONOS_E_##code}
#define PROGRAM_SET(name, index, offset, width, value, code)                                       \
    {name, SET, AT_PROGRAM, index, offset, width, value, nullptr, NONOS_E_##code}
#define PROGRAM_ADD(name, index, offset, value, code)                                              \
    {name, ADD, AT_PROGRAM, index, offset, 8, value, nullptr, NONOS_E_##code}
#define SECTION_SET(name, index, offset, width, value, code)                                       \
    {name, SET, AT_SECTION, index, offset, width, value, nullptr, NONOS_E_##code}
#define SECTION_ADD(name, index, offset, width, value, code)                                       \
    {name, ADD, AT_SECTION, index, offset, width, value, nullptr, NONOS_E_##code}
#define CALL_CASE(name, function, code) {name, CALL, AT_FILE, 0, 0, 0, 0, function, NONOS_E_##code}
#define DOWN(n) (UINT64_MAX - (n) + 1)
    FILE_CASE("magic", 0, 1, 0x7E, ELF_MAGIC),
    FILE_CASE("magic_end", 3, 1, 'G', ELF_MAGIC),
    FILE_CASE("32_bit", 4, 1, 1, ELF_CLASS),
    FILE_CASE("big_endian", 5, 1, 2, ELF_BYTE_ORDER),
    FILE_CASE("ident_version", 6, 1, 0, ELF_VERSION),
    FILE_CASE("linux_abi", 7, 1, 3, ELF_ABI),
    FILE_CASE("abi_version", 8, 1, 1, ELF_ABI),
    FILE_CASE("ident_padding", 15, 1, 1, PADDING),
    FILE_CASE("shared_object", 16, 2, 3, ELF_TYPE),
    FILE_CASE("relocatable", 16, 2, 1, ELF_TYPE),
    FILE_CASE("i386", 18, 2, 3, ELF_MACHINE),
    FILE_CASE("version", 20, 4, 2, ELF_VERSION),
    FILE_CASE("processor_flags", 48, 4, 1, ELF_FLAGS),
    FILE_CASE("header_size", 52, 2, 63, ELF_HEADER_SIZE),
    FILE_CASE("program_header_size", 54, 2, 64, ELF_HEADER_SIZE),
    FILE_CASE("section_header_size", 58, 2, 40, ELF_HEADER_SIZE),
    FILE_CASE("entry_zero", E_ENTRY, 8, 0, ENTRY),
    FILE_CASE("entry_at_top", E_ENTRY, 8, UINT64_MAX, ENTRY),
    FILE_ADD("entry_in_rodata", E_ENTRY, 8, DOWN(0x2000), ENTRY),
    FILE_ADD("entry_in_data", E_ENTRY, 8, 0x1000, ENTRY),
    FILE_ADD("entry_just_behind_code", E_ENTRY, 8, BUILT_TEXT_LEN - 16, ENTRY),
    FILE_CASE("program_table_elsewhere", E_PHOFF, 8, 128, PROGRAM_TABLE),
    FILE_CASE("program_table_at_top", E_PHOFF, 8, UINT64_MAX - 63, PROGRAM_TABLE),
    FILE_CASE("no_program_headers", E_PHNUM, 2, 0, PROGRAM_TABLE),
    FILE_CASE("many_program_headers", E_PHNUM, 2, 17, PROGRAM_TABLE),
    FILE_CASE("all_program_headers", E_PHNUM, 2, 0xFFFF, PROGRAM_TABLE),
    CALL_CASE("many_segments", add_segments, PROGRAM_TABLE),
    CALL_CASE("no_segments", load_nothing, PROGRAM_TABLE),
    PROGRAM_SET("null_header", BUILT_NOTE, 0, 4, 0, PROGRAM_TYPE),
    PROGRAM_SET("dynamic", BUILT_NOTE, 0, 4, 2, PROGRAM_TYPE),
    PROGRAM_SET("interpreter", BUILT_NOTE, 0, 4, 3, PROGRAM_TYPE),
    PROGRAM_SET("program_header_segment", BUILT_NOTE, 0, 4, 6, PROGRAM_TYPE),
    PROGRAM_SET("thread_local", BUILT_NOTE, 0, 4, 7, PROGRAM_TYPE),
    PROGRAM_SET("relro", BUILT_NOTE, 0, 4, 0x6474E552, PROGRAM_TYPE),
    CALL_CASE("two_stacks", ask_for_two_stacks, PROGRAM_TYPE),
    PROGRAM_SET("executable_stack", BUILT_STACK, P_FLAGS, 4, 7, STACK_EXECUTABLE),
    PROGRAM_SET("read_only_stack", BUILT_STACK, P_FLAGS, 4, 4, SEGMENT_FLAGS),
    PROGRAM_SET("writable_code", BUILT_X, P_FLAGS, 4, 7, SEGMENT_WX),
    PROGRAM_SET("executable_data", BUILT_W, P_FLAGS, 4, 3, SEGMENT_WX),
    PROGRAM_SET("unreadable_code", BUILT_X, P_FLAGS, 4, 1, SEGMENT_FLAGS),
    PROGRAM_SET("no_permission", BUILT_R, P_FLAGS, 4, 0, SEGMENT_FLAGS),
    PROGRAM_SET("unknown_permission", BUILT_R, P_FLAGS, 4, 0x100004, SEGMENT_FLAGS),
    PROGRAM_ADD("unaligned_offset", BUILT_X, P_OFFSET, 1, SEGMENT_ALIGNMENT),
    PROGRAM_ADD("unaligned_virtual", BUILT_X, P_VADDR, 16, SEGMENT_ALIGNMENT),
    PROGRAM_ADD("unaligned_physical", BUILT_X, P_PADDR, 2048, SEGMENT_ALIGNMENT),
    PROGRAM_SET("small_alignment", BUILT_R, P_ALIGN, 8, 16, SEGMENT_ALIGNMENT),
    PROGRAM_SET("large_alignment", BUILT_R, P_ALIGN, 8, 0x200000, SEGMENT_ALIGNMENT),
    PROGRAM_SET("more_bytes_than_memory", BUILT_X, P_MEMSZ, 8, 1, SEGMENT_SIZE),
    CALL_CASE("no_memory", empty_segment, SEGMENT_SIZE),
    PROGRAM_SET("bytes_over_headers", BUILT_R, P_OFFSET, 8, 0, SEGMENT_FILE_RANGE),
    PROGRAM_SET("bytes_behind_file", BUILT_W, P_OFFSET, 8, 0x100000, SEGMENT_FILE_RANGE),
    PROGRAM_SET("bytes_at_top", BUILT_W, P_OFFSET, 8, UINT64_MAX - 0xFFF, SEGMENT_FILE_RANGE),
    CALL_CASE("bytes_reach_signatures", let_bytes_reach_signatures, SEGMENT_FILE_RANGE),
    CALL_CASE("bytes_wrap", make_huge, SEGMENT_FILE_RANGE),
    CALL_CASE("offset_without_bytes", keep_offset_without_bytes, SEGMENT_FILE_RANGE),
    PROGRAM_SET("memory_wraps", BUILT_W, P_MEMSZ, 8, UINT64_MAX, SEGMENT_MEMORY_RANGE),
    PROGRAM_SET("memory_to_top", BUILT_W, P_MEMSZ, 8, 0x7FEFD000, SEGMENT_MEMORY_RANGE),
    PROGRAM_SET("physical_at_top", BUILT_W, P_PADDR, 8, UINT64_MAX - 0xFFF, SEGMENT_MEMORY_RANGE),
    PROGRAM_ADD("physical_elsewhere", BUILT_X, P_PADDR, 0x1000, SEGMENT_PLACEMENT),
    PROGRAM_ADD("virtual_elsewhere", BUILT_X, P_VADDR, 0x1000, SEGMENT_PLACEMENT),
    CALL_CASE("not_at_1_mib", move_segments_up, SEGMENT_PLACEMENT),
    CALL_CASE("lower_half", move_segments_to_lower_half, SEGMENT_PLACEMENT),
    CALL_CASE("segments_descend", swap_segments, SEGMENT_ORDER),
    CALL_CASE("segments_share_memory", put_segment_on_another, SEGMENT_ORDER),
    PROGRAM_SET("segment_reaches_next", BUILT_R, P_MEMSZ, 8, 0x2001, SEGMENT_ORDER),
    PROGRAM_SET("segments_share_bytes", BUILT_X, P_OFFSET, 8, 0x1000, SEGMENT_ORDER),
    CALL_CASE("bytes_descend", swap_segment_bytes, SEGMENT_ORDER),
    CALL_CASE("note_empty", empty_note, NOTE),
    PROGRAM_SET("note_alignment", BUILT_NOTE, P_ALIGN, 8, 8, NOTE),
    PROGRAM_ADD("note_unaligned", BUILT_NOTE, P_OFFSET, 2, NOTE),
    PROGRAM_ADD("note_in_gap", BUILT_NOTE, P_OFFSET, 0x800, NOTE),
    PROGRAM_ADD("note_size_differs", BUILT_NOTE, P_MEMSZ, 4, NOTE),
    PROGRAM_SET("note_writable", BUILT_NOTE, P_FLAGS, 4, 6, NOTE),
    CALL_CASE("note_in_memory_elsewhere", note_in_memory_elsewhere, NOTE),
    CALL_CASE("note_with_long_name", note_with_long_name, NOTE),
    CALL_CASE("note_with_long_body", note_with_long_body, NOTE),
    CALL_CASE("note_with_half_a_header", note_with_half_a_header, NOTE),
    FILE_ADD("section_table_unaligned", E_SHOFF, 8, 4, SECTION_TABLE),
    FILE_ADD("section_table_over_signatures", E_SHOFF, 8, 8, SECTION_TABLE),
    FILE_ADD("section_table_early", E_SHOFF, 8, DOWN(8), SECTION_TABLE),
    FILE_CASE("section_table_at_top", E_SHOFF, 8, UINT64_MAX - 7, SECTION_TABLE),
    FILE_CASE("no_sections", E_SHNUM, 2, 0, SECTION_TABLE),
    FILE_CASE("one_section_hidden", E_SHNUM, 2, BUILT_SECTION_COUNT - 1, SECTION_TABLE),
    FILE_CASE("all_sections", E_SHNUM, 2, 0xFFFF, SECTION_TABLE),
    SECTION_SET("null_section_used", BUILT_NULL, S_SIZE, 8, 1, SECTION_TYPE),
    FILE_CASE("no_name_table", E_SHSTRNDX, 2, 0, SECTION_NAME),
    FILE_CASE("name_table_out_of_table", E_SHSTRNDX, 2, BUILT_SECTION_COUNT, SECTION_NAME),
    FILE_CASE("name_table_is_code", E_SHSTRNDX, 2, BUILT_TEXT, SECTION_TYPE),
    SECTION_SET("name_table_in_memory", BUILT_NAMES, S_FLAGS, 8, 2, SECTION_TYPE),
    SECTION_SET("name_table_empty", BUILT_NAMES, S_SIZE, 8, 0, SECTION_NAME),
    SECTION_SET("name_table_long", BUILT_NAMES, S_SIZE, 8, 0x1000, SECTION_RANGE),
    SECTION_SET("name_table_wraps", BUILT_NAMES, S_SIZE, 8, UINT64_MAX, SECTION_RANGE),
    SECTION_SET("name_table_in_segment", BUILT_NAMES, S_OFFSET, 8, 0x1000, SECTION_RANGE),
    CALL_CASE("last_name_unterminated", break_last_name, SECTION_NAME),
    CALL_CASE("first_name_not_empty", break_first_name, SECTION_NAME),
    CALL_CASE("name_table_named_otherwise", name_table_otherwise, SECTION_NAME),
    CALL_CASE("two_named_like_name_table", name_other_like_table, SECTION_NAME),
    SECTION_SET("name_out_of_table", BUILT_TEXT, 0, 4, 0x1000, SECTION_NAME),
    SECTION_SET("name_at_top", BUILT_TEXT, 0, 4, UINT32_MAX, SECTION_NAME),
    SECTION_SET("name_missing", BUILT_TEXT, 0, 4, 0, SECTION_NAME),
    SECTION_SET("symbols", BUILT_TEXT, S_TYPE, 4, 2, SECTION_TYPE),
    SECTION_SET("relocations", BUILT_RODATA, S_TYPE, 4, 4, SECTION_TYPE),
    SECTION_SET("initialisers", BUILT_DATA, S_TYPE, 4, 14, SECTION_TYPE),
    SECTION_SET("section_not_in_memory", BUILT_RODATA, S_FLAGS, 8, 0, SECTION_TYPE),
    SECTION_SET("thread_local_section", BUILT_DATA, S_FLAGS, 8, 0x403, SECTION_TYPE),
    SECTION_SET("writable_text", BUILT_TEXT, S_FLAGS, 8, 7, SECTION_TYPE),
    SECTION_SET("executable_rodata", BUILT_RODATA, S_FLAGS, 8, 6, SECTION_TYPE),
    SECTION_SET("section_link", BUILT_RODATA, S_LINK, 4, 1, SECTION_TYPE),
    SECTION_SET("section_info", BUILT_RODATA, S_INFO, 4, 1, SECTION_TYPE),
    SECTION_SET("section_entries", BUILT_RODATA, S_ENTSIZE, 8, 1, SECTION_TYPE),
    SECTION_SET("section_alignment_odd", BUILT_RODATA, S_ALIGN, 8, 3, SECTION_TYPE),
    SECTION_SET("section_alignment_unmet", BUILT_DATA, S_ALIGN, 8, 0x100000, SECTION_TYPE),
    SECTION_ADD("section_address", BUILT_TEXT, S_ADDR, 8, 16, SECTION_RANGE),
    SECTION_ADD("section_offset", BUILT_TEXT, S_OFFSET, 8, 16, SECTION_RANGE),
    SECTION_ADD("section_longer_than_segment", BUILT_TEXT, S_SIZE, 8, 1, SECTION_RANGE),
    SECTION_SET("section_wraps", BUILT_TEXT, S_SIZE, 8, UINT64_MAX, SECTION_RANGE),
    SECTION_ADD("bss_longer_than_segment", BUILT_BSS, S_SIZE, 8, 1, SECTION_RANGE),
    SECTION_ADD("bss_offset", BUILT_BSS, S_OFFSET, 8, 1, SECTION_RANGE),
    SECTION_SET("bss_with_bytes", BUILT_BSS, S_TYPE, 4, 1, SECTION_RANGE),
    CALL_CASE("sections_descend", swap_sections, SECTION_RANGE),
    SECTION_ADD("sig_offset", BUILT_SIG, S_OFFSET, 8, DOWN(1), SECTION_SIGNATURE),
    SECTION_SET("sig_size", BUILT_SIG, S_SIZE, 8, 63, SECTION_SIGNATURE),
    SECTION_SET("sig_in_memory", BUILT_SIG, S_FLAGS, 8, 2, SECTION_SIGNATURE),
    SECTION_SET("sig_without_bytes", BUILT_SIG, S_TYPE, 4, 8, SECTION_SIGNATURE),
    SECTION_SET("sig_address", BUILT_SIG, S_ADDR, 8, 0x1000, SECTION_SIGNATURE),
    SECTION_ADD("pqsig_offset", BUILT_PQSIG, S_OFFSET, 8, 1, SECTION_SIGNATURE),
    SECTION_ADD("pqsig_size", BUILT_PQSIG, S_SIZE, 8, 64, SECTION_SIGNATURE),
    SECTION_SET("pqsig_writable", BUILT_PQSIG, S_FLAGS, 8, 1, SECTION_SIGNATURE),
    CALL_CASE("sig_section_twice", repeat_sig_section, SECTION_SIGNATURE),
    CALL_CASE("sig_section_missing", leave_out_sig, SECTION_SIGNATURE),
    CALL_CASE("pqsig_section_missing", leave_out_pqsig, SECTION_SIGNATURE),
    SECTION_SET("manifest_writable", BUILT_MANIFEST, S_FLAGS, 8, 3, SECTION_MANIFEST),
    SECTION_SET("manifest_not_in_memory", BUILT_MANIFEST, S_FLAGS, 8, 0, SECTION_MANIFEST),
    SECTION_SET("manifest_without_bytes", BUILT_MANIFEST, S_TYPE, 4, 8, SECTION_MANIFEST),
    CALL_CASE("manifest_missing", leave_out_manifest, SECTION_MANIFEST),
    CALL_CASE("manifest_twice", repeat_manifest, SECTION_MANIFEST),
    PROGRAM_SET("manifest_in_code", BUILT_R, P_FLAGS, 4, 5, SECTION_MANIFEST),
    PROGRAM_SET("manifest_in_data", BUILT_R, P_FLAGS, 4, 6, SECTION_MANIFEST),
    CALL_CASE("bytes_behind_headers", pad_headers, PADDING),
    CALL_CASE("bytes_before_segment", pad_before_segment, PADDING),
    CALL_CASE("bytes_behind_code", pad_after_text, PADDING),
    CALL_CASE("bytes_before_section_table", pad_before_table, PADDING),
};
#define STRUCTURE_CASE_COUNT (sizeof(structure_cases) / sizeof(structure_cases[0]))

#endif
