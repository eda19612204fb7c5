#include "tests/guest/watch.h"

#include "abi/syscalls.h"
#include "kernel/console.h"
#include "kernel/cpu/vectors.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/slab.h"
#include "kernel/sched/thread_stack.h"
#include "kernel/user/syscall.h"
#include "tests/guest/guest.h"
#include "tests/guest/process.h"

/* TF, DF, NT, AC: SDM vol. 3 §2.3. Whoever came in with them, the kernel goes on without. */
#define FLAGS_LEFT_BEHIND (UINT64_C(1) << 8 | 1u << 10 | 1u << 14 | 1u << 18)

struct watch watch;

static uint64_t freed_threads;
static uint64_t barriers;
static bool silenced;
static uint64_t until_failure; /* 0: none */
static const void *failed_at;

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
void *__real_heap_allocate(size_t len);
void *__wrap_heap_allocate(size_t len);
void *__real_slab_allocate(struct slab_cache *cache);
void *__wrap_slab_allocate(struct slab_cache *cache);
vaddr_t __real_thread_stack_allocate(void);
vaddr_t __wrap_thread_stack_allocate(void);
void __real_mitigation_forget(void);
void __wrap_mitigation_forget(void);
void __real_console_write(const char *text, size_t len);
void __wrap_console_write(const char *text, size_t len);
[[gnu::format(printf, 1, 2)]] void __wrap_console_printf(const char *format, ...);

static void check_flags(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
    if ((flags & FLAGS_LEFT_BEHIND) != 0) /* what is called now must not see them either */
        __asm__ volatile("pushq $2\n\tpopfq" : : : "cc", "memory");
    CHECK((flags & FLAGS_LEFT_BEHIND) == 0);
}

void __wrap_trap_handle(struct trap_frame *frame)
{
    check_flags();
    if (watch.trap != nullptr && watch.trap(frame))
        return;
    if (trap_is_user(frame) && frame->vector < VECTOR_EXCEPTIONS && frame->vector != VECTOR_NMI) {
        if (watch.fault != nullptr && watch.fault(frame))
            return;
        guest_run_note_fault(frame);
    } else if (trap_is_user(frame) && frame->vector == VECTOR_TIMER && watch.tick != nullptr) {
        watch.tick(frame);
    }
    __real_trap_handle(frame);
}

struct syscall_result __wrap_syscall_dispatch(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                              uint64_t number)
{
    check_flags();
    if (watch.call != nullptr)
        watch.call(number, a, b);
    if (number == NONOS_SYSCALL_thread_exit)
        guest_run_note_exit(a);
    return __real_syscall_dispatch(a, b, c, d, number);
}

void __wrap_thread_free(struct thread *thread)
{
    struct guest_run *run = guest_run_of(thread);
    /* Not one for which there was no memory, and which never ran. */
    bool has_ended = thread->state == THREAD_DEAD;

    __real_thread_free(thread);
    if (has_ended)
        __atomic_fetch_add(&freed_threads, 1, __ATOMIC_RELEASE);
    if (run != nullptr)
        guest_run_note_freed(run);
}

uint64_t watch_freed_threads(void)
{
    return __atomic_load_n(&freed_threads, __ATOMIC_ACQUIRE);
}

void __wrap_mitigation_forget(void)
{
    __atomic_fetch_add(&barriers, 1, __ATOMIC_RELAXED);
    __real_mitigation_forget();
}

uint64_t watch_barriers(void)
{
    return __atomic_load_n(&barriers, __ATOMIC_RELAXED);
}

/* Whether the allocation that is about to be made is the one that finds no memory. */
static bool is_to_fail(const void *site)
{
    uint64_t left = __atomic_load_n(&until_failure, __ATOMIC_RELAXED);

    while (left > 0 && !__atomic_compare_exchange_n(&until_failure, &left, left - 1, false,
                                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    if (left == 1)
        failed_at = site;
    return left == 1;
}

#define RETURN_ADDRESS __builtin_return_address(0)

paddr_t __wrap_frames_allocate(unsigned order)
{
    return is_to_fail(RETURN_ADDRESS) ? 0 : __real_frames_allocate(order);
}

void *__wrap_heap_allocate(size_t len)
{
    return is_to_fail(RETURN_ADDRESS) ? nullptr : __real_heap_allocate(len);
}

void *__wrap_slab_allocate(struct slab_cache *cache)
{
    return is_to_fail(RETURN_ADDRESS) ? nullptr : __real_slab_allocate(cache);
}

vaddr_t __wrap_thread_stack_allocate(void)
{
    return is_to_fail(RETURN_ADDRESS) ? 0 : __real_thread_stack_allocate();
}

const void *watch_fail_allocation(uint64_t count)
{
    const void *before = failed_at;

    failed_at = nullptr;
    __atomic_store_n(&until_failure, count, __ATOMIC_RELAXED);
    return before;
}

void watch_silence(bool silent)
{
    silenced = silent;
}

/* A panic is never silenced, on whoever's behalf. */
static bool is_silenced(const char *text)
{
    static const char panic_start[] = "\nNONOS: panic";
    size_t same = 0;

    while (panic_start[same] != '\0' && text[same] == panic_start[same])
        same++;
    if (panic_start[same] == '\0')
        silenced = false;
    return silenced && thread_current()->process != nullptr;
}

void __wrap_console_write(const char *text, size_t len)
{
    if (!is_silenced(text))
        __real_console_write(text, len);
}

void __wrap_console_printf(const char *format, ...)
{
    va_list arguments;

    if (is_silenced(format))
        return;
    va_start(arguments, format);
    console_print_list(format, arguments);
    va_end(arguments);
}
