#include "kernel/user/calls.h"

#include "abi/syscalls.h"
#include "crypto/bytes.h"
#include "kernel/console.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/dev/clock.h"
#include "kernel/generator.h"
#include "kernel/mem/space.h"
#include "kernel/sched/sched.h"
#include "kernel/user/copy.h"
#include "kernel/user/process.h"

#define RANDOM_PIECE_LEN 256u

static struct syscall_result result(enum nonos_error error)
{
    return (struct syscall_result){error, 0};
}

struct syscall_result call_thread_exit(uint64_t a, [[maybe_unused]] uint64_t b)
{
    if (a != 0)
        process_report("ended with code 0x%llx", (unsigned long long)a);
    thread_exit();
}

struct syscall_result call_yield([[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b)
{
    sched_yield();
    return result(NONOS_OK);
}

struct syscall_result call_clock_read([[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b)
{
    return (struct syscall_result){NONOS_OK, clock_now_ns()};
}

/* A line of its own that says whose it is: no program can speak with the kernel's voice, or a
 * terminal's. */
struct syscall_result call_log_write(uint64_t a, uint64_t b)
{
    char text[NONOS_LOG_MAX_LEN];
    enum nonos_error error;

    if (b > sizeof text)
        return result(NONOS_E_SIZE);
    error = copy_in(text, a, b);
    if (error != NONOS_OK)
        return result(error);
    for (size_t i = 0; i < b; i++)
        text[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
    interrupts_enable();
    console_printf("[%s] %.*s\n", thread_current()->process->name, (int)b, text);
    (void)interrupts_disable();
    return result(NONOS_OK);
}

struct syscall_result call_memory_map(uint64_t a, uint64_t b)
{
    unsigned flags = ((b & NONOS_MAP_WRITE) != 0 ? (unsigned)MAPPING_WRITE : 0) |
                     ((b & NONOS_MAP_EXECUTE) != 0 ? (unsigned)MAPPING_EXECUTE : 0);
    struct syscall_result mapped = {NONOS_E_SIZE, 0};

    if ((b & ~(uint64_t)NONOS_MAP_ALL) == 0)
        mapped.error =
            space_map_anywhere(thread_current()->process->space, a, flags, &mapped.value);
    return mapped;
}

struct syscall_result call_memory_unmap(uint64_t a, uint64_t b)
{
    return result(space_unmap(thread_current()->process->space, a, b));
}

struct syscall_result call_random_bytes(uint64_t a, uint64_t b)
{
    uint8_t bytes[RANDOM_PIECE_LEN];
    enum nonos_error error = NONOS_OK;

    while (b > 0 && error == NONOS_OK) {
        size_t len = b < sizeof bytes ? b : sizeof bytes;

        generator_bytes(bytes, len);
        error = copy_out(a, bytes, len);
        bytes_wipe(bytes, len);
        preempt_point();
        a += len;
        b -= len;
    }
    return result(error);
}
