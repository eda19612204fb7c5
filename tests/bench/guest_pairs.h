/*
 * guest_pairs.h - what two threads of the kernel cost each other, from one to the other.
 */
#ifndef NONOS_TESTS_BENCH_GUEST_PAIRS_H
#define NONOS_TESTS_BENCH_GUEST_PAIRS_H

#include "tests/bench/samples.h"

struct process;
struct thread_request;

/* Below that of the suite's own thread, which waits until all such threads have ended. */
#define PAIR_PRIORITY 10u

/* Makes these threads, at PAIR_PRIORITY or above it and below the suite's; waits until all of them
 * have ended. Panics when there is no memory for them. */
void pairs_run(struct thread_request *requests, size_t count);

/* One yields, the other, which may be of another process, goes on. Null: a thread of no process. */
struct samples *pairs_switch(struct process *from, struct process *to);

/* One signals an event, another one of a higher priority, which waits for it, goes on. */
struct samples *pairs_wake(struct process *from, struct process *to);

#endif
