/*
 * copy.h - the only two functions that touch a program's memory.
 *
 * They survive whatever the program passes: an address that is none or not the program's, a page
 * that is not there, does not allow it, or goes away meanwhile. One instruction makes every access
 * (copy_bytes.S); a fault of it, at an address below ADDRESS_USER_END, goes on behind it.
 *
 * For the process whose page tables are in use. Interrupts may be on or off.
 */
#ifndef NONOS_KERNEL_USER_COPY_H
#define NONOS_KERNEL_USER_COPY_H

#include "abi/error.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/address.h"

#include <stddef.h>

/* From the program to the kernel. NONOS_E_ADDRESS, and out is zero. */
[[nodiscard]] enum nonos_error copy_in(void *out, vaddr_t from, size_t len);

/* From the kernel to the program. NONOS_E_ADDRESS; part of it may have been written. */
[[nodiscard]] enum nonos_error copy_out(vaddr_t to, const void *bytes, size_t len);

/* For trap.c: whether an exception is one of a copy; then frame goes on behind the access. */
[[nodiscard]] bool copy_survives(struct trap_frame *frame, vaddr_t address);

#endif
