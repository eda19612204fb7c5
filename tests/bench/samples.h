/*
 * samples.h - what one operation costs, many times over, in ticks of the time stamp counter, which
 * are instructions where QEMU counts them (docs/measuring.md).
 *
 * For programs of the host, of Linux in a guest and of this kernel: no library.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SAMPLES_MAX 1000u

struct samples {
    uint32_t count;
    uint32_t ticks[SAMPLES_MAX];
};

struct summary {
    uint32_t least, median, most, count;
};

/* The low half of the counter: enough for differences below 2^32. */
static inline uint32_t samples_now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low;
}

/* What is more than SAMPLES_MAX is dropped. */
static inline void samples_add(struct samples *samples, uint32_t ticks)
{
    if (samples->count < SAMPLES_MAX) {
        samples->ticks[samples->count++] = ticks;
    }
}

/* What two readings of the counter with nothing between them differ by. */
uint32_t samples_overhead(void);

/* Sorts them. The overhead is taken off every one; all is 0 when there are none. */
struct summary samples_summarize(struct samples *samples, uint32_t overhead);

/* Calls work(i) for each i below SAMPLES_MAX, and counts only what happens in there. */
static inline __attribute__((always_inline)) void samples_take(struct samples *samples,
                                                               void (*work)(size_t))
{
    samples->count = 0;
    for (size_t i = 0; i < SAMPLES_MAX; i++) {
        uint32_t start = samples_now();

        work(i);
        samples_add(samples, samples_now() - start);
    }
}
