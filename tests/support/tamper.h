/*
 * tamper.h - one change to a sealed image of image_builder.h, and the error it has to give.
 */
#ifndef NONOS_TESTS_SUPPORT_TAMPER_H
#define NONOS_TESTS_SUPPORT_TAMPER_H

#include "tests/support/image_builder.h"

enum tamper_where { AT_FILE, AT_PROGRAM, AT_SECTION };
/* SET: value; ADD: value more than is there; CALL: what a function does. */
enum tamper_how { SET, ADD, CALL };

struct tamper {
    const char *name;
    enum tamper_how how;
    enum tamper_where where;
    unsigned index;  /* of the header */
    unsigned offset; /* in it, or in the file */
    unsigned width;  /* bytes: 1, 2, 4 or 8 */
    uint64_t value;
    void (*call)(struct file_bytes *image);
    enum nonos_error expected;
};

static inline uint64_t tamper_load(const uint8_t *at, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* Fails where the change changes nothing: such a case would test nothing. */
static inline void tamper_apply(const struct tamper *tamper, struct file_bytes *image)
{
    uint8_t *before = test_allocate(image->len);
    size_t before_len = image->len;
    memcpy(before, image->bytes, before_len);
    if (tamper->how == CALL) {
        tamper->call(image);
    } else {
        uint8_t *at = image->bytes;
        if (tamper->where == AT_PROGRAM)
            at = built_program_header(*image, tamper->index);
        else if (tamper->where == AT_SECTION)
            at = built_section_header(*image, tamper->index);
        at += tamper->offset;
        uint64_t value = tamper->value;
        if (tamper->how == ADD)
            value += tamper_load(at, tamper->width);
        for (unsigned i = 0; i < tamper->width; i++)
            at[i] = (uint8_t)(value >> (8 * i));
    }
    assert_false(image->len == before_len && memcmp(before, image->bytes, before_len) == 0);
    free(before);
}

#endif
