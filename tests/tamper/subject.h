/*
 * subject.h - the image under attack, and the real verifier's answer to a changed copy of it.
 *
 * The file that is verified ends at the end of a page, and the page behind it cannot be read: one
 * byte too many ends the process, in builds without sanitizers too.
 */
#ifndef NONOS_TESTS_TAMPER_SUBJECT_H
#define NONOS_TESTS_TAMPER_SUBJECT_H

#include "image/verify.h"

#include <stddef.h>
#include <stdint.h>

struct subject {
    uint8_t *original; /* as it was read; never changed */
    size_t len;
    size_t body_len; /* where the signatures begin */
    struct image_elf elf;
    struct manifest manifest; /* points into original */
    struct identity signer;   /* whose signatures the file has */
    struct identity attacker; /* the same rights, with a key that this program knows */
};

extern struct subject subject;

/* Reads image and identity; the image has to be verified under that identity. */
void subject_load(const char *image_path, const char *identity_path);

/* A copy of the first len bytes (of the original, or of what from points to) with the guard page
 * behind it; stays until the next call. */
uint8_t *subject_copy(const uint8_t *from, size_t len);

/* The copy that is there, for changes that are undone again. */
uint8_t *subject_file(void);

/* image_verify() with one trusted identity, development images allowed and the original's own
 * security version as the floor. Ends the process where a refused verdict is not cleared or an
 * accepted one not whole. */
enum nonos_error subject_verify(const uint8_t *file, size_t len, const struct identity *trusted);

/* Signs with the attacker's keys: the half that is Ed25519, and both. */
void subject_sign_ed25519(uint8_t *file, size_t len);
void subject_sign(uint8_t *file, size_t len);

/* Structure and manifest alone, as the verifier sees them once the signatures have held. */
enum nonos_error subject_parse(const uint8_t *file, size_t len, struct image_elf *elf,
                               struct manifest *manifest);

#endif
