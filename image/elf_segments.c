#include "image/elf_internal.h"

#define NOTE_HEADER_LEN 12u
#define NOTE_ALIGNMENT 4u

static bool is_page_aligned(uint64_t value)
{
    return value % NONOS_IMAGE_ALIGNMENT == 0;
}

static enum nonos_error check_permissions(uint32_t flags)
{
    if ((flags & IMAGE_SEGMENT_W) != 0 && (flags & IMAGE_SEGMENT_X) != 0)
        return NONOS_E_SEGMENT_WX;
    if ((flags & IMAGE_SEGMENT_R) == 0 ||
        (flags & ~(IMAGE_SEGMENT_R | IMAGE_SEGMENT_W | IMAGE_SEGMENT_X)) != 0)
        return NONOS_E_SEGMENT_FLAGS;
    return NONOS_OK;
}

/* Where memory may be: a kernel at physical + offset in the top 2 GiB (a sum that wraps ends
 * them), a capsule at the same address in both, in the lower half and off its first pages. Virtual
 * addresses are never below physical ones, so what holds for their sums and order holds for both.
 */
static enum nonos_error check_memory(const struct elf_file *file,
                                     const struct image_segment *segment, bool first)
{
    uint64_t virtual_end = 0;
    if (ckd_add(&virtual_end, segment->vaddr, segment->mem_len))
        return NONOS_E_SEGMENT_MEMORY_RANGE;

    uint64_t expected = segment->paddr;
    if (file->wanted == NONOS_IMAGE_KERNEL) {
        if (ckd_add(&expected, segment->paddr, NONOS_KERNEL_VIRTUAL_OFFSET))
            return NONOS_E_SEGMENT_MEMORY_RANGE;
        if (first && segment->paddr != NONOS_KERNEL_PADDR)
            return NONOS_E_SEGMENT_PLACEMENT;
    } else if (segment->vaddr < NONOS_CAPSULE_MIN_VADDR || virtual_end > NONOS_CAPSULE_MAX_VADDR) {
        return NONOS_E_SEGMENT_MEMORY_RANGE;
    }
    return segment->vaddr == expected ? NONOS_OK : NONOS_E_SEGMENT_PLACEMENT;
}

/* A segment without bytes in the file has offset 0, so that it has one spelling. */
static bool file_range_is_allowed(const struct elf_file *file, const struct image_segment *segment)
{
    if (segment->file_len == 0)
        return segment->offset == 0;
    return range_is_inside(segment->offset, segment->file_len, file->headers_len,
                           file->body_len - file->headers_len);
}

/* Starts are page-aligned, so two segments that follow each other share no page. */
static bool follows(const struct elf_file *file, const struct image_segment *segment,
                    const struct image_elf *elf)
{
    if (segment->file_len > 0 && segment->offset < elf_segments_end(file, elf))
        return false;
    if (elf->segment_count == 0)
        return true;
    const struct image_segment *before = &elf->segments[elf->segment_count - 1];
    return segment->vaddr >= before->vaddr + before->mem_len;
}

static enum nonos_error parse_load(const struct elf_file *file, const uint8_t *header,
                                   struct image_elf *out)
{
    const struct image_segment segment = {
        .flags = load_le32(header + 4),
        .offset = load_le64(header + 8),
        .vaddr = load_le64(header + 16),
        .paddr = load_le64(header + 24),
        .file_len = load_le64(header + 32),
        .mem_len = load_le64(header + 40),
    };
    enum nonos_error error = check_permissions(segment.flags);
    if (error != NONOS_OK)
        return error;
    if (!is_page_aligned(segment.offset) || !is_page_aligned(segment.vaddr) ||
        !is_page_aligned(segment.paddr) || load_le64(header + 48) != NONOS_IMAGE_ALIGNMENT)
        return NONOS_E_SEGMENT_ALIGNMENT;
    if (segment.mem_len == 0 || segment.file_len > segment.mem_len)
        return NONOS_E_SEGMENT_SIZE;
    if (!file_range_is_allowed(file, &segment))
        return NONOS_E_SEGMENT_FILE_RANGE;
    error = check_memory(file, &segment, out->segment_count == 0);
    if (error != NONOS_OK)
        return error;
    if (!follows(file, &segment, out))
        return NONOS_E_SEGMENT_ORDER;
    if (out->segment_count == IMAGE_MAX_SEGMENTS)
        return NONOS_E_PROGRAM_TABLE;
    out->segments[out->segment_count++] = segment;
    return NONOS_OK;
}

