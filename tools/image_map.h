/*
 * image_map.h - what each byte of an image is: regions that follow each other from the first byte
 * to the last, without a gap and without an overlap.
 */
#ifndef NONOS_TOOLS_IMAGE_MAP_H
#define NONOS_TOOLS_IMAGE_MAP_H

#include "image/elf.h"

#include <stddef.h>
#include <stdint.h>

enum image_region_kind {
    IMAGE_REGION_UNREAD, /* the body of a file whose structure is not that of an image */
    IMAGE_REGION_ELF_HEADER,
    IMAGE_REGION_PROGRAM_HEADERS,
    IMAGE_REGION_SECTION,  /* bytes of a segment that a section names */
    IMAGE_REGION_MANIFEST, /* such a section, .nonos.manifest */
    IMAGE_REGION_NOTE,     /* such a section of type NOTE */
    IMAGE_REGION_PVH_NOTE, /* one that starts with Xen's PVH entry point */
    IMAGE_REGION_FILL,     /* bytes of a segment that no section names */
    IMAGE_REGION_PADDING,  /* zeroes between the parts of the file */
    IMAGE_REGION_SECTION_NAMES,
    IMAGE_REGION_SECTION_HEADERS,
    IMAGE_REGION_PQSIG,
    IMAGE_REGION_SIG,
};

/* Not part of a segment. */
#define IMAGE_REGION_NO_SEGMENT UINT32_MAX

struct image_region {
    enum image_region_kind kind;
    uint32_t segment; /* index into image_elf.segments, or IMAGE_REGION_NO_SEGMENT */
    uint64_t offset;  /* in the file */
    uint64_t len;     /* > 0 */
    const char *name; /* of a section: in the image, name_len bytes of any value; else null */
    size_t name_len;
};

/* A section of memory that the file has no bytes for, such as .bss. */
struct image_zeroes {
    uint32_t segment;
    uint64_t len;
    const char *name; /* as in image_region */
    size_t name_len;
};

/* Headers, a padding and a fill around each section and segment, names, table, signatures. */
#define IMAGE_MAP_MAX_REGIONS (2 * (IMAGE_MAX_SECTIONS + 2 * IMAGE_MAX_SEGMENTS) + 8)

struct image_map {
    size_t count; /* at least 1 */
    struct image_region regions[IMAGE_MAP_MAX_REGIONS];
    size_t zeroes_count;
    struct image_zeroes zeroes[IMAGE_MAX_SECTIONS];
};

/* Maps an image of NONOS_IMAGE_MIN_LEN to NONOS_IMAGE_MAX_LEN bytes. elf is what image_parse_elf
 * gave for these very bytes, or null where it refused them: then the map is what the length alone
 * says. Names point into the image, which has to outlive the map. */
void image_map_make(const uint8_t *image, size_t len, const struct image_elf *elf,
                    struct image_map *out);

#endif
