/*
 * trap.h - what interrupts the processor: exceptions and interrupts.
 *
 * An exception in the kernel ends in a panic, one in a program ends its thread.
 *
 * Source: SDM vol. 3 §6.3 (sources), §6.13 (error code), §6.14 (64-bit mode), §6.15 (reference).
 */
#ifndef NONOS_KERNEL_CPU_TRAP_H
#define NONOS_KERNEL_CPU_TRAP_H

#include "kernel/cpu/vectors.h"

#include <stddef.h>
#include <stdint.h>

/* The registers as trap_entry.S saves them, from the lowest address up. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8; /*   0 */
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;    /*  64 */
    uint64_t vector;                               /* 120 */
    uint64_t error_code;                           /* 128: 0 where the processor gives none */
    uint64_t rip, cs, rflags, rsp, ss;             /* 136 */
};
static_assert(offsetof(struct trap_frame, rbp) == 64);
static_assert(offsetof(struct trap_frame, vector) == 120);
static_assert(sizeof(struct trap_frame) == 176);

/* The entry of the first vector; the others follow, VECTOR_ENTRY_LEN bytes each (trap_entry.S). */
extern const uint8_t trap_entries[];

/* Whether a program was interrupted. */
static inline bool trap_is_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) != 0;
}

/* Called by trap_entry.S, with interrupts off. */
void trap_handle(struct trap_frame *frame);

#endif
