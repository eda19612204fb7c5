/*
 * provoke_touch.h - using a byte of memory in a way that something should stop.
 */
#ifndef NONOS_TESTS_PROVOKE_PROVOKE_TOUCH_H
#define NONOS_TESTS_PROVOKE_PROVOKE_TOUCH_H

#include <stdint.h>

/* How a byte of memory is used. */
enum provoke_access { PROVOKE_READ, PROVOKE_WRITE, PROVOKE_EXECUTE };

/* Uses the byte at address, of which the compiler knows nothing. */
void provoke_touch(enum provoke_access access, uintptr_t address);

#endif
