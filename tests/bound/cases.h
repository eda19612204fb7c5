/*
 * cases.h - images that are as hard on the verifier as they can be.
 */
#ifndef NONOS_TESTS_BOUND_CASES_H
#define NONOS_TESTS_BOUND_CASES_H

#include "tests/support/verifying.h"

struct bound_case {
    struct file_bytes image;
    struct image_policy policy;
    enum nonos_error expected;
    enum nonos_error got;
};

/* Prints the names, a line each. */
void bound_list(void);

/* Makes the case of that name; ends the program where there is none. Image and identities stay. */
void bound_make(const char *name, struct bound_case *out);

#endif
