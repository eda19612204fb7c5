/*
 * vectors.h - what the processor's interrupt vectors are for. Also read by assembly.
 *
 * Source: SDM vol. 3 §6.3, §10.9 (the low four bits of the spurious vector are ones).
 */
#ifndef NONOS_KERNEL_CPU_VECTORS_H
#define NONOS_KERNEL_CPU_VECTORS_H

#define VECTOR_DEBUG 1
#define VECTOR_NMI 2
#define VECTOR_BREAKPOINT 3
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT 14
#define VECTOR_MACHINE_CHECK 18

#define VECTOR_EXCEPTIONS 32 /* below: exceptions */
#define VECTOR_PIC 32        /* 16 of them: the legacy controllers, masked: spurious alone */
#define VECTOR_DEVICES 48    /* given out by interrupts_claim */
#define VECTOR_DEVICES_END 59
#define VECTOR_TIMER 59
#define VECTOR_RESCHEDULE 60
#define VECTOR_SHOOTDOWN 61
#define VECTOR_APIC_ERROR 62
#define VECTOR_SPURIOUS 63
#define VECTOR_COUNT 64 /* any other is a general protection fault */

#define VECTOR_ENTRY_LEN 8 /* bytes of code for each, in trap_entry.S */

#endif
