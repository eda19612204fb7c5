/*
 * error.h - the one error type of the whole project.
 *
 * A function that can fail returns enum nonos_error, is marked [[nodiscard]], and clears its
 * outputs on failure. NONOS_OK says that an ordinary function did its work; it never says that an
 * image is verified: that is struct image_verdict (image/verify.h), whose good value is not one
 * that a skipped instruction leaves behind.
 */
#ifndef NONOS_ABI_ERROR_H
#define NONOS_ABI_ERROR_H

enum nonos_error {
    NONOS_OK = 0,
#define NONOS_ERROR(code, name, text) NONOS_E_##name = (code),
#include "abi/errors.def"
#undef NONOS_ERROR
};

#endif
