/*
 * layout.h - the image under attack, field by field: for each field the codes that a change of it
 * may give once everything is signed again, and what an accepted change may do.
 *
 * Written from docs/image-format.md, not from the code: what is accepted anywhere else, or does
 * anything else, is wrong.
 */
#ifndef NONOS_TESTS_TAMPER_LAYOUT_H
#define NONOS_TESTS_TAMPER_LAYOUT_H

#include "abi/error.h"

#include <stddef.h>

#define LAYOUT_MAX_CODES 8u

enum effect {
    EFFECT_NONE,  /* no other value is accepted */
    EFFECT_LABEL, /* describes what is there: all that is loaded stays the same */
    EFFECT_ENTRY, /* the entry point moves, within code */
    EFFECT_SIZE,  /* a segment's sizes change, within its pages */
    EFFECT_TEXT,  /* the manifest says something else */
};

struct rule {
    const char *name;
    enum effect effect;
    const char *why; /* an accepted value is in order; null for EFFECT_NONE */
    enum nonos_error codes[LAYOUT_MAX_CODES];
};

/* A run of bytes under one rule. */
struct field {
    size_t offset;
    size_t len;
    const struct rule *rule;
};

extern const struct rule layout_rules[];
extern const size_t layout_rule_count;

/* The fields of the subject, in the order of the file; every byte of the body that is not contents
 * is in exactly one. *contents_len: how many bytes are contents. */
const struct field *layout_list(size_t *count, size_t *contents_len);

#endif