/* Nothing but the flags is looked at, so nothing else may be there. */
static enum nonos_error parse_stack(const uint8_t *header)
{
    uint32_t flags = load_le32(header + 4);
    if ((flags & IMAGE_SEGMENT_X) != 0)
        return NONOS_E_STACK_EXECUTABLE;
    if (flags != (IMAGE_SEGMENT_R | IMAGE_SEGMENT_W))
        return NONOS_E_SEGMENT_FLAGS;
    return bytes_are_zero(header + 8, ELF_PROGRAM_HEADER_LEN - 8) ? NONOS_OK : NONOS_E_PADDING;
}

static uint64_t note_padded(uint64_t len)
{
    return (len + NOTE_ALIGNMENT - 1) / NOTE_ALIGNMENT * NOTE_ALIGNMENT;
}

/* gABI chapter 5, "Note Section": namesz, descsz, type, then name and descriptor, each padded. */
static bool notes_are_whole(const uint8_t *notes, uint64_t len)
{
    uint64_t at = 0;
    while (at < len) {
        if (!range_is_inside(at, NOTE_HEADER_LEN, 0, len))
            return false;
        uint64_t body_len =
            note_padded(load_le32(notes + at)) + note_padded(load_le32(notes + at + 4));
        at += NOTE_HEADER_LEN;
        if (!range_is_inside(at, body_len, 0, len))
            return false;
        at += body_len;
    }
    return true;
}

static enum nonos_error parse_note(const struct elf_file *file, const uint8_t *header,
                                   const struct image_elf *elf)
{
    uint64_t offset = load_le64(header + 8);
    uint64_t len = load_le64(header + 32);
    if (len == 0 || len > IMAGE_MAX_NOTE_LEN || len != load_le64(header + 40) ||
        offset % NOTE_ALIGNMENT != 0 || load_le64(header + 48) != NOTE_ALIGNMENT ||
        load_le32(header + 4) != IMAGE_SEGMENT_R)
        return NONOS_E_NOTE;
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct image_segment *segment = &elf->segments[i];
        if (!range_is_inside(offset, len, segment->offset, segment->file_len))
            continue;
        uint64_t delta = offset - segment->offset;
        if (load_le64(header + 16) != segment->vaddr + delta ||
            load_le64(header + 24) != segment->paddr + delta)
            return NONOS_E_NOTE;
        return notes_are_whole(file->bytes + offset, len) ? NONOS_OK : NONOS_E_NOTE;
    }
    return NONOS_E_NOTE;
}

static const uint8_t *program_header(const struct elf_file *file, uint32_t index)
{
    return file->bytes + ELF_HEADER_LEN + index * ELF_PROGRAM_HEADER_LEN;
}

/* Code that starts must be bytes of the file, not zeroes that the loader makes. */
static enum nonos_error check_entry(const struct image_elf *elf)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct image_segment *segment = &elf->segments[i];
        if ((segment->flags & IMAGE_SEGMENT_X) != 0 &&
            range_is_inside(elf->entry, 1, segment->vaddr, segment->file_len))
            return NONOS_OK;
    }
    return NONOS_E_ENTRY;
}

enum nonos_error elf_parse_segments(const struct elf_file *file, struct image_elf *out)
{
    enum nonos_error error = NONOS_OK;
    unsigned stack_count = 0;
    for (uint32_t i = 0; i < file->program_count && error == NONOS_OK; i++) {
        const uint8_t *header = program_header(file, i);
        uint32_t type = load_le32(header);
        if (type == ELF_PT_LOAD)
            error = parse_load(file, header, out);
        else if (type == ELF_PT_GNU_STACK && stack_count++ == 0)
            error = parse_stack(header);
        else if (type != ELF_PT_NOTE)
            error = NONOS_E_PROGRAM_TYPE;
    }
    if (error == NONOS_OK && out->segment_count == 0)
        error = NONOS_E_PROGRAM_TABLE;
    /* Notes lie in segments, which may stand after them in the table. */
    for (uint32_t i = 0; i < file->program_count && error == NONOS_OK; i++) {
        const uint8_t *header = program_header(file, i);
        if (load_le32(header) == ELF_PT_NOTE)
            error = parse_note(file, header, out);
    }
    if (error != NONOS_OK)
        return error;

    const struct image_segment *first = &out->segments[0];
    const struct image_segment *last = &out->segments[out->segment_count - 1];
    out->memory_vaddr = first->vaddr;
    out->memory_paddr = first->paddr;
    uint64_t memory_len = last->paddr + last->mem_len - first->paddr;
    if (ckd_add(&memory_len, memory_len, NONOS_IMAGE_ALIGNMENT - 1))
        return NONOS_E_SEGMENT_MEMORY_RANGE;
    out->memory_len = memory_len - memory_len % NONOS_IMAGE_ALIGNMENT;
    return check_entry(out);
}
