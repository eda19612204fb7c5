/*
 * idt.h - where the processor goes on an exception. Source: SDM vol. 3 §6.10, §6.14.1.
 */
#ifndef NONOS_KERNEL_CPU_IDT_H
#define NONOS_KERNEL_CPU_IDT_H

/* Loads the table: 32 exceptions and nothing else (any other vector is a #GP). After gdt_init. */
void idt_init(void);

#endif
