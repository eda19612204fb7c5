/*
 * canary.h - the value that -fstack-protector puts under frames.
 */
#ifndef NONOS_KERNEL_CANARY_H
#define NONOS_KERNEL_CANARY_H

#include <stddef.h>
#include <stdint.h>

/* The compiler's name for it (-mstack-protector-guard=global). */
extern uintptr_t __stack_chk_guard;

/* Sets it from BLAKE3 over len bytes of entropy, RDRAND where present, and the time-stamp counter.
 * Its lowest byte is zero, so that no text can spell it. Called once, by a function that has no
 * canary itself and never returns. */
void canary_init(const void *entropy, size_t len);

#endif
