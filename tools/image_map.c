#include "tools/image_map.h"

#include "image/elf_internal.h"
#include "image/text.h"

#include <string.h>

#define SECTION_TABLE_FIELD 40u
#define PROGRAM_COUNT_FIELD 56u
#define SECTION_COUNT_FIELD 60u
#define NAME_SECTION_FIELD 62u

/* Xen's elfnote.h: XEN_ELFNOTE_PHYS32_ENTRY, of the owner "Xen". */
#define PVH_NOTE_TYPE 18u

/* Where the section headers are, in an image that image_parse_elf has accepted. */
struct sections {
    const uint8_t *image;
    uint64_t table_offset;
    uint32_t count;
    uint64_t names_offset;
    uint64_t names_len;
};

static const uint8_t *header_at(const struct sections *sections, uint32_t index)
{
    return sections->image + sections->table_offset + index * ELF_SECTION_HEADER_LEN;
}

static struct sections find_sections(const uint8_t *image)
{
    struct sections sections = {.image = image,
                                .table_offset = load_le64(image + SECTION_TABLE_FIELD),
                                .count = load_le16(image + SECTION_COUNT_FIELD)};
    const uint8_t *names = header_at(&sections, load_le16(image + NAME_SECTION_FIELD));
    sections.names_offset = load_le64(names + 24);
    sections.names_len = load_le64(names + 32);
    return sections;
}

static uint64_t map_end(const struct image_map *map)
{
    if (map->count == 0)
        return 0;
    const struct image_region *last = &map->regions[map->count - 1];
    return last->offset + last->len;
}

/* The bytes from the end of the last region up to an offset. */
static struct image_region *add_until(struct image_map *map, uint64_t end,
                                      enum image_region_kind kind, uint32_t segment)
{
    uint64_t start = map_end(map);
    if (end <= start)
        return nullptr;
    if (map->count == IMAGE_MAP_MAX_REGIONS) {
        map->regions[map->count - 1].len = end - map->regions[map->count - 1].offset;
        return nullptr;
    }
    struct image_region *added = &map->regions[map->count++];
    *added = (struct image_region){
        .kind = kind, .segment = segment, .offset = start, .len = end - start};
    return added;
}

/* A part that is in no segment, and the padding before it. */
static void add_part(struct image_map *map, uint64_t offset, uint64_t len,
                     enum image_region_kind kind)
{
    add_until(map, offset, IMAGE_REGION_PADDING, IMAGE_REGION_NO_SEGMENT);
    add_until(map, offset + len, kind, IMAGE_REGION_NO_SEGMENT);
}

static const char *name_of(const struct sections *sections, const uint8_t *header, size_t *len)
{
    uint32_t name = load_le32(header);
    const char *text = (const char *)sections->image + sections->names_offset + name;
    *len = text_find(text, (size_t)(sections->names_len - name), 0);
    return text;
}

static enum image_region_kind kind_of(const struct sections *sections, const uint8_t *header,
                                      const struct image_elf *elf)
{
    uint64_t offset = load_le64(header + 24), len = load_le64(header + 32);
    if (offset == elf->manifest_offset && len == elf->manifest_len)
        return IMAGE_REGION_MANIFEST;
    if (load_le32(header + 4) != ELF_SHT_NOTE)
        return IMAGE_REGION_SECTION;
    const uint8_t *note = sections->image + offset;
    bool is_pvh = len >= 16 && load_le32(note) == 4 && load_le32(note + 8) == PVH_NOTE_TYPE &&
                  memcmp(note + 12, "Xen", 4) == 0;
    return is_pvh ? IMAGE_REGION_PVH_NOTE : IMAGE_REGION_NOTE;
}

static bool is_in_memory(const uint8_t *header)
{
    return (load_le64(header + 8) & ELF_SHF_ALLOC) != 0;
}

/* Sections in memory ascend, so those of a segment follow each other. */
static void add_segment(const struct sections *sections, const struct image_elf *elf,
                        uint32_t index, struct image_map *map)
{
    const struct image_segment *segment = &elf->segments[index];
    uint64_t end = segment->offset + segment->file_len;
    if (segment->file_len == 0)
        return;
    add_until(map, segment->offset, IMAGE_REGION_PADDING, IMAGE_REGION_NO_SEGMENT);
    for (uint32_t i = 1; i < sections->count; i++) {
        const uint8_t *header = header_at(sections, i);
        uint64_t offset = load_le64(header + 24), len = load_le64(header + 32);
        if (!is_in_memory(header) || load_le32(header + 4) == ELF_SHT_NOBITS || len == 0 ||
            !range_is_inside(offset, len, segment->offset, segment->file_len))
            continue;
        add_until(map, offset, IMAGE_REGION_FILL, index);
        struct image_region *added =
            add_until(map, offset + len, kind_of(sections, header, elf), index);
        if (added != nullptr)
            added->name = name_of(sections, header, &added->name_len);
    }
    add_until(map, end, IMAGE_REGION_FILL, index);
}

static void add_zeroes(const struct sections *sections, const struct image_elf *elf,
                       struct image_map *map)
{
    for (uint32_t i = 1; i < sections->count; i++) {
        const uint8_t *header = header_at(sections, i);
        uint64_t addr = load_le64(header + 16), len = load_le64(header + 32);
        uint32_t segment = 0;
        if (!is_in_memory(header) || load_le32(header + 4) != ELF_SHT_NOBITS || len == 0)
            continue;
        while (segment < elf->segment_count &&
               !range_is_inside(addr, len, elf->segments[segment].vaddr,
                                elf->segments[segment].mem_len))
            segment++;
        if (segment == elf->segment_count || map->zeroes_count == IMAGE_MAX_SECTIONS)
            continue;
        struct image_zeroes *added = &map->zeroes[map->zeroes_count++];
        *added = (struct image_zeroes){.segment = segment, .len = len};
        added->name = name_of(sections, header, &added->name_len);
    }
}

static void add_body(const uint8_t *image, const struct image_elf *elf, struct image_map *map)
{
    struct sections sections = find_sections(image);
    uint64_t programs_len =
        (uint64_t)load_le16(image + PROGRAM_COUNT_FIELD) * ELF_PROGRAM_HEADER_LEN;
    add_part(map, 0, ELF_HEADER_LEN, IMAGE_REGION_ELF_HEADER);
    add_part(map, ELF_HEADER_LEN, programs_len, IMAGE_REGION_PROGRAM_HEADERS);
    for (uint32_t i = 0; i < elf->segment_count; i++)
        add_segment(&sections, elf, i, map);
    add_part(map, sections.names_offset, sections.names_len, IMAGE_REGION_SECTION_NAMES);
    add_part(map, sections.table_offset, (uint64_t)sections.count * ELF_SECTION_HEADER_LEN,
             IMAGE_REGION_SECTION_HEADERS);
    add_zeroes(&sections, elf, map);
}

void image_map_make(const uint8_t *image, size_t len, const struct image_elf *elf,
                    struct image_map *out)
{
    uint64_t body_len = len - NONOS_TRAILER_LEN;
    memset(out, 0, sizeof(*out));
    if (elf != nullptr)
        add_body(image, elf, out);
    else
        add_part(out, 0, body_len, IMAGE_REGION_UNREAD);
    add_part(out, body_len, NONOS_PQSIG_LEN, IMAGE_REGION_PQSIG);
    add_part(out, body_len + NONOS_PQSIG_LEN, NONOS_SIG_LEN, IMAGE_REGION_SIG);
}
