#include "kernel/user/process.h"

#include "kernel/console.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/format.h"
#include "kernel/sched/thread.h"

#include <stdarg.h>

#define REPORT_MAX_LEN 160u

void process_switch(const struct process *from, const struct process *to)
{
    space_switch(from != nullptr ? from->space : nullptr, to != nullptr ? to->space : nullptr);
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
