#include "tests/guest/watch.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/vectors.h"
#include "kernel/mem/frames.h"
#include "kernel/user/syscall.h"

struct watch watch;

static uint64_t freed_threads;
static bool silenced;
static uint64_t until_failure; /* 0: none */
static bool has_failed;

void __real_trap_handle(struct trap_frame *frame);
void __wrap_trap_handle(struct trap_frame *frame);
struct syscall_result __real_syscall_dispatch(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                              uint64_t number);
struct syscall_result __wrap_syscall_dispatch(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                              uint64_t number);
void __real_thread_free(struct thread *thread);
void __wrap_thread_free(struct thread *thread);
paddr_t __real_frames_allocate(unsigned order);
paddr_t __wrap_frames_allocate(unsigned order);
void __real_console_write(const char *text, size_t len);
void __wrap_console_write(const char *text, size_t len);

void __wrap_trap_handle(struct trap_frame *frame)
{
    if (trap_is_user(frame)) {
        if (frame->vector < VECTOR_EXCEPTIONS && watch.fault != nullptr && watch.fault(frame))
            return;
        if (frame->vector == VECTOR_TIMER && watch.tick != nullptr)
            watch.tick(frame);
    }
    __real_trap_handle(frame);
}

struct syscall_result __wrap_syscall_dispatch(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                              uint64_t number)
{
    if (watch.call != nullptr)
        watch.call(number, a, b);
    return __real_syscall_dispatch(a, b, c, d, number);
}

void __wrap_thread_free(struct thread *thread)
{
    __real_thread_free(thread);
    __atomic_fetch_add(&freed_threads, 1, __ATOMIC_RELEASE);
}

uint64_t watch_freed_threads(void)
{
    return __atomic_load_n(&freed_threads, __ATOMIC_ACQUIRE);
}

paddr_t __wrap_frames_allocate(unsigned order)
{
    uint64_t left = __atomic_load_n(&until_failure, __ATOMIC_RELAXED);

    while (left > 0 && !__atomic_compare_exchange_n(&until_failure, &left, left - 1, false,
                                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    if (left == 1) {
        has_failed = true;
        return 0;
    }
    return __real_frames_allocate(order);
}

bool watch_fail_frames(uint64_t count)
{
    bool before = has_failed;

    has_failed = false;
    __atomic_store_n(&until_failure, count, __ATOMIC_RELAXED);
    return before;
}

void watch_silence(bool silent)
{
    silenced = silent;
}

void __wrap_console_write(const char *text, size_t len)
{
    if (!silenced || thread_current()->process == nullptr)
        __real_console_write(text, len);
}
