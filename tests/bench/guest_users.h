/*
 * guest_users.h - programs in ring 3 that measure one operation each (guest_programs.S), and the
 * two processes that they run in.
 */
#ifndef NONOS_TESTS_BENCH_GUEST_USERS_H
#define NONOS_TESTS_BENCH_GUEST_USERS_H

#include "tests/bench/samples.h"
#include "tests/guest/process.h"

enum users_program {
    USER_NOTHING,
    USER_NULL_CALL, /* the clock again: no call does less */
    USER_CLOCK,
    USER_YIELD,
    USER_RANDOM,
    USER_BAD_POINTER,
    USER_MAP_UNMAP,
    USER_MAP_TOUCH_UNMAP,
    USER_LOG_LONG, /* from here on not measured, but long */
    USER_RANDOM_LONG,
    USER_MAP_LONG,
    USER_MAP_TOO_LONG,
    USERS_COUNT,
};

#define USERS_MEASURED USER_LOG_LONG

struct users_text {
    const char *name; /* of its row */
    const uint8_t *code, *end;
    uint64_t result; /* what its calls return */
};
extern const struct users_text users_programs[USERS_COUNT];

/* A process with all these programs. Panics when there is no memory for it. */
void users_make(struct guest_process *guest);

/* Makes the two processes, and runs a first program; returns the counter as it was when that began.
 */
uint64_t users_run_first(void);

/* Runs a program to its end; returns what its last call returned. */
uint64_t users_run(enum users_program program);

/* Runs two programs, in one process or in two: they yield to each other; one wakes the other, which
 * has a higher priority, by calls that the product does not have (guest_calls.c). */
void users_run_yields(bool across);
void users_run_wakes(bool across);

/* Runs a program that ends itself, by a call or by a fault, SAMPLES_MAX times: from its last
 * instruction until whoever waits for its end goes on. */
struct samples *users_run_ends(bool by_fault);

/* For users_run_wakes: of what has been signalled before nothing is left. */
void users_forget_signals(void);

/* What the program that ran last has measured. */
struct samples *users_samples(void);

/* One of the two processes. */
struct process *users_process(unsigned index);

#endif
