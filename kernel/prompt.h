/*
 * prompt.h - the commands on the console.
 */
#ifndef NONOS_KERNEL_PROMPT_H
#define NONOS_KERNEL_PROMPT_H

/* Reads lines and runs commands, for ever. Needs console, heap, generator and report ready. */
[[noreturn]] void prompt_run(void);

#endif
