/*
 * calls.h - what each system call does: a function for each line of abi/syscalls.def.
 *
 * The dispatcher (syscall.c) calls them, on behalf of the running thread, whose process has the
 * right that the table asks for. Arguments are what the program passed: nothing about them is
 * known. Interrupts are off.
 */
#ifndef NONOS_KERNEL_USER_CALLS_H
#define NONOS_KERNEL_USER_CALLS_H

#include "kernel/user/syscall.h"

#define SYSCALL(number, name, right, arguments, documentation)                                     \
    struct syscall_result call_##name(uint64_t a, uint64_t b);
#include "abi/syscalls.def"
#undef SYSCALL

#endif
