/*
 * machine_check.h - what the processor says about errors of the hardware.
 *
 * Source: SDM vol. 3 §15.3 (registers), §15.5 (initialization).
 */
#ifndef NONOS_KERNEL_CPU_MACHINE_CHECK_H
#define NONOS_KERNEL_CPU_MACHINE_CHECK_H

/* On each processor that has machine checks: has all banks report, and forgets what is from before
 * the start. */
void machine_check_init(void);

/* Prints what each bank of this processor has to say; for the panic. */
void machine_check_report(void);

#endif
