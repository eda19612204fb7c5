#include "tests/bench/measure.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TURN_COUNT 61u
#define WARM_UP_COUNT 3u

struct turn {
    double ours_ns;
    double theirs_ns;
};

void measure_pin(void)
{
    cpu_set_t set;
    int processor = sched_getcpu();

    CPU_ZERO(&set);
    CPU_SET(processor < 0 ? 0 : (size_t)processor, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        perror("bench: not pinned to one processor");
}

static double now_ns(void)
{
    struct timespec time;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) {
        perror("bench: there is no clock of processor time");
        exit(1);
    }
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double time_batch(operation *run, unsigned batch)
{
    double start = now_ns();

    for (unsigned i = 0; i < batch; i++)
        run(i);
    return (now_ns() - start) / batch;
}

/* Who goes first changes from turn to turn. */
static struct turn take_turn(const struct pair *pair, unsigned number)
{
    struct turn turn;

    if (number % 2 == 0) {
        turn.ours_ns = time_batch(pair->ours, pair->batch);
        turn.theirs_ns = time_batch(pair->theirs, pair->batch);
    } else {
        turn.theirs_ns = time_batch(pair->theirs, pair->batch);
        turn.ours_ns = time_batch(pair->ours, pair->batch);
    }
    return turn;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

void measure_pair(const struct pair *pair)
{
    double ours[TURN_COUNT];
    double theirs[TURN_COUNT];
    double ratios[TURN_COUNT];

    for (unsigned i = 0; i < WARM_UP_COUNT; i++)
        (void)take_turn(pair, i);
    for (unsigned i = 0; i < TURN_COUNT; i++) {
        struct turn turn = take_turn(pair, i);

        ours[i] = turn.ours_ns;
        theirs[i] = turn.theirs_ns;
        ratios[i] = turn.theirs_ns / turn.ours_ns;
    }
    qsort(ours, TURN_COUNT, sizeof ours[0], compare);
    qsort(theirs, TURN_COUNT, sizeof theirs[0], compare);
    qsort(ratios, TURN_COUNT, sizeof ratios[0], compare);
    printf("%s\t%s\t%.1f\t%.1f\t%.3f\t%.3f\t%.3f\t%zu\n", pair->name, pair->peer,
           ours[TURN_COUNT / 2], theirs[TURN_COUNT / 2], ratios[TURN_COUNT / 2],
           ratios[TURN_COUNT / 4], ratios[TURN_COUNT * 3 / 4], pair->bytes_len);
    fflush(stdout);
}
