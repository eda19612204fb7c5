/*
 * misbehave.h - what the program misbehave.c does, by its argument: a kind in the low eight bits,
 * a number for it above.
 */
#ifndef NONOS_TESTS_GUEST_PROGRAMS_MISBEHAVE_H
#define NONOS_TESTS_GUEST_PROGRAMS_MISBEHAVE_H

/* MISBEHAVIOR(name, exception that ends it; 0: it ends by itself) */
#define MISBEHAVIORS(MISBEHAVIOR)                                                                  \
    MISBEHAVIOR(end, 0)                                                                            \
    MISBEHAVIOR(yield, 0)                                                                          \
    MISBEHAVIOR(map, 0)                                                                            \
    MISBEHAVIOR(ask_nonsense, 0)                                                                   \
    MISBEHAVIOR(single_step, 1)                                                                    \
    MISBEHAVIOR(undefined, 6)                                                                      \
    MISBEHAVIOR(halt, 13)                                                                          \
    MISBEHAVIOR(write_null, 14)                                                                    \
    MISBEHAVIOR(read_kernel, 14)                                                                   \
    MISBEHAVIOR(write_code, 14)                                                                    \
    MISBEHAVIOR(run_data, 14)                                                                      \
    MISBEHAVIOR(overflow, 14)                                                                      \
    MISBEHAVIOR(jump_nowhere, 13)

enum misbehavior {
#define MISBEHAVIOR(name, vector) MISBEHAVE_##name,
    MISBEHAVIORS(MISBEHAVIOR)
#undef MISBEHAVIOR
        MISBEHAVE_COUNT
};

#endif
