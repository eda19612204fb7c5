/*
 * guest_costs.c - what operations of this kernel cost: programs in ring 3 for what a program can
 * ask, threads of the kernel for what none can ask yet. Stands in the place of the prompt, on one
 * processor, and ends the machine as a suite of tests/guest/ does.
 *
 * Lines as costs.py reads them.
 */
#include "abi/error.h"
#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/io.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/roots.h"
#include "kernel/prompt.h"
#include "tests/bench/guest_pairs.h"
#include "tests/bench/guest_users.h"
#include "tests/bench/samples.h"

#define EXIT_PORT 0x501u
#define EXIT_GOOD 0u

[[noreturn]] static void stop(const char *why)
{
    console_printf("bench: failed: %s\n", why);
    io_write_8(EXIT_PORT, EXIT_GOOD);
    control_halt();
}

static void report(const char *name, struct samples *samples, uint32_t overhead)
{
    struct summary sum = samples_summarize(samples, overhead);

    if (sum.count != SAMPLES_MAX)
        stop(name);
    console_printf("bench: cost %s %u %u %u %u\n", name, sum.least, sum.median, sum.most,
                   sum.count);
}

/* By what a program's tables map: Meltdown reads no more than that. */
static void tell_isolation(void)
{
    paddr_t root = users_process(0)->space->translations.root;
    struct mapping_entry entry;
    bool found = mapping_find(roots_order() == 0 ? root : root + ROOTS_PROGRAM,
                              (uintptr_t)prompt_run, &entry);

    console_printf("bench: state meltdown page tables are %s\n",
                   found ? "not isolated" : "isolated");
}

static void measure_programs(void)
{
    unsigned long long start = users_run_first();
    struct samples *samples = users_samples();
    uint32_t overhead;

    console_printf("bench: cost start %llu %llu %llu 1\n", start, start, start);
    (void)users_run(USER_NOTHING);
    overhead = samples_summarize(samples, 0).least;
    for (enum users_program i = USER_NOTHING + 1; i < USERS_MEASURED; i++) {
        uint64_t result = users_run(i);

        if (result == NONOS_E_CALL)
            continue; /* there is no such call: comparing with what is recorded says so */
        if (result != users_programs[i].result)
            stop(users_programs[i].name);
        report(users_programs[i].name, samples, overhead);
    }
    overhead = samples_overhead();
    users_run_yields(false);
    report("switch-threads", samples, overhead);
    users_run_yields(true);
    report("switch-processes", samples, overhead);
    users_run_wakes(false);
    report("wake-threads", samples, overhead);
    users_run_wakes(true);
    report("wake-processes", samples, overhead);
    report("end", users_run_ends(false), overhead);
    report("end-by-fault", users_run_ends(true), overhead);
}

static void measure_kernel_threads(void)
{
    uint32_t overhead = samples_overhead();

    report("kernel-switch-same", pairs_switch(nullptr, nullptr), overhead);
    report("kernel-switch-across", pairs_switch(users_process(0), users_process(1)), overhead);
    report("kernel-wake", pairs_wake(nullptr, nullptr), overhead);
    report("kernel-wake-across", pairs_wake(users_process(0), users_process(1)), overhead);
}

void prompt_run(void)
{
    measure_programs();
    tell_isolation();
    measure_kernel_threads();
    console_printf("bench: done\n");
    io_write_8(EXIT_PORT, EXIT_GOOD);
    control_halt();
}
