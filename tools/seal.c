#include "tools/seal.h"

#include "image/elf_internal.h"
#include "tools/structure.h"

#include <stdlib.h>
#include <string.h>

#define SHF_MERGE 0x10u
#define SHF_STRINGS 0x20u
#define SHF_GNU_RETAIN 0x200000u
/* Orders to the linker, which has carried them out. */
#define SHF_LINKER (SHF_MERGE | SHF_STRINGS | SHF_GNU_RETAIN)

#define SECTION_NAMES ".shstrtab"
#define SECTION_NAMES_MAX_LEN 1024u

struct kept_segment {
    const uint8_t *header;
    uint64_t old_offset;
    uint64_t new_offset;
    uint64_t file_len;
};

struct kept_section {
    uint32_t name; /* in the new name table */
    uint8_t header[ELF_SECTION_HEADER_LEN];
};

/* One sealing: the input, and the plan of the output. */
struct plan {
    const uint8_t *in;
    uint64_t in_len;
    uint32_t program_count;
    uint32_t in_section_count;
    uint64_t in_sections; /* offset of the section header table */
    uint64_t in_names;    /* offset and length of the section-name table */
    uint64_t in_names_len;
    struct kept_segment segments[IMAGE_MAX_PROGRAM_HEADERS];
    uint32_t section_count;
    struct kept_section sections[IMAGE_MAX_SECTIONS];
    char names[SECTION_NAMES_MAX_LEN];
    uint32_t names_len;
    uint64_t names_offset;
    uint64_t table_offset;
    uint64_t body_len;
};

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) / alignment * alignment;
}

static void store_le16(uint8_t b[2], uint32_t v)
{
    b[0] = (uint8_t)v;
    b[1] = (uint8_t)(v >> 8);
}

/* Only what is needed to find things: the rules are checked on the result. */
static enum nonos_error plan_input(struct plan *plan)
{
    static const uint8_t ident[6] = {0x7F, 'E', 'L', 'F', 2, 1};
    const uint8_t *in = plan->in;
    if (plan->in_len < ELF_HEADER_LEN || memcmp(in, ident, 4) != 0)
        return NONOS_E_ELF_MAGIC;
    if (in[4] != ident[4])
        return NONOS_E_ELF_CLASS;
    if (in[5] != ident[5])
        return NONOS_E_ELF_BYTE_ORDER;
    if (load_le16(in + 54) != ELF_PROGRAM_HEADER_LEN ||
        load_le16(in + 58) != ELF_SECTION_HEADER_LEN)
        return NONOS_E_ELF_HEADER_SIZE;
    plan->program_count = load_le16(in + 56);
    plan->in_section_count = load_le16(in + 60);
    plan->in_sections = load_le64(in + 40);
    uint32_t name_section = load_le16(in + 62);
    if (plan->program_count == 0 || plan->program_count > IMAGE_MAX_PROGRAM_HEADERS ||
        !range_is_inside(load_le64(in + 32), (uint64_t)plan->program_count * ELF_PROGRAM_HEADER_LEN,
                         0, plan->in_len))
        return NONOS_E_PROGRAM_TABLE;
    if (plan->in_section_count == 0 ||
        !range_is_inside(plan->in_sections,
                         (uint64_t)plan->in_section_count * ELF_SECTION_HEADER_LEN, 0,
                         plan->in_len))
        return NONOS_E_SECTION_TABLE;
    if (name_section >= plan->in_section_count)
        return NONOS_E_SECTION_NAME;
    const uint8_t *names = in + plan->in_sections + (uint64_t)name_section * ELF_SECTION_HEADER_LEN;
    plan->in_names = load_le64(names + 24);
    plan->in_names_len = load_le64(names + 32);
    if (!range_is_inside(plan->in_names, plan->in_names_len, 0, plan->in_len) ||
        plan->in_names_len == 0 || in[plan->in_names + plan->in_names_len - 1] != 0)
        return NONOS_E_SECTION_NAME;
    return NONOS_OK;
}

static const uint8_t *in_program_header(const struct plan *plan, uint32_t index)
{
    return plan->in + load_le64(plan->in + 32) + (uint64_t)index * ELF_PROGRAM_HEADER_LEN;
}

