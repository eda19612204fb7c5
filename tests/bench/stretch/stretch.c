#include "tests/bench/stretch/stretch.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/trap.h"
#include "kernel/panic.h"
#include "kernel/sched/thread_stack.h"
#include "kernel/user/syscall.h"

#include <stddef.h>

#define PLACES_MAX 512u

/* An address, and from where that function was called: a lock says little, who takes it much. */
struct place {
    uint64_t at, from;
};

struct stretch {
    struct place begin, end; /* end: of the longest */
    uint64_t ticks;          /* of the longest */
    uint64_t count;
};

struct stretch_tlb stretch_tlb;

static struct stretch stretches[PLACES_MAX];
static size_t stretch_count;
static struct place begin;
static uint64_t since; /* 0: they are on */

/* frame: that of the function whose caller it is. The next may be of what was interrupted, and then
 * it is a program's word: only what lies on the same stack is looked at. */
static struct place place_of_caller(const uint64_t *frame)
{
    const uint64_t *next = (const uint64_t *)frame[0];
    bool is_frame = next > frame && (uintptr_t)next - (uintptr_t)frame < THREAD_STACK_LEN;

    return (struct place){frame[1], is_frame ? next[1] : 0};
}

static struct stretch *find(struct place place)
{
    for (size_t i = 0; i < stretch_count; i++) {
        if (stretches[i].begin.at == place.at && stretches[i].begin.from == place.from)
            return &stretches[i];
    }
    if (stretch_count == PLACES_MAX)
        panic("more places turn interrupts off than there is room for");
    stretches[stretch_count].begin = place;
    return &stretches[stretch_count++];
}

[[gnu::noinline]] void stretch_begin(void)
{
    begin = place_of_caller(__builtin_frame_address(0));
    since = control_read_tsc();
}

void stretch_begin_by(uint64_t what)
{
    begin = (struct place){what, 0};
    since = control_read_tsc();
}

[[gnu::noinline]] void stretch_end(void)
{
    uint64_t now = control_read_tsc();
    struct stretch *stretch;

    if (since == 0)
        return;
    stretch = find(begin);
    stretch->count++;
    if (now - since > stretch->ticks) {
        stretch->ticks = now - since;
        stretch->end = place_of_caller(__builtin_frame_address(0));
    }
    since = 0;
}

void stretch_forget(void)
{
    bool were_on = interrupts_disable();

    since = 0;
    stretch_count = 0;
    for (size_t i = 0; i < PLACES_MAX; i++)
        stretches[i] = (struct stretch){0};
    interrupts_restore(were_on);
}

void stretch_print(void)
{
    size_t count = stretch_count;

    for (size_t i = 0; i < count; i++) {
        const struct stretch stretch = stretches[i];

        console_printf("bench: stretch %llx %llx %llx %llx %llu %llu\n",
                       (unsigned long long)stretch.begin.at, (unsigned long long)stretch.begin.from,
                       (unsigned long long)stretch.end.at, (unsigned long long)stretch.end.from,
                       (unsigned long long)stretch.ticks, (unsigned long long)stretch.count);
    }
}

/* The ways in and out that are assembly: linked around what they call (rules.mk). */
void __real_trap_handle(struct trap_frame *frame);
void __wrap_trap_handle(struct trap_frame *frame);
struct syscall_result __real_syscall_dispatch(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                              uint64_t number);
struct syscall_result __wrap_syscall_dispatch(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                              uint64_t number);
[[noreturn]] void __real_user_enter(uint64_t rip, uint64_t rsp, uint64_t argument);
[[noreturn]] void __wrap_user_enter(uint64_t rip, uint64_t rsp, uint64_t argument);

void __wrap_trap_handle(struct trap_frame *frame)
{
    if ((frame->rflags & RFLAGS_IF) != 0)
        stretch_begin_by(STRETCH_VECTOR + frame->vector);
    __real_trap_handle(frame);
    if ((frame->rflags & RFLAGS_IF) != 0)
        stretch_end();
}

struct syscall_result __wrap_syscall_dispatch(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                              uint64_t number)
{
    struct syscall_result result;

    stretch_begin_by(STRETCH_CALL + number);
    result = __real_syscall_dispatch(a, b, c, d, number);
    stretch_end();
    return result;
}

void __wrap_user_enter(uint64_t rip, uint64_t rsp, uint64_t argument)
{
    stretch_end();
    __real_user_enter(rip, rsp, argument);
}
