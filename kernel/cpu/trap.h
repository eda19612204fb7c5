/*
 * trap.h - processor exceptions. Every one of them ends in a panic.
 *
 * Source: SDM vol. 3 §6.3 (sources), §6.13 (error code), §6.14 (64-bit mode), §6.15 (reference).
 */
#ifndef NONOS_KERNEL_CPU_TRAP_H
#define NONOS_KERNEL_CPU_TRAP_H

#include <stddef.h>
#include <stdint.h>

#define TRAP_COUNT 32u /* exceptions; the kernel takes no interrupts */

#define TRAP_NMI 2u
#define TRAP_DOUBLE_FAULT 8u
#define TRAP_PAGE_FAULT 14u
#define TRAP_MACHINE_CHECK 18u

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

/* Start of the entry of each exception (trap_entry.S). */
extern const uint64_t trap_entries[TRAP_COUNT];

/* Called by trap_entry.S. */
[[noreturn]] void trap_handle(const struct trap_frame *frame);

#endif
