/*
 * image_compare.h - where two images differ that are to be the same but for their signatures.
 */
#ifndef NONOS_TOOLS_IMAGE_COMPARE_H
#define NONOS_TOOLS_IMAGE_COMPARE_H

#include "tools/image_map.h"

/* An image and what image_parse_elf gave for these very bytes. */
struct image_side {
    const uint8_t *bytes;
    size_t len;
    const struct image_elf *elf;
};

/* What one of the two has of a part. */
struct image_extent {
    bool is_there;
    uint64_t offset; /* in the file */
    uint64_t len;
};

/* A part of the image that is not the same in both. */
struct image_part {
    const char *name; /* of a section: in one of the images, of any value; else words of ours */
    size_t name_len;
    bool is_section;
    bool is_manifest;
    struct image_extent first, second;
    uint64_t differing; /* how many of the bytes that both have differ */
    uint64_t at;        /* in the part: the first of those, or else where the shorter one ends */
    uint64_t address;   /* of that byte in the second image's memory; 0 where it is not there */
};

#define IMAGE_COMPARE_MAX_PARTS (2 * (IMAGE_MAP_MAX_REGIONS + IMAGE_MAX_SECTIONS))

struct image_comparison {
    bool is_same;        /* all bytes before the signatures, and how many there are */
    uint64_t byte_count; /* that differ, those that only one of the two has included */
    size_t part_count;   /* at least 1 where is_same is false */
    struct image_part parts[IMAGE_COMPARE_MAX_PARTS];
};

/* Compares section by section, by name: what stands behind a section of another size is not
 * called different for that. Parts are in the order of the first image, then those that only the
 * second has. The same number of zeroes more or less between parts is no difference of its own. */
void image_compare(const struct image_side *first, const struct image_side *second,
                   struct image_comparison *out);

/* The part to look at first: a section, rather the manifest than a header; null when the images are
 * the same. */
const struct image_part *image_comparison_first(const struct image_comparison *comparison);

#endif
