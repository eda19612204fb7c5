/*
 * power.h - switching the machine off and starting it anew.
 *
 * Source: ACPI 6.5 §4.8.3 (fixed hardware), §4.8.3.6 (reset register), §4.8.3.7 (sleep registers),
 * §7.4.2 (_Sx), §16.1.
 */
#ifndef NONOS_KERNEL_DEV_POWER_H
#define NONOS_KERNEL_DEV_POWER_H

/* Maps the registers that the platform names. After platform_init, while there is memory. */
void power_init(void);

/* Soft off (S5) by the sleep control register, then by PM1 control, as far as the machine has them;
 * where neither does it, says why and halts. */
[[noreturn]] void power_off(void);

/* The reset register, then port 0xCF9, then the keyboard controller, then a triple fault. */
[[noreturn]] void power_reboot(void);

#endif
