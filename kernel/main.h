/*
 * main.h - the two ways into the kernel, and where they meet.
 */
#ifndef NONOS_KERNEL_MAIN_H
#define NONOS_KERNEL_MAIN_H

#include "kernel/boot_info.h"

/* The image's entry point, for loaders (abi/handoff.h). */
[[noreturn]] void kernel_main(const struct nonos_handoff *handoff);

/* First steps of either way: console, first line, descriptor tables, processor features. From here
 * on a fault is reported. */
void kernel_begin(const char *first_line);

/* The rest: handoff lies in the direct map. */
[[noreturn]] void kernel_start(const struct nonos_handoff *handoff, enum boot_start start);

#endif
