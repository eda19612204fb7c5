/*
 * attack.h - programs out of random numbers.
 */
#ifndef NONOS_TESTS_GUEST_ATTACK_H
#define NONOS_TESTS_GUEST_ATTACK_H

#include "kernel/cpu/trap.h"
#include "tests/guest/guest.h"

#include <stddef.h>
#include <stdint.h>

/* Fills code[0 .. len) with instructions: bytes by chance, calls with any number and any arguments,
 * what programs must not do. */
void attack_make_code(struct guest_random *random, uint8_t *code, size_t len);

/* Any number, more often one near which something begins or ends. */
[[nodiscard]] uint64_t attack_make_word(struct guest_random *random);

/* Registers, flags and stack of a program that is about to run code[0 .. len) at vaddr: mostly from
 * its first byte, or from another, or anywhere. */
void attack_make_registers(struct guest_random *random, struct trap_frame *frame, uint64_t vaddr,
                           size_t len);

#endif
