/*
 * stack.h - stacks in a region of virtual memory of their own, with an unmapped page under and one
 * above each: leaving it at either end is a fault, not a silent overwrite.
 */
#ifndef NONOS_KERNEL_MEM_STACK_H
#define NONOS_KERNEL_MEM_STACK_H

#include "kernel/mem/address.h"

#include <stddef.h>
#include <stdint.h>

struct stack {
    const char *name;
    vaddr_t base; /* lowest byte; the page below is not mapped */
    size_t len;   /* the page after it is not mapped, either */
};

enum stack_kind {
    STACK_KERNEL, /* on which the kernel runs */
    STACK_DOUBLE_FAULT,
    STACK_NMI,
    STACK_MACHINE_CHECK,
    STACK_WORKSPACE, /* crypto/workspace.h */
    STACK_COUNT,
};

/* Maps them all in the kernel's own tables. Panics when memory runs out. */
void stack_init(void);

/* After stack_init; never null. */
[[nodiscard]] const struct stack *stack_get(enum stack_kind kind);

/* One byte past the end, where the stack pointer starts. */
[[nodiscard]] void *stack_top(enum stack_kind kind);

/* The stack of a loader or of pvh_entry.S, so that a backtrace may follow it, until the kernel has
 * left it (len 0). */
void stack_note_boot(vaddr_t base, size_t len);

/* The stack that vaddr lies in, or null. All stacks of threads are one struct here and below, good
 * until the next call: for a panic, when nothing else runs. */
[[nodiscard]] const struct stack *stack_containing(vaddr_t vaddr);

/* The stack of which one of the two guard pages has vaddr, or null. As stack_containing. */
[[nodiscard]] const struct stack *stack_guarded_by(vaddr_t vaddr);

#endif
