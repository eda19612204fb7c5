/*
 * boot.h - what the steps of the boot leave for the later ones.
 */
#ifndef NONOS_BOOT_BOOT_H
#define NONOS_BOOT_BOOT_H

#include "abi/handoff.h"
#include "boot/entropy.h"
#include "boot/firmware.h"
#include "boot/hardware.h"
#include "boot/measure.h"
#include "boot/memory_map.h"
#include "image/verify.h"

#include <stdint.h>

/* Addresses are physical, 0 until the step that finds them; memory behind them is never given
 * back. */
struct boot {
    struct hardware hardware;
    uint8_t entropy[ENTROPY_LEN]; /* secret, until the handoff has it */
    uint32_t entropy_sources;
    bool has_tpm;
    const uint8_t *file; /* the image, read once (boot/kernel_file.h) */
    size_t file_len;
    struct image_verdict verdict;
    uint64_t image_paddr;   /* where the first segment was placed */
    struct measure_log log; /* of what was measured */
    uint64_t stack_paddr;   /* lowest byte of NONOS_HANDOFF_STACK_LEN */
    uint64_t trampoline_paddr;
    uint64_t tables_paddr;  /* root of the kernel's address space */
    uint64_t handoff_paddr; /* of struct nonos_handoff */
    struct firmware_map firmware_map;
    struct memory_map map;                 /* for the handoff */
    uint64_t stage_tsc[NONOS_STAGE_COUNT]; /* time stamp counter as each step was done */
};

#endif
