/*
 * pvh.h - the second way in: a hypervisor enters the kernel itself, with no firmware and no loader.
 *
 * The hypervisor is the root of trust: nothing is verified and nothing claims to be. pvh_entry.S
 * switches to long mode on tables of its own (the first 4 GiB, W^X from the start); here the start
 * information becomes a handoff without flags.
 *
 * Source: Xen, docs/misc/pvh.pandoc and public/arch-x86/hvm/start_info.h.
 */
#ifndef NONOS_KERNEL_PVH_H
#define NONOS_KERNEL_PVH_H

#include <stddef.h>
#include <stdint.h>

#define PVH_START_MAGIC UINT32_C(0x336EC578)

/* struct hvm_start_info, version 1 and up. */
struct pvh_start_info {
    uint32_t magic;         /*  0 */
    uint32_t version;       /*  4 */
    uint32_t flags;         /*  8 */
    uint32_t module_count;  /* 12 */
    uint64_t modules_paddr; /* 16 */
    uint64_t cmdline_paddr; /* 24 */
    uint64_t rsdp_paddr;    /* 32: 0 = none */
    uint64_t memmap_paddr;  /* 40 */
    uint32_t memmap_count;  /* 48 */
    uint32_t reserved;      /* 52 */
};
static_assert(sizeof(struct pvh_start_info) == 56);

/* Called by pvh_entry.S, on pvh_stack, with the physical address of the start information. */
[[noreturn]] void pvh_start(uint32_t start_info_paddr);

/* Zeroes what is left of the way in, its page tables and its stack; once neither is in use. */
void pvh_forget(void);

/* The stack that pvh_entry.S starts on. */
extern uint8_t pvh_stack[];

#endif
