#include "tools/structure.h"

#include <string.h>

static enum nonos_error read_as(const uint8_t *image, size_t len, enum nonos_image_type type,
                                struct structure *out)
{
    enum nonos_error error = image_parse_elf(image, len, type, &out->elf);
    if (error == NONOS_OK)
        error = manifest_parse(image + out->elf.manifest_offset, (size_t)out->elf.manifest_len,
                               &out->manifest, &out->manifest_line);
    if (error == NONOS_OK && out->manifest.type != type)
        error = NONOS_E_POLICY_TYPE;
    return error;
}

static bool is_about_addresses(enum nonos_error error)
{
    return error == NONOS_E_SEGMENT_PLACEMENT || error == NONOS_E_SEGMENT_MEMORY_RANGE;
}

/* The types differ in where they may be in memory, so only that decides which one is meant. */
enum nonos_error structure_read(const uint8_t *image, size_t len, struct structure *out)
{
    memset(out, 0, sizeof(*out));
    enum nonos_error error = read_as(image, len, NONOS_IMAGE_KERNEL, out);
    if (is_about_addresses(error)) {
        struct structure capsule = {0};
        enum nonos_error capsule_error = read_as(image, len, NONOS_IMAGE_CAPSULE, &capsule);
        if (!is_about_addresses(capsule_error)) {
            *out = capsule;
            error = capsule_error;
        }
    }
    if (error != NONOS_OK) {
        unsigned line = out->manifest_line;
        memset(out, 0, sizeof(*out));
        out->manifest_line = line;
    }
    return error;
}
