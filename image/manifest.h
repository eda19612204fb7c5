/*
 * manifest.h - the text inside an image that says what it is (docs/image-format.md).
 *
 * ASCII, "NONOS-MANIFEST 1", then key=value lines in one fixed order, one NUL at the end; at most
 * 4096 bytes with it. A parsed manifest points into the bytes it was parsed from.
 */
#ifndef NONOS_IMAGE_MANIFEST_H
#define NONOS_IMAGE_MANIFEST_H

#include "abi/error.h"
#include "abi/image.h"

#include <stddef.h>
#include <stdint.h>

/* A piece of the manifest: not NUL-terminated. */
struct manifest_text {
    const char *bytes;
    size_t len;
};

struct manifest {
    enum nonos_image_type type;
    enum nonos_profile profile;
    uint32_t security_version; /* 1 to 2^32 - 1 */
    bool dirty;
    uint64_t epoch; /* seconds since 1970-01-01 UTC */
    struct manifest_text name;
    struct manifest_text version;
    struct manifest_text target;
    struct manifest_text source; /* "blake3:" and 64 hexadecimal digits */
    struct manifest_text commit; /* 40 hexadecimal digits, or "none" */
    struct manifest_text compiler;
    struct manifest_text pqc;
    struct manifest_text bundle; /* like source, or "none" */
    struct manifest_text sbom;   /* like source, or "none" */
    struct manifest_text grants; /* all grant= lines, LFs included; may be empty */
    struct manifest_text all;    /* the whole text, without the NUL */
};

/* Parses len bytes, the NUL included. Errors: the codes 60 to 67 (abi/errors.def). *out is zero on
 * failure; *line, where not null, is the
 * number (from 1) of the first line that is wrong, or 0 where no line is to blame. */
[[nodiscard]] enum nonos_error manifest_parse(const uint8_t *bytes, size_t len,
                                              struct manifest *out, unsigned *line);

/* Steps through the grant lines: sets *capability and *rights, advances *rest. False at the end. */
[[nodiscard]] bool manifest_next_grant(struct manifest_text *rest, struct manifest_text *capability,
                                       struct manifest_text *rights);

#endif
