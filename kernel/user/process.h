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

struct thread;

struct process {
    struct space *space;
    struct quota quota;    /* what it may hold: pages, tables, stacks of its threads */
    uint32_t rights;       /* NONOS_RIGHT_* */
    uint32_t thread_count; /* not ended, or not taken back yet */
    char name[PROCESS_NAME_LEN];
};

/* A new thread goes into a process (null: none), which pays for it. NONOS_E_QUOTA;
 * NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error process_add_thread(struct process *process, struct thread *thread);

/* It is taken back. */
void process_remove_thread(struct thread *thread);

/* Prints one line about the running thread, which is in a process and is about to end: interrupts
 * are on afterwards. */
[[gnu::format(printf, 1, 2)]] void process_report(const char *format, ...);

/* Ends the running thread, whose program raised an exception, with a report. what: which. */
[[noreturn]] void process_fault(const struct trap_frame *frame, const char *what);

#endif
