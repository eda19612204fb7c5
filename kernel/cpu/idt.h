/*
 * idt.h - where a processor goes on an exception or interrupt. Source: SDM vol. 3 §6.10, §6.14.1.
 */
#ifndef NONOS_KERNEL_CPU_IDT_H
#define NONOS_KERNEL_CPU_IDT_H

/* Fills in the one table of all processors (kernel/cpu/vectors.h) and loads it. After gdt_init. */
void idt_init(void);

/* Loads it, on a further processor. */
void idt_load(void);

/* The page that has the table. */
[[nodiscard]] const void *idt_page(void);

#endif
