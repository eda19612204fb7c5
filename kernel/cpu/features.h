/*
 * features.h - what the processor has, and switching on what protects the kernel.
 *
 * Source: SDM vol. 2 CPUID; SDM vol. 3 §2.5 (control registers), §4.1.1 (paging), §4.6 (SMEP,
 * SMAP), §2.2.1 (EFER), §12.12 (PAT).
 */
#ifndef NONOS_KERNEL_CPU_FEATURES_H
#define NONOS_KERNEL_CPU_FEATURES_H

#include "kernel/cpu/speculation.h"

#include <stddef.h>
#include <stdint.h>

struct cpu_features {
    char vendor[13];
    char brand[49]; /* empty when the processor does not tell */
    bool nx;        /* needed */
    bool syscall;   /* needed */
    bool smep;
    bool smap;
    bool umip;
    bool rdrand;
    bool rdseed;
    bool pge;           /* global pages */
    bool mce;           /* machine-check exception */
    bool pcid;          /* process-context identifiers */
    bool pages_1g;      /* 1 GiB pages */
    bool invariant_tsc; /* the time-stamp counter has one frequency */
    bool hypervisor;    /* runs in a virtual machine */
    unsigned physical_bits;
    struct speculation speculation;
};

/* Whether programs have tables of their own, without the kernel (kernel/mem/gate.h). */
[[nodiscard]] static inline bool features_isolate(const struct cpu_features *features)
{
    return (features->speculation.work & SPECULATION_ISOLATE) != 0;
}

/* Reads CPUID. Panics when a needed feature is missing or 5-level paging is on. */
void features_detect(void);

/* What this processor lacks and the first one has, as CPUID has it. */
struct features_gap {
    const char *where; /* "7:ebx"; null: there is none */
    uint32_t bits;
};

/* On another processor, before features_enable. */
[[nodiscard]] struct features_gap features_find_gap(void);

/* Sets CR0, CR4, EFER and PAT to exactly what the kernel wants: WP and NX always, SMEP, SMAP, UMIP
 * and machine checks where they are; the registers of programs as xsave.h says. Leaves
 * global pages off. After features_detect. */
void features_enable(void);

/* Switches global pages and PCIDs on where they are, unless programs have tables of their own; once
 * the kernel's are in use. */
void features_enable_global_pages(void);

/* After features_detect. */
[[nodiscard]] const struct cpu_features *features_get(void);

/* The name of the index-th protective feature that this processor lacks ("SMEP", "SMAP", "UMIP",
 * "RDRAND", "RDSEED"), or null after the last. */
[[nodiscard]] const char *features_missing(unsigned index);

#endif
