/*
 * budget.h - how long a thread may run in each period. A period starts when the thread runs for the
 * first time after the one before has ended.
 *
 * Times are clock_now_ns()'s, handed in: nothing here asks the clock.
 */
#ifndef NONOS_KERNEL_SCHED_BUDGET_H
#define NONOS_KERNEL_SCHED_BUDGET_H

#include <stdint.h>

struct budget {
    uint64_t limit_ns;  /* per period; 0: there is no limit */
    uint64_t period_ns; /* not less than limit_ns */
    uint64_t used_ns;   /* in this period */
    uint64_t end_ns;    /* of this period */
    uint64_t since_ns;  /* up to which it has been charged */
};

/* The thread begins to run. Returns when its budget will be used up. */
uint64_t budget_begin(struct budget *budget, uint64_t now_ns);

/* The thread has run until now. */
void budget_charge(struct budget *budget, uint64_t now_ns);

/* Whether it may not run until end_ns. */
[[nodiscard]] bool budget_is_spent(const struct budget *budget, uint64_t now_ns);

#endif
