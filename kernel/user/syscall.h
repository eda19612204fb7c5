/*
 * syscall.h - what programs may ask of the kernel: abi/syscalls.def.
 */
#ifndef NONOS_KERNEL_USER_SYSCALL_H
#define NONOS_KERNEL_USER_SYSCALL_H

#include <stdint.h>

/* Comes back in rax and rdx. */
struct syscall_result {
    uint64_t error; /* enum nonos_error */
    uint64_t value; /* 0 after an error */
};

/* Switches SYSCALL on, on this processor. */
void syscall_init_processor(void);

/* Called by syscall_entry.S, with interrupts off. */
struct syscall_result syscall_dispatch(uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                                       uint64_t number);

/* Called by syscall_entry.S in place of a return to an address that is none. */
[[noreturn]] void syscall_end_thread(void);

/* The running thread goes on in its process, at rip with this stack and its argument in rdi. */
[[noreturn]] void user_enter(uint64_t rip, uint64_t rsp, uint64_t argument);

#endif
