#include "kernel/user/syscall.h"

#include "abi/error.h"
#include "abi/syscalls.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/gdt.h"
#include "kernel/cpu/msr.h"
#include "kernel/sched/sched.h"
#include "kernel/user/process.h"

#define RFLAGS_ALL_BUT_ONE UINT64_C(0x3F7FD5) /* every flag that there is: SYSCALL clears it */

/* syscall_entry.S */
void syscall_entry(void);

/* Every call has one: arguments that it does not take are not looked at. */
typedef struct syscall_result handler(uint64_t a, uint64_t b);

static struct syscall_result call_thread_exit([[maybe_unused]] uint64_t a,
                                              [[maybe_unused]] uint64_t b)
{
    thread_exit();
}

static struct syscall_result call_yield([[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b)
{
    sched_yield();
    return (struct syscall_result){NONOS_OK, 0};
}

static struct syscall_result call_clock_read([[maybe_unused]] uint64_t a,
                                             [[maybe_unused]] uint64_t b)
{
    return (struct syscall_result){NONOS_OK, control_read_tsc()};
}

static struct syscall_result not_yet([[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b)
{
    return (struct syscall_result){NONOS_E_CALL, 0};
}
#define call_log_write not_yet
#define call_memory_map not_yet
#define call_memory_unmap not_yet
#define call_random_bytes not_yet

struct syscall_result syscall_dispatch(uint64_t a, uint64_t b, [[maybe_unused]] uint64_t c,
                                       [[maybe_unused]] uint64_t d, uint64_t number)
{
    static const uint8_t rights[] = {
#define SYSCALL(its_number, name, right, arguments, documentation) NONOS_RIGHT_##right,
#include "abi/syscalls.def"
#undef SYSCALL
    };

    if (number >= NONOS_SYSCALL_COUNT)
        return (struct syscall_result){NONOS_E_CALL, 0};
    if ((rights[number] & ~thread_current()->process->rights) != 0)
        return (struct syscall_result){NONOS_E_RIGHT, 0};
    switch ((enum nonos_syscall)number) {
#define SYSCALL(its_number, name, right, arguments, documentation)                                 \
    case NONOS_SYSCALL_##name:                                                                     \
        return call_##name(a, b);
#include "abi/syscalls.def"
#undef SYSCALL
    }
    __builtin_unreachable();
}

void syscall_init_processor(void)
{
    msr_write(MSR_STAR, (uint64_t)(GDT_USER_DATA - 8) << 48 | (uint64_t)GDT_KERNEL_CODE << 32);
    msr_write(MSR_LSTAR, (uintptr_t)syscall_entry);
    msr_write(MSR_FMASK, RFLAGS_ALL_BUT_ONE);
    msr_write(MSR_EFER, msr_read(MSR_EFER) | MSR_EFER_SCE);
}
