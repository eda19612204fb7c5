/*
 * panic.h - stopping for good, and saying why.
 *
 * Prints "NONOS: panic: <reason>", for an exception the registers (unless secret code is running:
 * they hold key material), control registers and a symbolised backtrace; wipes the generator and,
 * if secret code was running, every stack; halts. Needs no memory and no lock. A panic while one is
 * being reported prints one line and halts. Other processors are stopped first, by an NMI, and
 * print nothing, even if they panic at the same time.
 */
#ifndef NONOS_KERNEL_PANIC_H
#define NONOS_KERNEL_PANIC_H

#include "kernel/cpu/trap.h"

#include <stdint.h>

[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char *format, ...);

/* At the start, where the memory for what cannot be done without runs out. No defect, so there is
 * nothing but the reason: "NONOS: there is no memory for <what> (NO_MEMORY, code 5)". */
[[noreturn]] void panic_no_memory(const char *what);

/* The same for an exception: frame has the registers as they were when it happened. */
[[noreturn, gnu::format(printf, 2, 3)]] void panic_exception(const struct trap_frame *frame,
                                                             const char *format, ...);

/* What has to come before the machine goes off: interrupts are off, the other processors have
 * stopped, generator and handoff's entropy are wiped. Does not return if another processor panics.
 */
void panic_stop_system(void);

/* Does not return if another processor reports a panic: the NMI was that processor's. */
void panic_stop_if_told(void);

/* Between the two, this thread's registers hold secrets and a panic does not print them. They nest.
 */
void panic_secret_enter(void);
void panic_secret_leave(void);

/* What the compiler calls when a function finds its canary changed (-fstack-protector). */
[[noreturn]] void __stack_chk_fail(void);

#endif
