/*
 * call.h - for programs in ring 3: a call of the kernel (abi/syscalls.def).
 */
#ifndef NONOS_TESTS_GUEST_PROGRAMS_CALL_H
#define NONOS_TESTS_GUEST_PROGRAMS_CALL_H

#include "abi/error.h"
#include "abi/syscalls.h"

#include <stddef.h>
#include <stdint.h>

/* Defined by each program in C; what it returns goes to thread_exit. */
uint64_t program_main(uint64_t argument);

struct call_result {
    uint64_t error;
    uint64_t value;
};

static inline struct call_result call(uint64_t number, uint64_t a, uint64_t b)
{
    struct call_result result;

    __asm__ volatile("syscall"
                     : "=a"(result.error), "=d"(result.value), "+D"(a), "+S"(b)
                     : "a"(number)
                     : "rcx", "r8", "r9", "r10", "r11", "memory");
    return result;
}

#endif
