/*
 * linux_init.h - what the parts of the program share that measures a Linux.
 */
#pragma once

#include "tests/bench/samples.h"

/* Numbers of system calls: Linux, arch/x86/entry/syscalls/syscall_64.tbl. */
#define LINUX_READ 0
#define LINUX_WRITE 1
#define LINUX_MMAP 9
#define LINUX_MUNMAP 11
#define LINUX_RT_SIGPROCMASK 14
#define LINUX_SCHED_YIELD 24
#define LINUX_EXIT 60
#define LINUX_GETPPID 110
#define LINUX_FUTEX 202
#define LINUX_CLOCK_GETTIME 228
#define LINUX_GETRANDOM 318

#define LINUX_NOWHERE 0x10000 /* not mapped: below what the program is linked at */

/* System V ABI for AMD64 §A.2.1. */
static inline __attribute__((always_inline)) long linux_call(long number, long a, long b, long c,
                                                             long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline __attribute__((always_inline)) long linux_call_0(long number)
{
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
    return result;
}

/* Says why, and ends the machine. */
[[noreturn]] void stop(const char *why);

/* Prints what was taken; fewer than SAMPLES_MAX are an error. */
void report(const char *name, struct samples *taken);

/* What two threads, or two processes, cost each other. */
void pairs_measure(void);

/* What a fault costs that the kernel does not mend, and the end of a process. */
void ends_measure(void);
