/*
 * provoke.h - faults by name, for the command `panic`. The product has none; the kernel that is
 * made to break its own protections has those of tests/provoke/ in the place of this file.
 */
#ifndef NONOS_KERNEL_PROVOKE_H
#define NONOS_KERNEL_PROVOKE_H

/* Breaks the named protection: a panic, one of its own when nothing stopped it. Returns true when
 * the processor lacks the protection, which has been said and not tried, and false for a name that
 * is not known. */
[[nodiscard]] bool provoke_fault(const char *name);

/* Prints every name, one a line. */
void provoke_list(void);

#endif
