/*
 * image_svg_parts.h - words, colors and patterns of a map (image_svg.h): what depends on one
 * region alone.
 */
#ifndef NONOS_TOOLS_IMAGE_SVG_PARTS_H
#define NONOS_TOOLS_IMAGE_SVG_PARTS_H

#include "tools/image_map.h"

#include <stdio.h>

/* Instead of the flags of a segment. */
#define SVG_NOT_LOADED UINT32_MAX

/* The style sheet, for light and dark pages, and the patterns that it names. */
void svg_write_style(FILE *stream);

/* A number with a comma before every three digits: 139,589. */
void svg_put_number(FILE *stream, uint64_t number);

/* The kind as one word for programs, and in words for people; flags are those of its
 * segment, or SVG_NOT_LOADED. */
const char *svg_kind(enum image_region_kind kind);
const char *svg_words(enum image_region_kind kind, uint32_t flags);

/* "R", "RX" or "RW" for the flags of a segment, "none" for SVG_NOT_LOADED; and that in words. */
const char *svg_rights(uint32_t flags);
const char *svg_rights_words(uint32_t flags);

/* The class that colors a region whose segment has these flags, or SVG_NOT_LOADED. */
const char *svg_fill(enum image_region_kind kind, uint32_t flags);

#endif
