/*
 * gdt.h - segments, and the stacks that the processor switches to by itself.
 *
 * The segments of ring 3 are where SYSRET wants them, data before code.
 *
 * Source: SDM vol. 3 §3.4.5 (descriptors), §5.8.8 (SYSRET), §7.2.3 (64-bit TSS), §7.7, §6.14.5
 * (IST).
 */
#ifndef NONOS_KERNEL_CPU_GDT_H
#define NONOS_KERNEL_CPU_GDT_H

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
    GDT_IST_MACHINE_CHECK = 3,
};
#define GDT_IST_COUNT 3u

/* Loads the kernel's own descriptor table, segment registers and task register. Until gdt_set_ist
 * the three exceptions share one small stack in .bss. */
void gdt_init(void);

/* top: the end of the stack, 16-byte aligned. */
void gdt_set_ist(enum gdt_ist ist, void *top);

/* Where the processor puts what it saves when an exception ends ring 3. top: 16-byte aligned.
 * Before anything runs there. */
void gdt_set_entry_stack(void *top);

#endif
