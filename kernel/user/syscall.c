#include "kernel/user/syscall.h"

#include "abi/error.h"
#include "abi/syscalls.h"
#include "kernel/cpu/current.h"
#include "kernel/cpu/gdt.h"
#include "kernel/cpu/mitigation.h"
#include "kernel/cpu/msr.h"
#include "kernel/sched/thread.h"
#include "kernel/user/calls.h"
#include "kernel/user/process.h"

#define RFLAGS_ALL_BUT_ONE UINT64_C(0x3F7FD5) /* every flag that there is: SYSCALL clears it */

/* syscall_entry.S */
void syscall_entry(void);

/* No table of functions and none of jumps (flags.mk): nothing here is an indirect branch, which a
 * program could train. */
static struct syscall_result perform(enum nonos_syscall number, uint64_t a, uint64_t b)
{
    switch (number) {
#define SYSCALL(its_number, name, right, arguments, documentation)                                 \
    case NONOS_SYSCALL_##name:                                                                     \
        return call_##name(a, b);
#include "abi/syscalls.def"
#undef SYSCALL
    }
    __builtin_unreachable();
}

struct syscall_result syscall_dispatch(uint64_t a, uint64_t b, [[maybe_unused]] uint64_t c,
                                       [[maybe_unused]] uint64_t d, uint64_t number)
{
    static const uint8_t rights[] = {
#define SYSCALL(its_number, name, right, arguments, documentation) NONOS_RIGHT_##right,
#include "abi/syscalls.def"
#undef SYSCALL
    };
    const struct process *process = thread_current()->process;

    if (number >= NONOS_SYSCALL_COUNT)
        return (struct syscall_result){NONOS_E_CALL, 0};
    /* A processor that runs ahead on the wrong side of the comparison gets row 0. */
    __asm__("cmpq %1, %0\n\tsbbq %%rcx, %%rcx\n\tandq %%rcx, %0"
            : "+r"(number)
            : "i"(NONOS_SYSCALL_COUNT)
            : "rcx", "cc");
    if (process == nullptr || (rights[number] & ~process->rights) != 0)
        return (struct syscall_result){NONOS_E_RIGHT, 0};
    return perform((enum nonos_syscall)number, a, b);
}

void syscall_end_thread(void)
{
    process_report("ended: it cannot go on behind the end of its addresses");
    thread_exit();
}

void syscall_init_processor(void)
{
    msr_write(MSR_STAR, (uint64_t)(GDT_USER_DATA - 8) << 48 | (uint64_t)GDT_KERNEL_CODE << 32);
    msr_write(MSR_LSTAR, (uintptr_t)syscall_entry);
    msr_write(MSR_FMASK, RFLAGS_ALL_BUT_ONE);
    msr_write(MSR_EFER, msr_read(MSR_EFER) | MSR_EFER_SCE);
    mitigation_enable();
}
