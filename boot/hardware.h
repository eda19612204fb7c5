/*
 * hardware.h - what this machine can do, as far as the boot depends on it.
 */
#ifndef NONOS_BOOT_HARDWARE_H
#define NONOS_BOOT_HARDWARE_H

#include "abi/error.h"

#include <stdint.h>

struct hardware {
    bool has_long_mode; /* these three are required */
    bool has_nx;
    bool has_syscall;
    bool has_smep; /* these are reported */
    bool has_smap;
    bool has_gib_pages;
    bool has_rdrand; /* one of these, or EFI_RNG_PROTOCOL, is required (boot/entropy.h) */
    bool has_rdseed;
    bool has_secure_boot; /* on, not only present */
    uint64_t tsc_hz;      /* 0 = the processor does not say */
};

/* Fills *hardware in every case. NONOS_E_CPU_FEATURE when something required is missing; *missing
 * then names it, and is null otherwise. */
[[nodiscard]] enum nonos_error hardware_examine(struct hardware *hardware, const char **missing);

#endif
