/*
 * pic.h - the legacy interrupt controllers (two 8259A): silenced.
 *
 * Source: Intel 8259A data sheet, "Initialization command words".
 */
#ifndef NONOS_KERNEL_CPU_PIC_H
#define NONOS_KERNEL_CPU_PIC_H

/* Gives their interrupts the vectors from VECTOR_PIC on, where the spurious ones that they may
 * still have do no harm, and masks all 16 lines. Harmless where there is no controller. */
void pic_mask(void);

#endif
