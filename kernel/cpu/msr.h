/*
 * msr.h - model-specific registers. Source: SDM vol. 4, table 2-2; AMD APM vol. 2 §3.1.7.
 */
#ifndef NONOS_KERNEL_CPU_MSR_H
#define NONOS_KERNEL_CPU_MSR_H

#include <stdint.h>

#define MSR_TSC 0x10u
#define MSR_APIC_BASE 0x1Bu
#define MSR_APIC_BASE_PADDR UINT64_C(0x000FFFFFFFFFF000) /* the rest are flags */
#define MSR_SPEC_CTRL 0x48u                              /* speculation.h */
#define MSR_PRED_CMD 0x49u
#define MSR_PRED_CMD_IBPB UINT64_C(1) /* what branches have taught it is forgotten */
#define MSR_ARCH_CAPABILITIES 0x10Au
#define MSR_TSC_ADJUST 0x3Bu /* where CPUID has it: added to the counter of this processor */
#define MSR_MCG_CAP 0x179u   /* machine checks: how many banks */
#define MSR_MCG_CTL 0x17Bu
#define MSR_PAT 0x277u
#define MSR_PAT_RESET UINT64_C(0x0007040600070406) /* SDM vol. 3 table 12-12 */
#define MSR_TSC_DEADLINE 0x6E0u
#define MSR_X2APIC                                                                                 \
    0x800u /* registers of the local APIC, one for each 16 bytes of those in memory */
#define MSR_MC0_CTL 0x400u /* four for each bank: control, status, address, more */
#define MSR_MC0_STATUS 0x401u
#define MSR_EFER 0xC0000080u
#define MSR_EFER_SCE (UINT64_C(1) << 0)  /* SYSCALL */
#define MSR_EFER_LME (UINT64_C(1) << 8)  /* long mode enabled */
#define MSR_EFER_LMA (UINT64_C(1) << 10) /* long mode active */
#define MSR_EFER_NXE (UINT64_C(1) << 11) /* no-execute bit in page tables */
#define MSR_EFER_AUTOIBRS (UINT64_C(1) << 21)
#define MSR_STAR 0xC0000081u  /* segments of SYSCALL and SYSRET */
#define MSR_LSTAR 0xC0000082u /* where SYSCALL goes */
#define MSR_FMASK 0xC0000084u /* flags that SYSCALL clears */
#define MSR_GS_BASE 0xC0000101u
#define MSR_KERNEL_GS_BASE 0xC0000102u /* what SWAPGS exchanges it with */

/* Both raise #GP for a register that the processor lacks, or a value that it does not take. */
static inline uint64_t msr_read(uint32_t number)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t number, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

#endif
