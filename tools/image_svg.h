/*
 * image_svg.h - a map of an image as one self-contained SVG document (SVG 1.1, XML 1.0).
 *
 * The file stands twice: as a bar that is to scale, and as a list in which small parts are enlarged
 * until they can be read. Beside the list, two brackets say what each signature covers. The same
 * input gives the same bytes. Each region, segment and signature also has its numbers as data-*
 * attributes, for programs.
 */
#ifndef NONOS_TOOLS_IMAGE_SVG_H
#define NONOS_TOOLS_IMAGE_SVG_H

#include "image/verify.h"
#include "tools/image_map.h"
#include "tools/structure.h"

#include <stdio.h>

/* What is drawn. All of it stays the caller's. */
struct image_picture {
    const char *file;                  /* its name, of any bytes */
    size_t len;                        /* of the image */
    const struct image_map *map;       /* of the same image */
    const struct structure *structure; /* null where error is not NONOS_OK */
    enum nonos_error error;            /* what is wrong with the structure */
    bool mldsa65_present;              /* the field is not all zero */
    bool ed25519_present;
    const uint8_t *digest;               /* D1; null: not shown */
    const struct image_verdict *verdict; /* null: nobody was given to verify against */
};

/* Errors are those of the stream (ferror). */
void image_svg_write(FILE *stream, const struct image_picture *picture);

#endif
