/*
 * caller.h - a user of the verifier that treats an image as the loader does (boot/main.c).
 */
#ifndef NONOS_TESTS_FAULT_CALLER_H
#define NONOS_TESTS_FAULT_CALLER_H

#include "image/verify.h"

/* Verifies the image and ends in caller_admit or caller_refuse. */
void caller_take(const uint8_t *file, size_t len, const struct image_policy *policy);

/* Provided by the program: where the loader jumps, and where it says why not. */
[[noreturn]] void caller_admit(void);
[[noreturn]] void caller_refuse(void);

#endif
