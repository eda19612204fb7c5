/*
 * control.h - control registers, time-stamp counter, CPUID, halting.
 *
 * Source: SDM vol. 3 §2.5 (control registers); SDM vol. 2 CPUID, RDTSC.
 */
#ifndef NONOS_KERNEL_CPU_CONTROL_H
#define NONOS_KERNEL_CPU_CONTROL_H

#include <stdint.h>

#define CR0_PE (UINT64_C(1) << 0)  /* protected mode */
#define CR0_MP (UINT64_C(1) << 1)  /* TS is for WAIT too */
#define CR0_TS (UINT64_C(1) << 3)  /* x87, MMX, SSE and AVX instructions trap */
#define CR0_ET (UINT64_C(1) << 4)  /* reads as one */
#define CR0_NE (UINT64_C(1) << 5)  /* x87 errors are exceptions */
#define CR0_WP (UINT64_C(1) << 16) /* the kernel, too, obeys read-only pages */
#define CR0_PG (UINT64_C(1) << 31) /* paging */

#define CR4_PAE (UINT64_C(1) << 5)
#define CR4_MCE (UINT64_C(1) << 6)         /* machine-check exception */
#define CR4_PGE (UINT64_C(1) << 7)         /* global pages */
#define CR4_OSFXSR (UINT64_C(1) << 9)      /* SSE instructions are there */
#define CR4_OSXMMEXCPT (UINT64_C(1) << 10) /* their errors have an exception */
#define CR4_UMIP (UINT64_C(1) << 11)
#define CR4_LA57 (UINT64_C(1) << 12)    /* 5-level paging */
#define CR4_PCIDE (UINT64_C(1) << 17)   /* what is remembered of page tables has an owner */
#define CR4_OSXSAVE (UINT64_C(1) << 18) /* XSAVE and XCR0 are there */
#define CR4_SMEP (UINT64_C(1) << 20)
#define CR4_SMAP (UINT64_C(1) << 21)

/* control_read_cr0() and its like. */
#define CONTROL_REGISTER(name)                                                                     \
    static inline uint64_t control_read_##name(void)                                               \
    {                                                                                              \
        uint64_t value;                                                                            \
        __asm__ volatile("movq %%" #name ", %0" : "=r"(value) : : "memory");                       \
        return value;                                                                              \
    }                                                                                              \
    static inline void control_write_##name(uint64_t value)                                        \
    {                                                                                              \
        __asm__ volatile("movq %0, %%" #name : : "r"(value) : "memory");                           \
    }

CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)
#undef CONTROL_REGISTER

struct cpuid {
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

static inline struct cpuid control_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t control_read_tsc(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Not before what the program did before it. */
static inline uint64_t control_read_tsc_ordered(void)
{
    __asm__ volatile("lfence" : : : "memory");
    return control_read_tsc();
}

/* What was read and written before is done before anything that follows. */
static inline void control_fence(void)
{
    __asm__ volatile("mfence; lfence" : : : "memory");
}

/* In every turn of a loop that waits for another processor. */
static inline void control_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

/* An exception with no descriptor table to look it up in ends in a shutdown of the processor, which
 * chipsets turn into a reset (SDM vol. 3 §6.15, double fault). */
[[noreturn]] static inline void control_shut_down(void)
{
    const struct [[gnu::packed]] {
        uint16_t limit;
        uint64_t base;
    } empty = {};

    __asm__ volatile("lidt %0; int3" : : "m"(empty));
    __builtin_unreachable();
}

/* Interrupts off, halted, for ever. */
[[noreturn]] static inline void control_halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" : : : "memory");
}

#endif
