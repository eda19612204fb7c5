/*
 * verify_stack.h - the stack on which ML-DSA-65 is verified: the loader's workspace
 * (crypto/workspace.h).
 *
 * UEFI promises 128 KiB of stack in all (UEFI 2.10 §2.3.4), of which firmware has used some, and
 * its timer interrupts need room on whatever stack is current.
 */
#ifndef NONOS_BOOT_VERIFY_STACK_H
#define NONOS_BOOT_VERIFY_STACK_H

#include "abi/error.h"

#include <stdint.h>

/* To be called before anything verifies. NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error verify_stack_init(void);

/* boot/stack_switch.S: calls function(argument) on the stack that ends at top, 16-byte aligned. */
void stack_switch_call(void (*function)(void *), void *argument, uint64_t top);

#endif
