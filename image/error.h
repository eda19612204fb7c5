/*
 * error.h - names and texts of the codes in abi/errors.def.
 */
#ifndef NONOS_IMAGE_ERROR_H
#define NONOS_IMAGE_ERROR_H

#include "abi/error.h"

/* "ELF_MAGIC"; "OK" for NONOS_OK; "UNKNOWN" for a number that is no code. Static storage. */
const char *error_name(enum nonos_error error);

/* error_text_ELF_MAGIC and so on: the text of one code, for a program that has no room for all. */
#define NONOS_ERROR(code, name, text) extern const char error_text_##name[sizeof(text)];
#include "abi/errors.def"
#undef NONOS_ERROR

/* "it does not start with the ELF magic". Static storage, never null. */
const char *error_text(enum nonos_error error);

#endif
