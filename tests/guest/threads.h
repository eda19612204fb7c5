/*
 * threads.h - what suites do with threads that is not a test.
 */
#ifndef NONOS_TESTS_GUEST_THREADS_H
#define NONOS_TESTS_GUEST_THREADS_H

#include <stdint.h>

/* Makes count threads, all at once, and sees them end: as long as there are never more, what they
 * are made of is there from now on, and frames can be counted. */
void guest_fill_pools(uint32_t count);

#endif
