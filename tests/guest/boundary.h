/*
 * boundary.h - what suite_boundary.c and the debugger that looks on tell each other.
 */
#ifndef NONOS_TESTS_GUEST_BOUNDARY_H
#define NONOS_TESTS_GUEST_BOUNDARY_H

#include <stdint.h>

#define BOUNDARY_ADDRESSES_MAX 1024u
#define BOUNDARY_LOG_MAX 16384u

/* Where debug exceptions are to come, written at boundary_is_ready. count is a multiple of 4. */
struct boundary_request {
    uint64_t count;
    uint64_t addresses[BOUNDARY_ADDRESSES_MAX];
};
extern struct boundary_request boundary_request;

/* What has come, and at which instruction. */
struct boundary_entry {
    uint64_t rip, vector;
};
struct boundary_log {
    uint64_t count; /* may be more than there is place for */
    struct boundary_entry entries[BOUNDARY_LOG_MAX];
};
extern struct boundary_log boundary_log;

/* Not 0: it is enough. */
extern volatile uint64_t boundary_over;

/* How often the program has run. */
extern volatile uint64_t boundary_runs;

/* Where the debugger stops: before the first run, before the first debug exception, after the last.
 */
void boundary_is_begun(void);
void boundary_is_ready(void);
void boundary_is_debugged(void);

#endif
