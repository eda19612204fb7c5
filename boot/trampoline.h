/*
 * trampoline.h - the page on which the loader's address space is left for the kernel's.
 *
 * The code (boot/trampoline.S) is copied to a page of its own below 4 GiB, which both address
 * spaces map at its physical address. It turns 5-level paging off if firmware has it on, which can
 * only be done with paging off, hence the 4 GiB.
 */
#ifndef NONOS_BOOT_TRAMPOLINE_H
#define NONOS_BOOT_TRAMPOLINE_H

#include "abi/error.h"

#include <stdint.h>

struct trampoline_jump {
    uint64_t tables_paddr;    /*  0: root of 4-level tables, below 4 GiB */
    uint64_t entry_vaddr;     /*  8: called with the System V ABI */
    uint64_t stack_top_vaddr; /* 16: multiple of 16 */
    uint64_t handoff_vaddr;   /* 24: the argument */
};

/* Allocates the page and copies the code. NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error trampoline_allocate(uint64_t *paddr);

/* Writes the destination into the page and makes the page read and execute where firmware can. */
void trampoline_prepare(uint64_t paddr, const struct trampoline_jump *jump);

/* Goes there: interrupts off, WP and NXE on, an empty IDT, a flat GDT. After boot services only. */
[[noreturn]] void trampoline_enter(uint64_t paddr);

#endif
