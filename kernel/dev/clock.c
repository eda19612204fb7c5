#include "kernel/dev/clock.h"

#include "kernel/cpu/control.h"
#include "kernel/dev/hpet.h"
#include "kernel/dev/pit.h"
#include "kernel/dev/pm_timer.h"
#include "kernel/dev/scale.h"

#define NS_PER_SECOND UINT64_C(1000000000)
/* A clock that says more than this is broken: the year 2486, and a century to go until 2^64 ns. */
#define WALL_CLOCK_MAX INT64_C(16300000000)

static struct {
    uint64_t entry_tsc;
    uint64_t ns_per_count; /* these two for scale_apply */
    uint64_t counts_per_ns;
    uint64_t tsc_hz;
    uint64_t wall_ns; /* at entry_tsc; 0: unknown */
    struct calibration calibration;
} clock;

static void calibrate(const struct platform *platform)
{
    struct counter counters[CALIBRATION_COUNTER_MAX];
    size_t count = 0;

    if (hpet_start(platform->hpet_paddr, &counters[count]))
        count++;
    if (pm_timer_find(&platform->pm_timer, &counters[count]))
        count++;
    pit_start(&counters[count++]);
    calibration_run(counters, count, &clock.calibration);
    hpet_stop();
    pit_stop();
}

void clock_init(const struct platform *platform, const struct boot_info *info)
{
    int64_t wall_clock = info->handoff.wall_clock;

    calibrate(platform);
    clock.tsc_hz = clock.calibration.hz != 0 ? clock.calibration.hz : NS_PER_SECOND;
    clock.ns_per_count = scale_ratio(NS_PER_SECOND, clock.tsc_hz);
    clock.counts_per_ns = scale_ratio(clock.tsc_hz, NS_PER_SECOND);
    clock.entry_tsc = info->entry_tsc;
    if (wall_clock < 0 || wall_clock > WALL_CLOCK_MAX)
        wall_clock = 0;
    clock.wall_ns = (uint64_t)wall_clock * NS_PER_SECOND;
}

uint64_t clock_now_ns(void)
{
    return scale_apply(control_read_tsc_ordered() - clock.entry_tsc, clock.ns_per_count);
}

uint64_t clock_wall_ns(void)
{
    return clock.wall_ns == 0 ? 0 : clock.wall_ns + clock_now_ns();
}

uint64_t clock_tsc_hz(void)
{
    return clock.tsc_hz;
}

/* From now on and not from the start: the two ratios are each other's inverse to a billionth only.
 */
uint64_t clock_tsc_at(uint64_t deadline_ns)
{
    uint64_t tsc = control_read_tsc();
    uint64_t now = scale_apply(tsc - clock.entry_tsc, clock.ns_per_count);
    uint64_t limit = (UINT64_C(1) << 58); /* nine years, which no ratio makes too many counts */

    if (deadline_ns <= now)
        return tsc;
    deadline_ns -= now;
    if (deadline_ns > limit)
        deadline_ns = limit;
    return tsc + scale_apply(deadline_ns, clock.counts_per_ns) + 1;
}

const struct calibration *clock_calibration(void)
{
    return &clock.calibration;
}
