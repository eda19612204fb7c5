/*
 * kernel_side.h - what the kernel's own object files ask of the kernel, for a program that runs
 * them. The crypto stack is wiped after each use here as it is there.
 */
#ifndef NONOS_TESTS_BENCH_KERNEL_SIDE_H
#define NONOS_TESTS_BENCH_KERNEL_SIDE_H

#include <stdint.h>

/* The canary and what happens when one is dead (flags.mk: -mstack-protector-guard=global). */
extern uintptr_t __stack_chk_guard;
[[noreturn]] void __stack_chk_fail(void);

/* Says why, and ends the program. */
[[noreturn]] void bench_stop(const char *why);

#endif
