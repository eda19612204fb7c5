#include "kernel/user/process.h"

#include "kernel/console.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/xsave.h"
#include "kernel/format.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/thread_stack.h"

#include <stdarg.h>

#define REPORT_MAX_LEN 160u
#define STACK_PAGES (THREAD_STACK_LEN / PAGE_LEN)
static_assert(XSAVE_MAX_LEN <= PAGE_LEN);

enum nonos_error process_add_thread(struct process *process, struct thread *thread)
{
    enum nonos_error error;
    paddr_t paddr;

    if (process == nullptr)
        return NONOS_OK;
    error = quota_charge(&process->quota, STACK_PAGES);
    if (error != NONOS_OK)
        return error;
    error = quota_take_frame(&process->quota, &paddr);
    if (error != NONOS_OK) {
        quota_release(&process->quota, STACK_PAGES);
        return error;
    }
    (void)__atomic_add_fetch(&process->thread_count, 1, __ATOMIC_RELAXED);
    thread->process = process;
    thread->extended = direct_map_at(paddr);
    xsave_init_area(thread->extended);
    return NONOS_OK;
}

void process_remove_thread(struct thread *thread)
{
    struct process *process = thread->process;

    if (process == nullptr)
        return;
    quota_free_frame(&process->quota, (uintptr_t)thread->extended - (uintptr_t)direct_map_at(0));
    quota_release(&process->quota, STACK_PAGES);
    (void)__atomic_sub_fetch(&process->thread_count, 1, __ATOMIC_RELEASE);
}

void process_report(const char *format, ...)
{
    const struct thread *thread = thread_current();
    char text[REPORT_MAX_LEN];
    va_list arguments;

    interrupts_enable();
    va_start(arguments, format);
    (void)format_text_list(text, sizeof text, format, arguments);
    va_end(arguments);
    console_printf("NONOS: thread %llu '%s' of '%s' %s\n", (unsigned long long)thread->id,
                   thread->name, thread->process->name, text);
}

void process_fault(const struct trap_frame *frame, const char *what)
{
    process_report("ended at 0x%llx: %s", (unsigned long long)frame->rip, what);
    thread_exit();
}
