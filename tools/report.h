/*
 * report.h - what the program says when something is wrong, in one form:
 *
 *   nonos: <what>: <text> (<NAME>, code <n>)
 *     <what to do>
 *
 * Texts and codes are those of abi/errors.def; the code is also the exit status. Names of files
 * and everything else that came from outside is printed with control characters replaced.
 */
#ifndef NONOS_TOOLS_REPORT_H
#define NONOS_TOOLS_REPORT_H

#include "abi/error.h"

#include <stdio.h>

/* Prints the error to standard error, then the advice (printf format; null: what is usual for the
 * error, or nothing where its text says it all). Returns the code: never 0. */
[[gnu::format(printf, 3, 4)]] int report_error(const char *what, enum nonos_error error,
                                               const char *advice, ...);

/* The same for a file: the system's own reason (errno), where a read or a write failed, and what to
 * do about it. path: of the file; nothing is read from it. */
int report_file_error(const char *path, enum nonos_error error);

/* A line to standard error that is no error. */
[[gnu::format(printf, 1, 2)]] void report_notice(const char *format, ...);

/* Prints text with every byte that is not printable ASCII as '?'. */
void report_text(FILE *stream, const char *text);

#endif
