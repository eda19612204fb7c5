/*
 * structure.h - what a sealed image says about itself, signed or not.
 */
#ifndef NONOS_TOOLS_STRUCTURE_H
#define NONOS_TOOLS_STRUCTURE_H

#include "image/elf.h"
#include "image/manifest.h"

struct structure {
    struct image_elf elf;
    struct manifest manifest; /* points into the image */
    unsigned manifest_line;   /* for manifest errors: the line at fault, or 0 */
};

/* Checks structure and manifest for the type that the image has: the error is that of
 * image_parse_elf or manifest_parse, or NONOS_E_POLICY_TYPE when the manifest names another type
 * than the one the image is laid out for. *out is zero on failure, manifest_line excepted. This
 * verifies nothing. */
[[nodiscard]] enum nonos_error structure_read(const uint8_t *image, size_t len,
                                              struct structure *out);

#endif
