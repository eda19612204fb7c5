/*
 * monitor.h - the screen that the loader has drawn (display/boot_screen.h), on which the kernel
 * goes on: three lines, and a panic.
 *
 * The console (console.h) says everything; the screen repeats what tells at a glance where the boot
 * stands. Without a framebuffer in the handoff (after PVH, for one) nothing here does anything.
 */
#ifndef NONOS_KERNEL_MONITOR_H
#define NONOS_KERNEL_MONITOR_H

/* Maps the framebuffer of the handoff. On the kernel's own tables; before it nothing is shown. */
void monitor_init(void);

/* What the loader reports; the self-tests that passed and the generator's sources; that the prompt
 * is there. */
void monitor_show_start(void);
void monitor_show_tests(void);
void monitor_show_ready(void);

/* The reason of a panic, in red. Needs no memory and no lock. */
void monitor_show_panic(const char *reason);

#endif
