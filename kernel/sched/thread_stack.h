/*
 * thread_stack.h - kernel stacks of threads: in a region of their own, with an unmapped page under
 * each. What a stack was used for is erased when it is given back.
 */
#ifndef NONOS_KERNEL_SCHED_THREAD_STACK_H
#define NONOS_KERNEL_SCHED_THREAD_STACK_H

#include "kernel/mem/address.h"

#include <stddef.h>
#include <stdint.h>

#define THREAD_STACK_LEN (16u * 1024)

/* One byte past the end of a stack, all zero; 0 when there is no memory. */
[[nodiscard]] vaddr_t thread_stack_allocate(void);

/* top: from thread_stack_allocate. Not for the stack in use. */
void thread_stack_free(vaddr_t top);

#endif
