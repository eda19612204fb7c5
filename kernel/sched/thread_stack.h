/*
 * thread_stack.h - kernel stacks of threads: in a region of their own, with unmapped pages between
 * them. What a stack was used for is erased when it is given back.
 */
#ifndef NONOS_KERNEL_SCHED_THREAD_STACK_H
#define NONOS_KERNEL_SCHED_THREAD_STACK_H

#include "kernel/mem/address.h"

#include <stddef.h>
#include <stdint.h>

#define THREAD_STACK_LEN (16u * 1024)

/* One byte past the end of a stack, all zero; 0 when there is no memory. With no lock of rank
 * LOCK_SPACE or above held. */
[[nodiscard]] vaddr_t thread_stack_allocate(void);

/* The lowest byte of the index-th stack that has ever been made; 0 after the last. */
[[nodiscard]] vaddr_t thread_stack_base(size_t index);

/* Of the stack that vaddr lies in or beside: its lowest byte. 0: there is none. */
[[nodiscard]] vaddr_t thread_stack_base_near(vaddr_t vaddr);

/* top: from thread_stack_allocate. Not for the stack in use. */
void thread_stack_free(vaddr_t top);

#endif
