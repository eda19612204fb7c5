/*
 * speculation.h - what a processor leaks by what it does ahead of time, and what has to be done
 * about it: decided from what it says of itself. docs/speculation.md tells what each is for.
 *
 * A processor that says nothing, or is of a maker that is not known, is taken for one that leaks.
 *
 * Source: SDM vol. 2 CPUID (leaf 7), vol. 4 table 2-2 (IA32_SPEC_CTRL, IA32_PRED_CMD,
 * IA32_ARCH_CAPABILITIES); AMD APM vol. 3 appendix E (leaves 0x80000008, 0x80000021), vol. 2 §3.1.7
 * (EFER), §3.2.9 (SPEC_CTRL).
 */
#ifndef NONOS_KERNEL_CPU_SPECULATION_H
#define NONOS_KERNEL_CPU_SPECULATION_H

#include <stdint.h>

/* What there is to do again and again. The first two are known to assembly (gate.inc). */
enum speculation_work {
    SPECULATION_ISOLATE = 1 << 0, /* programs run on tables without the kernel: Meltdown */
    SPECULATION_CLEAR = 1 << 1,   /* VERW on the way to a program: MDS and its kind */
    SPECULATION_BARRIER = 1 << 2, /* IBPB from one address space to another: Spectre 2 */
};

/* In MSR_SPEC_CTRL. */
#define SPECULATION_IBRS (1u << 0)
#define SPECULATION_STIBP (1u << 1)
#define SPECULATION_SSBD (1u << 2)
#define SPECULATION_RRSBA_DIS_S (1u << 6)
#define SPECULATION_BHI_DIS_S (1u << 10)

/* A leaf that there is not reads as zeros. */
struct speculation_words {
    uint32_t vendor;          /* CPUID 0, ebx: the first four letters */
    uint32_t signature;       /* CPUID 1, eax */
    uint32_t structured;      /* CPUID 7.0, edx */
    uint32_t structured_2;    /* CPUID 7.2, edx */
    uint32_t extended_8;      /* CPUID 0x80000008, ebx */
    uint32_t extended_21;     /* CPUID 0x80000021, eax */
    uint32_t extended_21_ecx; /* ecx */
    uint64_t capabilities;    /* MSR_ARCH_CAPABILITIES */
};

struct speculation {
    uint8_t work;     /* enum speculation_work */
    uint8_t lacks;    /* what would have to be done, and the processor cannot */
    bool auto_ibrs;   /* MSR_EFER_AUTOIBRS is to be set */
    uint32_t control; /* what MSR_SPEC_CTRL is to be, for good */
};

[[nodiscard]] struct speculation speculation_decide(const struct speculation_words *words);

#endif
