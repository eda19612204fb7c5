/*
 * process.h - other programs, run one at a time: no shell, no terminal to read from, and of the
 * environment only what is named here.
 */
#ifndef NONOS_TOOLS_PROCESS_H
#define NONOS_TOOLS_PROCESS_H

#include "abi/error.h"

enum process_end {
    PROCESS_SUCCEEDED,
    PROCESS_FAILED,      /* ended with another status than 0, or could not be started */
    PROCESS_MISSING,     /* there is no such program */
    PROCESS_INTERRUPTED, /* this program was told to end, and has ended the other one */
};

struct process {
    const char *const *argv; /* argv[0] is looked up in PATH; null ends it */
    char *const *environment;
    const char *log;    /* a file: what it prints is added to that */
    const char *output; /* a file that standard output replaces; null: to the log */
    const char *doing;  /* said again every few seconds; null: nothing is */
};

/* Runs it and waits. The caller holds back the signals that end a program (file_hold_signals): when
 * one of them is pending, the process and all that it has started are ended, by the group that it
 * is given. */
[[nodiscard]] enum process_end process_run(const struct process *process);

/* What a build may see of our environment (PATH, HOME, where the compiler and npm are, proxies),
 * and the lines of more, "NAME=value", null at the end, which stay the caller's. No key, and
 * nothing that changes what git or make does. The caller frees it with free; null: no memory. */
[[nodiscard]] char **process_environment(const char *const *more);

#endif
