/*
 * gate.h - what a program's tables have of the kernel where the processor would let programs read
 * whatever they map (SPECULATION_ISOLATE, Meltdown): the ways in, and nothing that is secret.
 *
 * Each address space has two roots then, one after the other in a block of two frames. The kernel
 * runs on the first, which has everything. The program runs on the second: the same lower half, and
 * in the upper half the gate alone: the page of code with the entries (kernel.ld), the interrupt
 * table, and of each processor struct cpu, in which exceptions arrive. The kernel's own root is
 * such a pair, too: those of spaces are copied from it (roots.h).
 */
#ifndef NONOS_KERNEL_MEM_GATE_H
#define NONOS_KERNEL_MEM_GATE_H

/* Builds it, for all processors that there will be, before there is an address space. Panics when
 * memory runs out. Nothing where it is not needed. */
void gate_init(void);

#endif
