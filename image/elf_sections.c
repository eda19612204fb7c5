#include "image/elf_internal.h"
#include "image/text.h"

#include <string.h>

#define SECTION_NAMES ".shstrtab"

struct section {
    const char *name;
    size_t name_len;
    uint32_t type;
    uint64_t flags;
    uint64_t addr;
    uint64_t offset;
    uint64_t len;
    uint64_t alignment;
};

/* Where the section-name table is, and what was found on the way. */
struct section_walk {
    uint64_t names_offset;
    uint64_t names_len;
    uint64_t addr_end; /* of the last section in memory */
    unsigned pqsig_count;
    unsigned sig_count;
    unsigned manifest_count;
};

static const uint8_t *section_header(const struct elf_file *file, uint32_t index)
{
    return file->bytes + file->section_table_offset + index * ELF_SECTION_HEADER_LEN;
}

static uint64_t file_end(const struct image_segment *segment)
{
    return segment->offset + segment->file_len;
}

/* The table is the end of the body: the signatures follow it. */
static enum nonos_error check_table(const struct elf_file *file, uint64_t start)
{
    uint64_t len = (uint64_t)file->section_count * ELF_SECTION_HEADER_LEN;
    uint64_t offset = file->section_table_offset;
    if (file->section_count < 2 || file->section_count > IMAGE_MAX_SECTIONS || offset % 8 != 0 ||
        !range_is_inside(offset, len, start, file->body_len - start) ||
        offset + len != file->body_len)
        return NONOS_E_SECTION_TABLE;
    if (!bytes_are_zero(section_header(file, 0), ELF_SECTION_HEADER_LEN))
        return NONOS_E_SECTION_TYPE;
    return NONOS_OK;
}

static enum nonos_error find_names(const struct elf_file *file, uint64_t start,
                                   struct section_walk *walk)
{
    if (file->name_section == 0 || file->name_section >= file->section_count)
        return NONOS_E_SECTION_NAME;
    const uint8_t *header = section_header(file, file->name_section);
    if (load_le32(header + 4) != ELF_SHT_STRTAB || load_le64(header + 8) != 0 ||
        load_le64(header + 16) != 0 || load_le64(header + 48) != 1)
        return NONOS_E_SECTION_TYPE;
    walk->names_offset = load_le64(header + 24);
    walk->names_len = load_le64(header + 32);
    if (walk->names_len > IMAGE_MAX_NAMES_LEN ||
        !range_is_inside(walk->names_offset, walk->names_len, start,
                         file->section_table_offset - start))
        return NONOS_E_SECTION_RANGE;
    const uint8_t *names = file->bytes + walk->names_offset;
    if (walk->names_len == 0 || names[0] != 0 || names[walk->names_len - 1] != 0)
        return NONOS_E_SECTION_NAME;
    return NONOS_OK;
}

static enum nonos_error read_section(const struct elf_file *file, const struct section_walk *walk,
                                     uint32_t index, struct section *out)
{
    const uint8_t *header = section_header(file, index);
    uint64_t name = load_le32(header);
    if (!range_is_inside(name, 1, 0, walk->names_len))
        return NONOS_E_SECTION_NAME;
    *out = (struct section){
        .name = (const char *)file->bytes + walk->names_offset + name,
        .type = load_le32(header + 4),
        .flags = load_le64(header + 8),
        .addr = load_le64(header + 16),
        .offset = load_le64(header + 24),
        .len = load_le64(header + 32),
        .alignment = load_le64(header + 48),
    };
    /* The table ends in a NUL, so every name in it does. */
    out->name_len = text_find(out->name, (size_t)(walk->names_len - name), 0);
    if (out->name_len == 0)
        return NONOS_E_SECTION_NAME;
    bool has_link_info = load_le64(header + 40) != 0;
    bool has_entries = load_le64(header + 56) != 0;
    if (has_link_info || has_entries)
        return NONOS_E_SECTION_TYPE;
    return NONOS_OK;
}

static bool is_named(const struct section *section, const char *name)
{
    return text_is(section->name, section->name_len, name);
}

static enum nonos_error check_signature(const struct section *section, uint64_t offset,
                                        uint64_t len, unsigned *count)
{
    if (section->type != ELF_SHT_PROGBITS || section->flags != 0 || section->addr != 0 ||
        section->offset != offset || section->len != len || section->alignment != 1)
        return NONOS_E_SECTION_SIGNATURE;
    ++*count;
    return NONOS_OK;
}

/* Bytes of the file at their place in the segment, or memory that the file does not fill. */
static bool lies_in(const struct section *section, const struct image_segment *segment)
{
    if (section->type == ELF_SHT_NOBITS) {
        uint64_t file_len = segment->file_len;
        return range_is_inside(section->addr, section->len, segment->vaddr + file_len,
                               segment->mem_len - file_len) &&
               section->offset == file_end(segment);
    }
    return range_is_inside(section->addr, section->len, segment->vaddr, segment->file_len) &&
           section->offset == segment->offset + (section->addr - segment->vaddr);
}

