/*
 * soak.h - everything at once, at random, for as long as one likes: what the parts of the soak know
 * of each other.
 */
#ifndef NONOS_TESTS_GUEST_SOAK_H
#define NONOS_TESTS_GUEST_SOAK_H

#include "kernel/sched/event.h"
#include "tests/guest/guest.h"

#include <stdint.h>

/* What a worker does next; each is a function below. */
#define SOAK_ACTIONS(ACTION)                                                                       \
    ACTION(spawn)                                                                                  \
    ACTION(echo)                                                                                   \
    ACTION(frames)                                                                                 \
    ACTION(heap)                                                                                   \
    ACTION(exhaust)                                                                                \
    ACTION(program)                                                                                \
    ACTION(sleep)                                                                                  \
    ACTION(migrate)

enum soak_action {
#define ACTION(name) SOAK_##name,
    SOAK_ACTIONS(ACTION)
#undef ACTION
        SOAK_ACTION_COUNT
};

/* A thread that does these things until it is told to stop. */
struct soak_worker {
    struct guest_random random;
    uint64_t beats;     /* one for each thing that is done */
    const char *action; /* the one that it is at */
    uint64_t done[SOAK_ACTION_COUNT];
};

#define ACTION(name) void soak_##name(struct soak_worker *worker);
SOAK_ACTIONS(ACTION)
#undef ACTION

/* How many children can be alive at once. */
#define SOAK_CHILD_MAX 48u

/* Children made, and how many of them came to their end. */
[[nodiscard]] uint64_t soak_children_made(void);
[[nodiscard]] uint64_t soak_children_ended(void);

/* Threads of programs that came to their end. */
[[nodiscard]] uint64_t soak_programs_made(void);

/* Threads that were moved to another processor. */
[[nodiscard]] uint64_t soak_times_migrated(void);

/* How often memory was found to be used up. */
[[nodiscard]] uint64_t soak_times_exhausted(void);

/* While no worker and no child runs: whether the books of frames add up and the run queues are what
 * they must be. Says what is not, and returns false. */
bool soak_check_queues(void);
bool soak_check_frames(uint64_t free_before);

#endif
