/*
 * canary.h - the stack protector's random value.
 *
 * For the target x86_64-unknown-windows clang compares with __security_cookie and calls
 * __security_check_cookie when the comparison fails; a C library would bring both.
 */
#ifndef NONOS_BOOT_CANARY_H
#define NONOS_BOOT_CANARY_H

/* Draws the value. To be called first, by a function that is marked no_stack_protector. */
void canary_init(void);

#endif
