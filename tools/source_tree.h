/*
 * source_tree.h - a commit of a git repository in a temporary folder, and programs that run there.
 *
 * The repository is only read: its objects are shared, and neither its checkout nor its settings
 * are touched. Functions that return int report what is wrong and return the exit status; when this
 * program was told to end they return one without a word.
 */
#ifndef NONOS_TOOLS_SOURCE_TREE_H
#define NONOS_TOOLS_SOURCE_TREE_H

#include "image/manifest.h"
#include "tools/process.h"

/* All zero at first; source_tree_close gives back what is in it. */
struct source_tree {
    char *folder;   /* temporary, with all that is in it */
    char *tree;     /* the checkout, in that folder */
    char *log;      /* what programs printed, beside that folder */
    char *git;      /* the repository's own folder */
    char *checkout; /* the checkout that the user has of it; null where there is none */
    char **environment;
    char *temporary;   /* TMPDIR=<folder>: what a compiler leaves there goes with it */
    bool log_is_named; /* in a message: it is kept */
    char epoch[48];    /* SOURCE_DATE_EPOCH=<that of the manifest> */
};

/* Checks out the commit that the manifest names, from the repository that folder source is in. A
 * commit that no branch and no tag has, nor what is checked out there, is refused: anybody may have
 * put it there. To be called with signals held back (file_hold_signals). */
[[nodiscard]] int source_tree_open(struct source_tree *it, const char *source,
                                   const struct manifest *manifest);

/* Removes the folder, and the log unless a message names it. */
void source_tree_close(struct source_tree *it);

/* Runs a program; its output goes to the log. */
[[nodiscard]] enum process_end source_tree_run(const struct source_tree *it, const char *doing,
                                               const char *const *argv);

/* A path in the checkout; the caller frees it. Null: no memory. */
[[nodiscard]] char *source_tree_path(const struct source_tree *it, const char *name);

/* Removes a folder and all that is in it; follows no link. */
void source_tree_remove(const char *folder);

/* Reports a program that did not succeed, with the end of what it printed and where the rest is. */
int source_tree_report(struct source_tree *it, const char *what, enum process_end end);

#endif
