/*
 * refusal.h - how the loader says no. There is no way around it and no fallback after it.
 */
#ifndef NONOS_BOOT_REFUSAL_H
#define NONOS_BOOT_REFUSAL_H

#include "abi/error.h"

#include <stddef.h>

/* Names a secret that a refusal wipes before anything else; null takes the name away again.
 * There is one slot, because the loader has one secret at a time: the entropy. */
void refusal_wipes(void *secret, size_t len);

/* Wipes the secret, caps PCR 11 (boot/measure.h), prints "NONOS: refused: <what>: <why> (<NAME>,
 * code <n>)", waits for a key or 30 seconds and resets the machine. Once boot services have been
 * left there is nothing to wait with: then it prints (on the serial port) and stops. */
[[noreturn]] void refuse(const char *what, enum nonos_error error);

/* Refuses unless error is NONOS_OK. */
void require(const char *what, enum nonos_error error);

#endif
