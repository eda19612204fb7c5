/*
 * primitives.c - the kernel's cryptography against other implementations, on this machine.
 *
 * Prints one line a pair (tests/bench/measure.h); tests/bench/bench.py makes a table of them.
 */
#include "tests/bench/pairs.h"

#include <stdio.h>

static void measure_all(const struct pair *pairs)
{
    for (const struct pair *pair = pairs; pair->name != nullptr; pair++)
        measure_pair(pair);
}

int main(void)
{
    measure_pin();
    pairs_prepare_pqc();
    pairs_prepare_classic();
    measure_all(pairs_pqc);
    measure_all(pairs_classic);
    return 0;
}
