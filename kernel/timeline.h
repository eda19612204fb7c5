/*
 * timeline.h - what each step of the start took, the loader's and the kernel's own.
 *
 * In counts of the time stamp counter. A step lasts from the end of the one before it, so the sum
 * of all of them is the whole start, from the loader's entry (or the PVH entry) to "NONOS: ready".
 * A mark costs some ten instructions and eight bytes.
 */
#ifndef NONOS_KERNEL_TIMELINE_H
#define NONOS_KERNEL_TIMELINE_H

#include "kernel/boot_info.h"

#include <stddef.h>
#include <stdint.h>

/* The kernel's steps, in their order: a mark is set when one is done. */
enum timeline_mark {
    TIMELINE_CONSOLE,
    TIMELINE_DESCRIPTORS,
    TIMELINE_PROCESSOR,
    TIMELINE_HANDOFF,
    TIMELINE_FRAMES,
    TIMELINE_TABLES,
    TIMELINE_STACKS,
    TIMELINE_CHECK,
    TIMELINE_MEMORY,
    TIMELINE_SELFTEST_1, /* one for each, in the order of selftest_name() */
    TIMELINE_SELFTEST_2,
    TIMELINE_SELFTEST_3,
    TIMELINE_SELFTEST_4,
    TIMELINE_SELFTEST_5,
    TIMELINE_SELFTEST_6,
    TIMELINE_SELFTEST_7,
    TIMELINE_ACPI,
    TIMELINE_GENERATOR,
    TIMELINE_CLOCK, /* calibration: time that passes, not work */
    TIMELINE_THREADS,
    TIMELINE_PROCESSORS, /* INIT and STARTUP: almost all of it waiting, too */
    TIMELINE_REPORT,
    TIMELINE_COUNT,
};

#define TIMELINE_SELFTEST_COUNT ((size_t)(TIMELINE_ACPI - TIMELINE_SELFTEST_1))

/* The most steps there can be: those of the loader, the way into the kernel, the kernel's own. */
#define TIMELINE_MAX_STEPS ((size_t)NONOS_STAGE_COUNT + (size_t)TIMELINE_COUNT)

struct timeline_step {
    const char *part; /* "loader" or "kernel" */
    const char *name; /* "BLAKE3"; of one word */
    uint64_t ticks;
};

/* Sets a mark to now. The first time counts: what is repeated later changes nothing. */
void timeline_mark(enum timeline_mark mark);

/* Fills in the steps of this start so far, from the first on; returns how many there are. Those of
 * a loader that took no times, or impossible ones, are left out, and of the kernel's own all from
 * where the counter went back. */
[[nodiscard]] size_t timeline_list(const struct boot_info *info,
                                   struct timeline_step steps[TIMELINE_MAX_STEPS]);

#endif
