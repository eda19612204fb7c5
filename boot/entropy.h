/*
 * entropy.h - 64 bytes that nobody can guess, for the kernel's generator and our canary.
 */
#ifndef NONOS_BOOT_ENTROPY_H
#define NONOS_BOOT_ENTROPY_H

#include "abi/error.h"
#include "boot/hardware.h"

#include <stdint.h>

#define ENTROPY_LEN 64u

/* Mixes every source there is (EFI_RNG_PROTOCOL, RDRAND, RDSEED, and uncredited the TSC) with
 * BLAKE3 derive_key, so that one good source is enough. *sources names those that delivered
 * (NONOS_ENTROPY_*). NONOS_E_NO_ENTROPY when none did; out is zero then. */
[[nodiscard]] enum nonos_error entropy_collect(const struct hardware *hardware,
                                               uint8_t out[ENTROPY_LEN], uint32_t *sources);

#endif
