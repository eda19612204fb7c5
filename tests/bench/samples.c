#include "tests/bench/samples.h"

#define TRIES 16

uint32_t samples_overhead(void)
{
    uint32_t least = UINT32_MAX;

    for (int i = 0; i < TRIES; i++) {
        uint32_t start = samples_now(), ticks = samples_now() - start;

        least = ticks < least ? ticks : least;
    }
    return least;
}

static void sort(struct samples *samples)
{
    for (size_t i = 1; i < samples->count; i++) {
        uint32_t each = samples->ticks[i];
        size_t at = i;

        for (; at > 0 && samples->ticks[at - 1] > each; at--) {
            samples->ticks[at] = samples->ticks[at - 1];
        }
        samples->ticks[at] = each;
    }
}

struct summary samples_summarize(struct samples *samples, uint32_t overhead)
{
    size_t count = samples->count;

    if (count == 0) {
        return (struct summary){0};
    }
    sort(samples);
    return (struct summary){
        .least = samples->ticks[0] - overhead,
        .median = samples->ticks[count / 2] - overhead,
        .most = samples->ticks[count - 1] - overhead,
        .count = samples->count,
    };
}
