/*
 * process.h - a process: an address space, what it has been given, and the threads in it.
 */
#ifndef NONOS_KERNEL_USER_PROCESS_H
#define NONOS_KERNEL_USER_PROCESS_H

#include "abi/syscalls.h"
#include "kernel/mem/address.h"

#include <stdint.h>

struct process {
    paddr_t root;    /* its page tables */
    uint32_t rights; /* NONOS_RIGHT_* */
};

/* The page tables of the next thread's process; null: the kernel's own. */
void process_switch(const struct process *from, const struct process *to);

#endif
