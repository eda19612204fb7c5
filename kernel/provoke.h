/*
 * provoke.h - breaking the kernel's own protections, to see that each of them holds.
 *
 * For the command `panic` and the tests in QEMU; nothing else calls it. The names, what each breaks
 * and the words of the panic that follows are a table in docs/kernel.md.
 */
#ifndef NONOS_KERNEL_PROVOKE_H
#define NONOS_KERNEL_PROVOKE_H

#include <stdint.h>

/* How a byte of memory is used. */
enum provoke_access { PROVOKE_READ, PROVOKE_WRITE, PROVOKE_EXECUTE };

/* Breaks the named protection: a panic, one of its own when nothing stopped it. Returns true when
 * the processor lacks the protection, which has been said and not tried, and false for a name that
 * is not known. */
[[nodiscard]] bool provoke_fault(const char *name);

/* Prints every name, one a line. */
void provoke_list(void);

/* For the parts of this module: uses the byte at address, of which the compiler knows nothing. */
void provoke_touch(enum provoke_access access, uintptr_t address);

#endif
