/*
 * trust_folder.h - a folder of identities in memory, behind the functions of tools/file.h and of
 * the C library that tools/trust.c and tools/trust_edit.c use: the subject of a fault may not ask
 * the system for anything.
 */
#ifndef NONOS_TESTS_FAULT_TRUST_FOLDER_H
#define NONOS_TESTS_FAULT_TRUST_FOLDER_H

#include "image/identity.h"

#include <stddef.h>

struct folder_file {
    const char *path;
    char text[IDENTITY_TEXT_MAX_LEN];
    size_t len;
};

/* Puts a file there, after those that are there: in the order of their names. */
void folder_put(const char *path, const char *text, size_t len);

/* Takes all files away. */
void folder_clear(void);

/* Provided by the program: something would be changed. A file is written (bytes), moved (bytes is
 * the other path) or removed (bytes is null). What is changed is not. */
void folder_changed(const char *path, const void *bytes, size_t len);

#endif