/* Segments keep their order; each one's bytes start on the next page of the file. */
static enum nonos_error plan_segments(struct plan *plan)
{
    uint64_t end = ELF_HEADER_LEN + (uint64_t)plan->program_count * ELF_PROGRAM_HEADER_LEN;
    for (uint32_t i = 0; i < plan->program_count; i++) {
        struct kept_segment *segment = &plan->segments[i];
        segment->header = in_program_header(plan, i);
        if (load_le32(segment->header) != ELF_PT_LOAD)
            continue;
        segment->file_len = load_le64(segment->header + 32);
        if (segment->file_len == 0)
            continue;
        segment->old_offset = load_le64(segment->header + 8);
        /* Headers inside of a segment would be those of the input, not of the image. */
        if (segment->old_offset < ELF_HEADER_LEN ||
            !range_is_inside(segment->old_offset, segment->file_len, 0, plan->in_len))
            return NONOS_E_SEGMENT_FILE_RANGE;
        segment->new_offset = align_up(end, NONOS_IMAGE_ALIGNMENT);
        end = segment->new_offset + segment->file_len;
        if (end > NONOS_IMAGE_MAX_LEN)
            return NONOS_E_IMAGE_LONG;
    }
    plan->names_offset = end;
    return NONOS_OK;
}

/* Where the bytes of an allocated section are now. One that lies in no segment keeps its offset,
 * and the check of the result refuses it. */
static uint64_t new_section_offset(const struct plan *plan, const uint8_t *section)
{
    uint64_t addr = load_le64(section + 16);
    uint64_t len = load_le64(section + 32);
    bool in_file = load_le32(section + 4) != ELF_SHT_NOBITS;
    for (uint32_t i = 0; i < plan->program_count; i++) {
        const struct kept_segment *segment = &plan->segments[i];
        if (load_le32(segment->header) != ELF_PT_LOAD)
            continue;
        uint64_t vaddr = load_le64(segment->header + 16);
        uint64_t mem_len = load_le64(segment->header + 40);
        if (in_file && range_is_inside(addr, len, vaddr, segment->file_len))
            return segment->new_offset + (addr - vaddr);
        if (!in_file && range_is_inside(addr, len, vaddr, mem_len))
            return segment->new_offset + segment->file_len;
    }
    return load_le64(section + 24);
}

static enum nonos_error add_section(struct plan *plan, const char *name, size_t name_len,
                                    struct kept_section **out)
{
    if (plan->section_count == IMAGE_MAX_SECTIONS ||
        name_len + 1 > SECTION_NAMES_MAX_LEN - plan->names_len)
        return NONOS_E_SECTION_TABLE;
    *out = &plan->sections[plan->section_count++];
    (*out)->name = plan->names_len;
    memcpy(plan->names + plan->names_len, name, name_len);
    plan->names_len += (uint32_t)name_len + 1;
    return NONOS_OK;
}

static enum nonos_error keep_section(struct plan *plan, const uint8_t *header)
{
    uint64_t name = load_le32(header);
    if (!range_is_inside(name, 1, 0, plan->in_names_len))
        return NONOS_E_SECTION_NAME;
    const char *text = (const char *)plan->in + plan->in_names + name;
    struct kept_section *kept = nullptr;
    enum nonos_error error = add_section(plan, text, strlen(text), &kept);
    if (error != NONOS_OK)
        return error;
    memcpy(kept->header, header, ELF_SECTION_HEADER_LEN);
    store_le32(kept->header, kept->name);
    store_le64(kept->header + 8, load_le64(header + 8) & ~(uint64_t)SHF_LINKER);
    store_le64(kept->header + 24, new_section_offset(plan, header));
    /* The size of a merged section's entries is an order to the linker as well. */
    if ((load_le64(header + 8) & SHF_LINKER) != 0)
        store_le64(kept->header + 56, 0);
    return NONOS_OK;
}

static enum nonos_error add_file_section(struct plan *plan, const char *name, uint32_t type,
                                         struct kept_section **out)
{
    enum nonos_error error = add_section(plan, name, strlen(name), out);
    if (error != NONOS_OK)
        return error;
    store_le32((*out)->header, (*out)->name);
    store_le32((*out)->header + 4, type);
    store_le64((*out)->header + 48, 1);
    return NONOS_OK;
}

static void set_file_range(struct kept_section *section, uint64_t offset, uint64_t len)
{
    store_le64(section->header + 24, offset);
    store_le64(section->header + 32, len);
}

static enum nonos_error plan_sections(struct plan *plan)
{
    plan->section_count = 1; /* index 0 is all zero, and so is its name */
    plan->names_len = 1;
    for (uint32_t i = 1; i < plan->in_section_count; i++) {
        const uint8_t *header = plan->in + plan->in_sections + (uint64_t)i * ELF_SECTION_HEADER_LEN;
        if ((load_le64(header + 8) & ELF_SHF_ALLOC) == 0)
            continue;
        enum nonos_error error = keep_section(plan, header);
        if (error != NONOS_OK)
            return error;
    }
    struct kept_section *pqsig = nullptr, *sig = nullptr, *names = nullptr;
    enum nonos_error error = add_file_section(plan, NONOS_SECTION_PQSIG, ELF_SHT_PROGBITS, &pqsig);
    if (error == NONOS_OK)
        error = add_file_section(plan, NONOS_SECTION_SIG, ELF_SHT_PROGBITS, &sig);
    if (error == NONOS_OK)
        error = add_file_section(plan, SECTION_NAMES, ELF_SHT_STRTAB, &names);
    if (error != NONOS_OK)
        return error;
    plan->table_offset = align_up(plan->names_offset + plan->names_len, 8);
    plan->body_len = plan->table_offset + (uint64_t)plan->section_count * ELF_SECTION_HEADER_LEN;
    set_file_range(names, plan->names_offset, plan->names_len);
    set_file_range(pqsig, plan->body_len, NONOS_PQSIG_LEN);
    set_file_range(sig, plan->body_len + NONOS_PQSIG_LEN, NONOS_SIG_LEN);
    return NONOS_OK;
}

