/*
 * pairs.h - the operations that are measured, each with its peer (tests/bench/primitives.c).
 *
 * Ours are the kernel's own object files. Both sides get the same keys, messages and randomness,
 * and every output is compared before anything is timed: the same answer, or no figure.
 */
#ifndef NONOS_TESTS_BENCH_PAIRS_H
#define NONOS_TESTS_BENCH_PAIRS_H

#include "tests/bench/measure.h"

#define BENCH_INPUT_COUNT 8u

/* Prepares the inputs and compares the outputs; ends the program where they differ. */
void pairs_prepare_pqc(void);
void pairs_prepare_classic(void);

/* Each list ends with a pair without a name. */
extern const struct pair pairs_pqc[];
extern const struct pair pairs_classic[];

#endif
