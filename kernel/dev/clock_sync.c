/* What clock.h says of clock_serve and clock_join. */
#include "kernel/cpu/control.h"
#include "kernel/cpu/msr.h"
#include "kernel/dev/clock.h"

#include <stdatomic.h>

#define ROUNDS 5u
#define SPINS_MAX 10000000u
#define LEAF_7_EBX_TSC_ADJUST (UINT32_C(1) << 1)

/* Odd: the one that joins has asked; even: it has its answer, which is in stamp. */
static _Atomic uint32_t turn;
static _Atomic uint64_t stamp;

static bool wait_for_turn(uint32_t wanted)
{
    for (unsigned i = 0; i < SPINS_MAX; i++) {
        if (atomic_load_explicit(&turn, memory_order_acquire) == wanted)
            return true;
        control_pause();
    }
    return false;
}

bool clock_serve(void)
{
    bool done = true;

    for (uint32_t i = 0; i < ROUNDS && done; i++) {
        done = wait_for_turn(2 * i + 1);
        atomic_store_explicit(&stamp, control_read_tsc_ordered(), memory_order_relaxed);
        if (done)
            atomic_store_explicit(&turn, 2 * i + 2, memory_order_release);
    }
    /* For the next pair; the one that joins leaves it alone after its last question. */
    if (done)
        done = wait_for_turn(UINT32_MAX);
    atomic_store_explicit(&turn, 0, memory_order_release);
    return done;
}

static void adjust(int64_t counts)
{
    bool has_adjust =
        control_cpuid(0, 0).eax >= 7 && (control_cpuid(7, 0).ebx & LEAF_7_EBX_TSC_ADJUST) != 0;

    if (has_adjust)
        msr_write(MSR_TSC_ADJUST, msr_read(MSR_TSC_ADJUST) + (uint64_t)counts);
    else
        msr_write(MSR_TSC, control_read_tsc() + (uint64_t)counts);
}

bool clock_join(void)
{
    int64_t least = INT64_MIN;
    int64_t most = INT64_MAX;
    uint64_t asked;
    uint64_t answer;
    uint64_t answered;

    for (uint32_t i = 0; i < ROUNDS; i++) {
        asked = control_read_tsc_ordered();
        atomic_store_explicit(&turn, 2 * i + 1, memory_order_release);
        if (!wait_for_turn(2 * i + 2)) {
            atomic_store_explicit(&turn, 0, memory_order_relaxed);
            return false;
        }
        answered = control_read_tsc_ordered();
        /* It was given after the question and before it arrived: what the other counter is ahead of
         * this one lies between. */
        answer = atomic_load_explicit(&stamp, memory_order_relaxed);
        if ((int64_t)(answer - answered) > least)
            least = (int64_t)(answer - answered);
        if ((int64_t)(answer - asked) < most)
            most = (int64_t)(answer - asked);
    }
    if (least > 0 || most < 0)
        adjust(least + (most - least) / 2);
    atomic_store_explicit(&turn, UINT32_MAX, memory_order_release);
    return true;
}
