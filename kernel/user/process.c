#include "kernel/user/process.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/format.h"
#include "kernel/mem/paging.h"
#include "kernel/sched/thread.h"

#include <stdarg.h>

#define REPORT_MAX_LEN 160u

void process_switch(const struct process *from, const struct process *to)
{
    if (from != to)
        control_write_cr3(to != nullptr ? to->root : paging_root());
}

void process_report(const char *format, ...)
{
    const struct thread *thread = thread_current();
    char text[REPORT_MAX_LEN];
    va_list arguments;

    va_start(arguments, format);
    (void)format_text_list(text, sizeof text, format, arguments);
    va_end(arguments);
    console_printf("NONOS: thread %llu '%s' of '%s' %s\n", (unsigned long long)thread->id,
                   thread->name, thread->process->name, text);
}

void process_fault(const struct trap_frame *frame, const char *what)
{
    interrupts_enable();
    process_report("ended at 0x%llx: %s", (unsigned long long)frame->rip, what);
    thread_exit();
}
