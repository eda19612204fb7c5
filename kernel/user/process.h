/*
 * process.h - a process: an address space, what it has been given, and the threads in it.
 */
#ifndef NONOS_KERNEL_USER_PROCESS_H
#define NONOS_KERNEL_USER_PROCESS_H

#include "abi/syscalls.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/space.h"

#include <stdint.h>

#define PROCESS_NAME_LEN 16u

struct process {
    struct space *space;
    struct quota quota; /* what its space may hold, tables included */
    uint32_t rights;    /* NONOS_RIGHT_* */
    char name[PROCESS_NAME_LEN];
};

/* The space of the next thread's process; null: the kernel's own tables. With interrupts off. */
void process_switch(const struct process *from, const struct process *to);

/* Prints one line about the running thread, which is in a process. */
[[gnu::format(printf, 1, 2)]] void process_report(const char *format, ...);

/* Ends the running thread, whose program raised an exception, with a report. what: which. */
[[noreturn]] void process_fault(const struct trap_frame *frame, const char *what);

#endif
