/*
 * string.h - the part of <string.h> that compilers and PQClean need where there is no C library
 * (kernel and loader). C23 §7.26.
 */
#ifndef NONOS_FREESTANDING_STRING_H
#define NONOS_FREESTANDING_STRING_H

#include <stddef.h>

/* As the standard says. memcmp takes time that depends on the bytes: never for secrets
 * (bytes_equal). */
void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *text);

#endif
