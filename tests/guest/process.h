/*
 * process.h - programs in processes of their own, and how each of their threads ends.
 */
#ifndef NONOS_TESTS_GUEST_PROCESS_H
#define NONOS_TESTS_GUEST_PROCESS_H

#include "kernel/cpu/trap.h"
#include "kernel/mem/address.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"
#include "kernel/user/process.h"

#include <stddef.h>
#include <stdint.h>

/* Where the parts of a program are; tests/guest/programs/program.ld knows the first. */
#define GUEST_CODE_VADDR UINT64_C(0x400000) /* R X */
#define GUEST_DATA_VADDR UINT64_C(0x600000) /* R W, zero at first */
#define GUEST_DATA_LEN (4u * PAGE_LEN)
#define GUEST_STACK_TOP UINT64_C(0x800000) /* R W */
#define GUEST_STACK_LEN (4u * PAGE_LEN)

struct guest_program {
    const char *name;
    const void *code;
    size_t len; /* up to GUEST_DATA_VADDR - GUEST_CODE_VADDR */
};

/* One of programs.S, or of programs/NAME.c. */
#define GUEST_PROGRAM(its_name)                                                                    \
    ((struct guest_program){.name = #its_name,                                                     \
                            .code = program_##its_name,                                            \
                            .len = (size_t)(program_##its_name##_end - program_##its_name)})
#define GUEST_PROGRAM_DECLARE(its_name)                                                            \
    extern const uint8_t program_##its_name[], program_##its_name##_end[]

struct guest_process {
    struct process process;
};

/* With code, data and a stack, all rights, and quota_pages more to ask for. NONOS_E_NO_MEMORY, and
 * nothing is left of it. */
[[nodiscard]] enum nonos_error guest_process_make(struct guest_process *guest,
                                                  const struct guest_program *program,
                                                  uint64_t quota_pages);

/* Gives back all that it holds. No thread is in it any more. */
void guest_process_free(struct guest_process *guest);

/* Writes into one page of a program that runs, whatever the page allows; false when there is none.
 * With interrupts off. */
[[nodiscard]] bool guest_process_put(struct guest_process *guest, vaddr_t vaddr, const void *bytes,
                                     size_t len);

enum guest_ending { GUEST_RUNS, GUEST_EXITED, GUEST_FAULTED };

/* A thread of a program; all of it is set by guest_run_start. */
struct guest_run {
    struct guest_process *guest;
    uint64_t rsp;
    uint64_t argument;
    struct event over; /* signalled when the kernel has taken the thread back */
    enum guest_ending how;
    uint64_t code;    /* what it said to thread_exit */
    uint64_t vector;  /* of its fault */
    uint64_t rip;     /* of its fault */
    uint64_t address; /* of its page fault */
    void *context;    /* the suite's own */
};

/* At the program's start, with its argument in rdi. cpu: null for any. NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error guest_run_start(struct guest_run *run, struct guest_process *guest,
                                               uint64_t argument, uint32_t priority,
                                               struct cpu *cpu);

/* Until it has ended; how it did is in *run. */
void guest_run_wait(struct guest_run *run);

/* The run that the running thread is; null when it is none. */
[[nodiscard]] struct guest_run *guest_run_current(void);

/* For watch.c: how the running thread ends, and that a thread has been taken back. */
void guest_run_note_fault(const struct trap_frame *frame);
void guest_run_note_exit(uint64_t code);
void guest_run_note_freed(struct guest_run *run);
[[nodiscard]] struct guest_run *guest_run_of(const struct thread *thread);

#endif
