/*
 * provoke.h - breaking the kernel's own protections, to see that each of them holds.
 *
 * For the command `panic` and the tests in QEMU; nothing else calls it.
 */
#ifndef NONOS_KERNEL_PROVOKE_H
#define NONOS_KERNEL_PROVOKE_H

#define PROVOKE_NAMES "null|write|execute|stack|canary"

/* Breaks the named one: null (read page 0), write (into code), execute (data), stack (run over its
 * end), canary (overwrite a return address's guard). Does not return unless the protection is
 * missing, which is a panic of its own, or the name is unknown: false. */
[[nodiscard]] bool provoke_fault(const char *name);

#endif
