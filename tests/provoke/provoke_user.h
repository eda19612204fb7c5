/*
 * provoke_user.h - the faults of provoke.c that need ring 3: programs of a few bytes that try what
 * no program may, and pages of programs that the kernel may not use.
 *
 * Two pages are mapped for it, at 4 MiB, in the tables in use. They stay: all of this ends in a
 * panic.
 */
#ifndef NONOS_TESTS_PROVOKE_PROVOKE_USER_H
#define NONOS_TESTS_PROVOKE_PROVOKE_USER_H

/* As provoke_fault. */
[[nodiscard]] bool provoke_user_fault(const char *name);

void provoke_user_list(void);

#endif
