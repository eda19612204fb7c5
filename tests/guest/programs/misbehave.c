/* A program that does one thing that a program should not, or may just about. Code 0: all was as it
 * must be. */
#include "tests/guest/programs/misbehave.h"

#include "tests/guest/programs/call.h"

#define PAGE_LEN 4096u
#define KERNEL_VADDR UINT64_C(0xFFFFFFFF80100000)
#define CODE_VADDR UINT64_C(0x400000)
#define DATA_VADDR UINT64_C(0x600000)

/* Memory comes zeroed, keeps what is written there, and goes. Having none is no failure. */
static uint64_t map(uint64_t pages)
{
    struct call_result result =
        call(NONOS_SYSCALL_memory_map, pages * PAGE_LEN, NONOS_MAP_READ | NONOS_MAP_WRITE);
    volatile uint64_t *words = (volatile uint64_t *)result.value;

    if (result.error == NONOS_E_QUOTA || result.error == NONOS_E_NO_MEMORY)
        return result.value;
    if (result.error != NONOS_OK)
        return 1;
    for (uint64_t i = 0; i < pages; i++) {
        if (words[i * PAGE_LEN / 8] != 0 || words[(i + 1) * PAGE_LEN / 8 - 1] != 0)
            return 2;
        words[i * PAGE_LEN / 8] = i + 1;
    }
    (void)call(NONOS_SYSCALL_yield, 0, 0);
    for (uint64_t i = 0; i < pages; i++) {
        if (words[i * PAGE_LEN / 8] != i + 1)
            return 3;
    }
    return call(NONOS_SYSCALL_memory_unmap, result.value, pages * PAGE_LEN).error == NONOS_OK ? 0
                                                                                              : 4;
}

static uint64_t ask_nonsense(void)
{
    if (call(NONOS_SYSCALL_COUNT, 0, 0).error != NONOS_E_CALL)
        return 1;
    if (call(UINT64_MAX, 0, 0).error != NONOS_E_CALL)
        return 2;
    if (call(NONOS_SYSCALL_random_bytes, KERNEL_VADDR, 16).error != NONOS_E_ADDRESS)
        return 3;
    if (call(NONOS_SYSCALL_random_bytes, CODE_VADDR, 16).error != NONOS_E_ADDRESS)
        return 4;
    if (call(NONOS_SYSCALL_log_write, UINT64_C(1) << 63, 16).error != NONOS_E_ADDRESS)
        return 5;
    return 0;
}

static uint64_t overflow(uint64_t depth)
{
    volatile uint64_t words[4] = {depth, 0, 0, 0};

    return words[1] == 0 ? overflow(depth + words[0]) + words[2] : 0;
}

uint64_t program_main(uint64_t argument)
{
    uint64_t number = argument >> 8;

    switch ((enum misbehavior)(argument & 0xFF)) {
    case MISBEHAVE_end:
        break;
    case MISBEHAVE_yield:
        for (uint64_t i = 0; i < number; i++)
            (void)call(NONOS_SYSCALL_yield, 0, 0);
        break;
    case MISBEHAVE_map:
        return map(number + 1);
    case MISBEHAVE_ask_nonsense:
        return ask_nonsense();
    case MISBEHAVE_single_step:
        __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop" : : : "memory", "cc");
        break;
    case MISBEHAVE_undefined:
        __asm__ volatile("ud2");
        break;
    case MISBEHAVE_halt:
        __asm__ volatile("hlt");
        break;
    case MISBEHAVE_write_null:
        *(volatile uint64_t *)(number * 8) = 1;
        break;
    case MISBEHAVE_read_kernel:
        (void)*(volatile uint64_t *)(KERNEL_VADDR + number * 8);
        break;
    case MISBEHAVE_write_code:
        *(volatile uint64_t *)(CODE_VADDR + number) = 1;
        break;
    case MISBEHAVE_run_data:
        ((void (*)(void))(DATA_VADDR + number))();
        break;
    case MISBEHAVE_overflow:
        return overflow(number);
    case MISBEHAVE_jump_nowhere:
        __asm__ volatile("jmp *%0" : : "r"(UINT64_C(1) << 47 | number));
        break;
    case MISBEHAVE_COUNT:
        break;
    }
    return 0;
}
