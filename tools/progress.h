/*
 * progress.h - a line for work that takes longer than a person waits without wondering.
 */
#ifndef NONOS_TOOLS_PROGRESS_H
#define NONOS_TOOLS_PROGRESS_H

/* Prints the line (with its line feed; it has to stay valid) to standard error after two seconds,
 * unless progress_end comes before. One at a time; it uses SIGALRM. */
void progress_begin(const char *line);
void progress_end(void);

#endif
