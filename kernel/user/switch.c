#include "kernel/cpu/xsave.h"
#include "kernel/sched/thread.h"
#include "kernel/user/process.h"

void process_switch(const struct thread *from, const struct thread *to)
{
    if (from->process != to->process)
        space_switch(from->process != nullptr ? from->process->space : nullptr,
                     to->process != nullptr ? to->process->space : nullptr);
    if (from->extended != nullptr || to->extended != nullptr)
        xsave_switch(from->extended, to->extended);
}
