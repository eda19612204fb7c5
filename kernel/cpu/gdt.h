/*
 * gdt.h - segments, and the stacks that the processor switches to by itself: one table for each
 * processor.
 *
 * The segments of ring 3 are where SYSRET wants them, data before code.
 *
 * Source: SDM vol. 3 §3.4.5 (descriptors), §5.8.8 (SYSRET), §7.2.3 (64-bit TSS), §7.7, §6.14.5
 * (IST).
 */
#ifndef NONOS_KERNEL_CPU_GDT_H
#define NONOS_KERNEL_CPU_GDT_H

#include <stddef.h>
#include <stdint.h>

#define GDT_KERNEL_CODE 0x08u
#define GDT_KERNEL_DATA 0x10u
#define GDT_USER_DATA 0x1Bu /* the low two bits: ring 3 */
#define GDT_USER_CODE 0x23u
#define GDT_TSS 0x28u

/* Exceptions that get a stack of their own: the one in use may be the reason for them. */
enum gdt_ist {
    GDT_IST_DOUBLE_FAULT = 1,
    GDT_IST_NMI = 2,
    GDT_IST_MACHINE_CHECK = 3, /* and debug exceptions */
};
#define GDT_IST_COUNT 3u

struct [[gnu::packed]] tss {
    uint32_t reserved0;   /*   0 */
    uint64_t rsp[3];      /*   4 */
    uint64_t reserved1;   /*  28 */
    uint64_t ist[7];      /*  36: IST1 to IST7 */
    uint64_t reserved2;   /*  92 */
    uint16_t reserved3;   /* 100 */
    uint16_t io_map_base; /* 102: past the end = no I/O from ring 3 */
};
static_assert(offsetof(struct tss, ist) == 36);
static_assert(sizeof(struct tss) == 104);

struct gdt {
    uint64_t descriptors[7];
    struct tss tss;
};

/* Fills in and loads the descriptor table, segment registers and task register of this processor.
 * GS base is 0 then. early_stack_top: for the three exceptions, until gdt_set_ist. */
void gdt_init(struct gdt *gdt, void *early_stack_top);

/* top: the end of the stack, 16-byte aligned. */
void gdt_set_ist(struct gdt *gdt, enum gdt_ist ist, void *top);

/* Where the processor puts what it saves when an exception ends ring 3. top: 16-byte aligned.
 * Before anything runs there. */
static inline void gdt_set_entry_stack(struct gdt *gdt, uint64_t top)
{
    gdt->tss.rsp[0] = top;
}

#endif