/* A note moves with the segment that it lies in. */
static uint64_t new_note_offset(const struct plan *plan, const uint8_t *note)
{
    uint64_t offset = load_le64(note + 8);
    for (uint32_t i = 0; i < plan->program_count; i++) {
        const struct kept_segment *segment = &plan->segments[i];
        if (segment->file_len > 0 &&
            range_is_inside(offset, load_le64(note + 32), segment->old_offset, segment->file_len))
            return segment->new_offset + (offset - segment->old_offset);
    }
    return offset;
}

static void write_program_header(const struct plan *plan, uint32_t index, uint8_t *out)
{
    const struct kept_segment *segment = &plan->segments[index];
    uint8_t *header = out + ELF_HEADER_LEN + index * ELF_PROGRAM_HEADER_LEN;
    memcpy(header, segment->header, ELF_PROGRAM_HEADER_LEN);
    uint32_t type = load_le32(header);
    uint64_t alignment = load_le64(header + 48);
    if (type == ELF_PT_LOAD) {
        store_le64(header + 8, segment->new_offset);
        memcpy(out + segment->new_offset, plan->in + segment->old_offset,
               (size_t)segment->file_len);
        /* A section with a larger alignment raises that of its segment; its address has it. */
        if (alignment > NONOS_IMAGE_ALIGNMENT && alignment % NONOS_IMAGE_ALIGNMENT == 0)
            store_le64(header + 48, NONOS_IMAGE_ALIGNMENT);
    } else if (type == ELF_PT_NOTE) {
        store_le64(header + 8, new_note_offset(plan, segment->header));
    } else if (type == ELF_PT_GNU_STACK) {
        /* Some linkers give an alignment to what has no place. */
        store_le64(header + 48, 0);
    }
}

static void write_image(const struct plan *plan, uint8_t *out)
{
    memcpy(out, plan->in, ELF_HEADER_LEN);
    store_le64(out + 32, ELF_HEADER_LEN);
    store_le64(out + 40, plan->table_offset);
    store_le16(out + 60, plan->section_count);
    store_le16(out + 62, plan->section_count - 1);
    for (uint32_t i = 0; i < plan->program_count; i++)
        write_program_header(plan, i, out);
    memcpy(out + plan->names_offset, plan->names, plan->names_len);
    for (uint32_t i = 0; i < plan->section_count; i++)
        memcpy(out + plan->table_offset + (uint64_t)i * ELF_SECTION_HEADER_LEN,
               plan->sections[i].header, ELF_SECTION_HEADER_LEN);
}

static enum nonos_error build(struct plan *plan, struct file_bytes *out)
{
    enum nonos_error error = plan_input(plan);
    if (error == NONOS_OK)
        error = plan_segments(plan);
    if (error == NONOS_OK)
        error = plan_sections(plan);
    if (error != NONOS_OK)
        return error;
    out->len = (size_t)plan->body_len + NONOS_TRAILER_LEN;
    out->bytes = calloc(1, out->len);
    if (out->bytes == nullptr)
        return NONOS_E_NO_MEMORY;
    write_image(plan, out->bytes);
    return NONOS_OK;
}

static enum nonos_error copy(const uint8_t *bytes, size_t len, struct file_bytes *out)
{
    out->bytes = malloc(len);
    if (out->bytes == nullptr)
        return NONOS_E_NO_MEMORY;
    memcpy(out->bytes, bytes, len);
    out->len = len;
    return NONOS_OK;
}

enum nonos_error seal_elf(const uint8_t *elf, size_t len, struct file_bytes *out,
                          unsigned *manifest_line)
{
    *out = (struct file_bytes){nullptr, 0};
    *manifest_line = 0;
    struct structure structure;
    if (structure_read(elf, len, &structure) == NONOS_OK)
        return copy(elf, len, out);
    struct plan plan = {.in = elf, .in_len = len};
    enum nonos_error error = build(&plan, out);
    if (error == NONOS_OK) {
        error = structure_read(out->bytes, out->len, &structure);
        *manifest_line = structure.manifest_line;
    }
    if (error != NONOS_OK)
        file_free(out);
    return error;
}
