#include "tools/image_compare.h"

#include <string.h>

static const char *words_for(enum image_region_kind kind)
{
    switch (kind) {
    case IMAGE_REGION_ELF_HEADER:
        return "the ELF header";
    case IMAGE_REGION_PROGRAM_HEADERS:
        return "the program headers";
    case IMAGE_REGION_SECTION_NAMES:
        return "the section names";
    case IMAGE_REGION_SECTION_HEADERS:
        return "the section headers";
    case IMAGE_REGION_PADDING:
        return "padding between sections";
    case IMAGE_REGION_FILL:
        return "bytes of no section";
    case IMAGE_REGION_UNREAD:
    case IMAGE_REGION_SECTION:
    case IMAGE_REGION_MANIFEST:
    case IMAGE_REGION_NOTE:
    case IMAGE_REGION_PVH_NOTE:
    case IMAGE_REGION_PQSIG:
    case IMAGE_REGION_SIG:
        break;
    }
    return "the body";
}

static bool is_signature(const struct image_region *region)
{
    return region->kind == IMAGE_REGION_PQSIG || region->kind == IMAGE_REGION_SIG;
}

/* Sections are what their name says; of other parts the kind decides. */
static bool are_alike(const struct image_region *a, const struct image_region *b)
{
    if (a->name == nullptr || b->name == nullptr)
        return a->name == b->name && a->kind == b->kind;
    return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/* The part of another image that is to be the same as regions[index]: of those alike, the one that
 * comes as late. */
static const struct image_region *find_mate(const struct image_map *map, size_t index,
                                            const struct image_map *other)
{
    size_t rank = 0;
    for (size_t i = 0; i < index; i++)
        rank += are_alike(&map->regions[i], &map->regions[index]) ? 1 : 0;
    for (size_t i = 0; i < other->count; i++)
        if (are_alike(&other->regions[i], &map->regions[index]) && rank-- == 0)
            return &other->regions[i];
    return nullptr;
}

static struct image_extent extent_of(const struct image_region *region)
{
    if (region == nullptr)
        return (struct image_extent){0};
    return (struct image_extent){true, region->offset, region->len};
}

static uint64_t shorter_len(const struct image_part *part)
{
    return part->first.len < part->second.len ? part->first.len : part->second.len;
}

static uint64_t extra_len(const struct image_part *part)
{
    return part->first.len + part->second.len - 2 * shorter_len(part);
}

static void compare_bytes(const struct image_side *first, const struct image_side *second,
                          struct image_part *part)
{
    uint64_t len = shorter_len(part);
    const uint8_t *a = first->bytes + part->first.offset;
    const uint8_t *b = second->bytes + part->second.offset;
    part->at = len;
    for (uint64_t i = len; i-- > 0;) {
        if (a[i] == b[i])
            continue;
        part->differing++;
        part->at = i;
    }
}

static void add_part(struct image_comparison *out, const struct image_part *part)
{
    if (out->part_count == IMAGE_COMPARE_MAX_PARTS)
        return;
    out->byte_count += part->differing + extra_len(part);
    out->parts[out->part_count++] = *part;
}

/* One of the regions may be null. */
static void compare_regions(const struct image_side *first, const struct image_region *a,
                            const struct image_side *second, const struct image_region *b,
                            struct image_comparison *out)
{
    const struct image_region *any = a != nullptr ? a : b;
    if (any == nullptr)
        return;
    struct image_part part = {.first = extent_of(a), .second = extent_of(b)};
    part.is_section = any->name != nullptr;
    part.is_manifest = any->kind == IMAGE_REGION_MANIFEST;
    part.name = part.is_section ? any->name : words_for(any->kind);
    part.name_len = part.is_section ? any->name_len : strlen(part.name);
    compare_bytes(first, second, &part);
    bool is_padding = any->kind == IMAGE_REGION_PADDING;
    if (part.differing == 0 && (is_padding || (a != nullptr && b != nullptr && a->len == b->len)))
        return;
    if (b != nullptr && b->segment != IMAGE_REGION_NO_SEGMENT && part.at < b->len) {
        const struct image_segment *segment = &second->elf->segments[b->segment];
        part.address = segment->vaddr + (b->offset - segment->offset) + part.at;
    }
    add_part(out, &part);
}

static const struct image_zeroes *find_zeroes(const struct image_map *map,
                                              const struct image_zeroes *like)
{
    for (size_t i = 0; i < map->zeroes_count; i++)
        if (map->zeroes[i].name_len == like->name_len &&
            memcmp(map->zeroes[i].name, like->name, like->name_len) == 0)
            return &map->zeroes[i];
    return nullptr;
}

/* Of memory that the file has no bytes for, only the length can differ: those are no bytes of the
 * file either. */
static void compare_zeroes(const struct image_zeroes *a, const struct image_zeroes *b,
                           struct image_comparison *out)
{
    const struct image_zeroes *any = a != nullptr ? a : b;
    if (any == nullptr)
        return;
    struct image_part part = {.name = any->name, .name_len = any->name_len, .is_section = true};
    if (a != nullptr)
        part.first = (struct image_extent){.is_there = true, .len = a->len};
    if (b != nullptr)
        part.second = (struct image_extent){.is_there = true, .len = b->len};
    if (a != nullptr && b != nullptr && a->len == b->len)
        return;
    part.at = shorter_len(&part);
    uint64_t before = out->byte_count;
    add_part(out, &part);
    out->byte_count = before;
}

static void compare_maps(const struct image_side *first, const struct image_map *a,
                         const struct image_side *second, const struct image_map *b,
                         struct image_comparison *out)
{
    for (size_t i = 0; i < a->count; i++)
        if (!is_signature(&a->regions[i]))
            compare_regions(first, &a->regions[i], second, find_mate(a, i, b), out);
    for (size_t i = 0; i < a->zeroes_count; i++)
        compare_zeroes(&a->zeroes[i], find_zeroes(b, &a->zeroes[i]), out);
    for (size_t i = 0; i < b->count; i++)
        if (!is_signature(&b->regions[i]) && find_mate(b, i, a) == nullptr)
            compare_regions(first, nullptr, second, &b->regions[i], out);
    for (size_t i = 0; i < b->zeroes_count; i++)
        if (find_zeroes(a, &b->zeroes[i]) == nullptr)
            compare_zeroes(nullptr, &b->zeroes[i], out);
}

/* Where no part is to blame: the body as a whole. */
static void compare_bodies(const struct image_side *first, const struct image_side *second,
                           struct image_comparison *out)
{
    struct image_part part = {.name = words_for(IMAGE_REGION_UNREAD)};
    part.name_len = strlen(part.name);
    part.first = (struct image_extent){.is_there = true, .len = first->len - NONOS_TRAILER_LEN};
    part.second = (struct image_extent){.is_there = true, .len = second->len - NONOS_TRAILER_LEN};
    compare_bytes(first, second, &part);
    add_part(out, &part);
}

void image_compare(const struct image_side *first, const struct image_side *second,
                   struct image_comparison *out)
{
    memset(out, 0, sizeof(*out));
    if (first->len == second->len &&
        memcmp(first->bytes, second->bytes, first->len - NONOS_TRAILER_LEN) == 0) {
        out->is_same = true;
        return;
    }
    struct image_map a, b;
    image_map_make(first->bytes, first->len, first->elf, &a);
    image_map_make(second->bytes, second->len, second->elf, &b);
    compare_maps(first, &a, second, &b, out);
    if (out->part_count == 0)
        compare_bodies(first, second, out);
}

const struct image_part *image_comparison_first(const struct image_comparison *comparison)
{
    const struct image_part *best = nullptr;
    for (size_t i = 0; i < comparison->part_count; i++) {
        const struct image_part *part = &comparison->parts[i];
        if (part->is_section && !part->is_manifest)
            return part;
        if (best == nullptr || (part->is_manifest && !best->is_manifest))
            best = part;
    }
    return best;
}
