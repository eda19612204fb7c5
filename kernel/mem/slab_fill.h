/*
 * slab_fill.h - what is in an object of a slab while nobody has it. Zeros in the product; in the
 * debug build (kernel/debug/slab_fill.c) a pattern, which shows who wrote to it after that.
 */
#ifndef NONOS_KERNEL_MEM_SLAB_FILL_H
#define NONOS_KERNEL_MEM_SLAB_FILL_H

#include <stddef.h>

/* Zeroed memory that is about to become free objects. */
void slab_fill_new(void *objects, size_t len);

/* The object is free from now on. */
void slab_fill_free(void *object, size_t len);

/* The object is handed out: it has to be zero after this. */
void slab_fill_take(void *object, size_t len);

#endif
