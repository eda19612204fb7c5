/*
 * pic.h - the legacy interrupt controllers (two 8259A): silenced.
 */
#ifndef NONOS_KERNEL_CPU_PIC_H
#define NONOS_KERNEL_CPU_PIC_H

/* Masks all 16 lines. Harmless where there is no controller. */
void pic_mask(void);

#endif
