#include "kernel/dev/calibration.h"

#include "kernel/cpu/control.h"
#include "kernel/dev/scale.h"

#define LEAF_CRYSTAL 0x15u
#define LEAF_FREQUENCIES 0x16u
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_HYPERVISOR_LAST 0x400000FFu
#define LEAF_HYPERVISOR_TIMING 0x40000010u
#define LEAF_1_ECX_HYPERVISOR (UINT32_C(1) << 31)

#define FS_PER_SECOND UINT64_C(1000000000000000)
#define ATTEMPTS 8u
/* Reads of a counter that does not move before it counts as dead. The slowest one moves at every
 * read on hardware and once in some dozens of reads where a read is a few emulated instructions. */
#define READS_STANDING_STILL 1000u
/* Changes before a counter that never arrives is given up. */
#define CHANGES_MAX 10000000u

/* What a counter said, and when. */
struct reading {
    uint32_t count;
    uint64_t tsc;
    uint64_t uncertainty; /* counts between the two looks at the clock around it */
};

/* 0 when it does not say. */
static uint64_t ask_processor(void)
{
    uint32_t highest = control_cpuid(0, 0).eax;
    struct cpuid crystal;

    if (highest < LEAF_CRYSTAL)
        return 0;
    crystal = control_cpuid(LEAF_CRYSTAL, 0);
    if (crystal.eax == 0 || crystal.ebx == 0)
        return 0;
    if (crystal.ecx != 0)
        return (uint64_t)crystal.ecx * crystal.ebx / crystal.eax;
    /* Some tell the ratio and not the crystal; their counter runs at the base frequency, in MHz. */
    if (highest < LEAF_FREQUENCIES)
        return 0;
    return UINT64_C(1000000) * (control_cpuid(LEAF_FREQUENCIES, 0).eax & 0xFFFF);
}

static uint64_t ask_hypervisor(void)
{
    uint32_t highest;

    if ((control_cpuid(1, 0).ecx & LEAF_1_ECX_HYPERVISOR) == 0)
        return 0;
    highest = control_cpuid(LEAF_HYPERVISOR, 0).eax;
    if (highest < LEAF_HYPERVISOR_TIMING || highest > LEAF_HYPERVISOR_LAST)
        return 0;
    return UINT64_C(1000) * control_cpuid(LEAF_HYPERVISOR_TIMING, 0).eax;
}

/* Right after its next change, so that its steps, however coarse, cost no precision. False when it
 * stands still. */
static bool read_change(const struct counter *counter, struct reading *reading)
{
    uint32_t old = counter->read();
    uint64_t before;

    for (unsigned i = 0; i < READS_STANDING_STILL; i++) {
        before = control_read_tsc();
        reading->count = counter->read();
        reading->uncertainty = control_read_tsc() - before;
        reading->tsc = before + reading->uncertainty / 2;
        if (reading->count != old)
            return true;
    }
    return false;
}

/* Of several the one in which the least came in between: an SMI, a hypervisor. */
static bool read_best(const struct counter *counter, struct reading *best)
{
    struct reading reading;

    *best = (struct reading){.uncertainty = UINT64_MAX};
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        if (!read_change(counter, &reading))
            return false;
        if (reading.uncertainty < best->uncertainty)
            *best = reading;
    }
    return true;
}

/* Counts of the time stamp counter in a second; 0 when the counter is not there or makes no sense.
 */
static uint64_t measure(const struct counter *counter)
{
    const uint32_t enough = (uint32_t)(CALIBRATION_FS / counter->period_fs);
    struct reading first;
    struct reading last;

    if (!read_best(counter, &first))
        return 0;
    last = first;
    for (unsigned i = 0; ((last.count - first.count) & counter->mask) < enough; i++) {
        if (i == CHANGES_MAX || !read_change(counter, &last))
            return 0;
    }
    if (!read_best(counter, &last))
        return 0;
    return scale_divide(last.tsc - first.tsc, FS_PER_SECOND,
                        (uint64_t)((last.count - first.count) & counter->mask) *
                            counter->period_fs);
}

/* Notes what source says; true when it confirms somebody, who is believed then. */
static bool hear(struct calibration *result, const char *source, uint64_t hz)
{
    if (hz < CALIBRATION_MIN_HZ || hz > CALIBRATION_MAX_HZ)
        return false;
    result->opinions[result->opinion_count] = (struct calibration_opinion){source, hz};
    for (unsigned i = 0; i < result->opinion_count; i++) {
        const struct calibration_opinion *earlier = &result->opinions[i];
        uint64_t difference = hz > earlier->hz ? hz - earlier->hz : earlier->hz - hz;

        if (difference > earlier->hz / 100)
            continue;
        result->hz = earlier->hz;
        result->source = earlier->source;
        result->witness = source;
        result->opinion_count++;
        return true;
    }
    result->opinion_count++;
    return false;
}

void calibration_run(const struct counter *counters, size_t count, struct calibration *result)
{
    const struct calibration_opinion *first;
    unsigned claims;

    *result = (struct calibration){0};
    (void)hear(result, "CPUID", ask_processor());
    if (hear(result, "hypervisor", ask_hypervisor()))
        return;
    claims = result->opinion_count;
    for (size_t i = 0; i < count; i++) {
        if (hear(result, counters[i].name, measure(&counters[i])))
            return;
    }
    first = &result->opinions[claims < result->opinion_count ? claims : 0];
    result->hz = first->hz;
    result->source = first->source;
}
