/*
 * measure.h - how many times as fast one function is as another, on this machine, now.
 *
 * Both do the same work. They take turns, many times, on one processor; each turn is a batch of
 * calls and is measured in processor time of this process, so that what else the machine does
 * counts little. The ratio is the median of the ratios of the turns, not a ratio of sums.
 */
#ifndef NONOS_TESTS_BENCH_MEASURE_H
#define NONOS_TESTS_BENCH_MEASURE_H

#include <stddef.h>

/* One call: operation number i, which picks the input. */
typedef void operation(unsigned i);

struct pair {
    const char *name;
    const char *peer;
    operation *ours;
    operation *theirs;
    unsigned batch;   /* calls in one turn */
    size_t bytes_len; /* worked on by one call; 0: a rate says nothing */
};

/* Stays on the processor this runs on. */
void measure_pin(void);

/* Measures and prints one line: name, peer, ours and theirs in nanoseconds a call, ratio, its
 * quartiles, bytes; separated by tabs. */
void measure_pair(const struct pair *pair);

#endif
