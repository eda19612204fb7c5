/*
 * inspection.h - what `nonos inspect` has found out about a file, and that as text and as JSON.
 */
#ifndef NONOS_TOOLS_INSPECTION_H
#define NONOS_TOOLS_INSPECTION_H

#include "image/verify.h"
#include "tools/file.h"
#include "tools/structure.h"
#include "tools/trust.h"

/* All zero but the path at first; the caller frees image and trust. */
struct inspection {
    const char *path;
    struct file_bytes image; /* no bytes: there is nothing below but error */
    uint8_t d0[NONOS_DIGEST_LEN];
    uint8_t d1[NONOS_DIGEST_LEN];
    bool ed25519_present; /* the field is not all zero */
    bool mldsa65_present;
    struct structure structure;
    enum nonos_error error; /* of file, structure or manifest */
    struct trust trust;
    const struct image_verdict *verdict; /* null where nobody was given to verify against */
};

/* Reads the file of it->path and all that it says about itself; verdict and trust stay. */
void inspection_read(struct inspection *it);

/* Print to standard output. As text, only what has bytes; as JSON, members that could not be had
 * are absent. */
void inspection_print_text(const struct inspection *it);
void inspection_print_json(const struct inspection *it);

#endif