static enum nonos_error check_allocated(const struct section *section, const struct image_elf *elf,
                                        struct section_walk *walk, uint32_t *segment_flags)
{
    if (section->type != ELF_SHT_PROGBITS && section->type != ELF_SHT_NOBITS &&
        section->type != ELF_SHT_NOTE)
        return NONOS_E_SECTION_TYPE;
    if ((section->flags & ~(uint64_t)(ELF_SHF_WRITE | ELF_SHF_ALLOC | ELF_SHF_EXECINSTR)) != 0)
        return NONOS_E_SECTION_TYPE;
    unsigned i = 0;
    while (i < elf->segment_count && !lies_in(section, &elf->segments[i]))
        i++;
    if (i == elf->segment_count || section->addr < walk->addr_end)
        return NONOS_E_SECTION_RANGE;
    walk->addr_end = section->addr + section->len;

    *segment_flags = elf->segments[i].flags;
    bool more_writable =
        (section->flags & ELF_SHF_WRITE) != 0 && (*segment_flags & IMAGE_SEGMENT_W) == 0;
    bool more_executable =
        (section->flags & ELF_SHF_EXECINSTR) != 0 && (*segment_flags & IMAGE_SEGMENT_X) == 0;
    bool power_of_two = (section->alignment & (section->alignment - 1)) == 0;
    bool aligned = section->alignment == 0 || section->addr % section->alignment == 0;
    if (more_writable || more_executable || !power_of_two || !aligned)
        return NONOS_E_SECTION_TYPE;
    return NONOS_OK;
}

static enum nonos_error check_manifest(const struct section *section, struct image_elf *out,
                                       struct section_walk *walk)
{
    if (section->type != ELF_SHT_PROGBITS || section->flags != ELF_SHF_ALLOC)
        return NONOS_E_SECTION_MANIFEST;
    uint32_t segment_flags = 0;
    enum nonos_error error = check_allocated(section, out, walk, &segment_flags);
    if (error != NONOS_OK)
        return error;
    if (segment_flags != IMAGE_SEGMENT_R)
        return NONOS_E_SECTION_MANIFEST;
    walk->manifest_count++;
    out->manifest_offset = section->offset;
    out->manifest_len = section->len;
    return NONOS_OK;
}

static enum nonos_error check_section(const struct elf_file *file, uint32_t index,
                                      struct section_walk *walk, struct image_elf *out)
{
    struct section section;
    enum nonos_error error = read_section(file, walk, index, &section);
    if (error != NONOS_OK)
        return error;
    bool is_names = index == file->name_section;
    if (is_names || is_named(&section, SECTION_NAMES))
        return is_names && is_named(&section, SECTION_NAMES) ? NONOS_OK : NONOS_E_SECTION_NAME;
    if (is_named(&section, NONOS_SECTION_PQSIG))
        return check_signature(&section, file->body_len, NONOS_PQSIG_LEN, &walk->pqsig_count);
    if (is_named(&section, NONOS_SECTION_SIG))
        return check_signature(&section, file->len - NONOS_SIG_LEN, NONOS_SIG_LEN,
                               &walk->sig_count);
    if (is_named(&section, NONOS_SECTION_MANIFEST))
        return check_manifest(&section, out, walk);
    /* Symbols, relocations, debug information: a sealed image has none of these. */
    if ((section.flags & ELF_SHF_ALLOC) == 0)
        return NONOS_E_SECTION_TYPE;
    uint32_t segment_flags = 0;
    return check_allocated(&section, out, walk, &segment_flags);
}

/* Headers, segments, names and table are in this order; what lies between them is zero. */
static enum nonos_error check_padding(const struct elf_file *file, const struct section_walk *walk,
                                      const struct image_elf *elf)
{
    uint64_t end = file->headers_len;
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct image_segment *segment = &elf->segments[i];
        if (segment->file_len == 0)
            continue;
        if (!bytes_are_zero(file->bytes + end, (size_t)(segment->offset - end)))
            return NONOS_E_PADDING;
        end = file_end(segment);
    }
    if (!bytes_are_zero(file->bytes + end, (size_t)(walk->names_offset - end)))
        return NONOS_E_PADDING;
    end = walk->names_offset + walk->names_len;
    if (!bytes_are_zero(file->bytes + end, (size_t)(file->section_table_offset - end)))
        return NONOS_E_PADDING;
    return NONOS_OK;
}

enum nonos_error elf_parse_sections(const struct elf_file *file, struct image_elf *out)
{
    struct section_walk walk = {0};
    uint64_t start = elf_segments_end(file, out);
    enum nonos_error error = check_table(file, start);
    if (error == NONOS_OK)
        error = find_names(file, start, &walk);
    for (uint32_t i = 1; i < file->section_count && error == NONOS_OK; i++)
        error = check_section(file, i, &walk, out);
    if (error != NONOS_OK)
        return error;
    if (walk.pqsig_count != 1 || walk.sig_count != 1)
        return NONOS_E_SECTION_SIGNATURE;
    if (walk.manifest_count != 1)
        return NONOS_E_SECTION_MANIFEST;
    return check_padding(file, &walk, out);
}
