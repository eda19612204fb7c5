#include "kernel/user/calls.h"

#include "abi/syscalls.h"
#include "crypto/bytes.h"
#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/generator.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/mapping.h"
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
    if (a != 0) {
        interrupts_enable();
        process_report("ended with code 0x%llx", (unsigned long long)a);
    }
    thread_exit();
}

struct syscall_result call_yield([[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b)
{
    sched_yield();
    return result(NONOS_OK);
}

struct syscall_result call_clock_read([[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b)
{
    return (struct syscall_result){NONOS_OK, control_read_tsc()};
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
    console_printf("[%s] %.*s\n", thread_current()->process->name, (int)b, text);
    return result(NONOS_OK);
}

struct syscall_result call_memory_map(uint64_t a, uint64_t b)
{
    struct process *process = thread_current()->process;
    unsigned flags = MAPPING_USER | ((b & NONOS_MAP_WRITE) != 0 ? (unsigned)MAPPING_WRITE : 0) |
                     ((b & NONOS_MAP_EXECUTE) != 0 ? (unsigned)MAPPING_EXECUTE : 0);
    vaddr_t start = process->next_vaddr;

    if (a == 0 || (a & PAGE_MASK) != 0 || (b & ~(uint64_t)NONOS_MAP_ALL) != 0 ||
        b == NONOS_MAP_ALL || a > ADDRESS_USER_END / 2)
        return result(NONOS_E_SIZE);
    if (a / PAGE_LEN > process->quota_pages - process->used_pages)
        return result(NONOS_E_QUOTA);
    for (uint64_t at = 0; at < a; at += PAGE_LEN) {
        paddr_t paddr = frames_allocate(0);

        if (paddr == 0)
            return result(NONOS_E_NO_MEMORY);
        if (mapping_add(process->root, start + at, paddr, PAGE_LEN, flags) != NONOS_OK)
            return result(NONOS_E_NO_MEMORY);
    }
    process->used_pages += a / PAGE_LEN;
    process->next_vaddr += a + PAGE_LEN;
    return (struct syscall_result){NONOS_OK, start};
}

struct syscall_result call_memory_unmap([[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b)
{
    return result(NONOS_E_CALL);
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
