/*
 * rebuild_report.h - how an image and what its source gave differ, in words, to standard output.
 */
#ifndef NONOS_TOOLS_REBUILD_REPORT_H
#define NONOS_TOOLS_REBUILD_REPORT_H

#include "tools/elf_symbols.h"
#include "tools/file.h"
#include "tools/image_compare.h"
#include "tools/structure.h"

/* An image, read and checked. */
struct rebuild_side {
    struct file_bytes file;
    struct structure structure;
};

/* First what explains the rest (compiler, PQClean), then the other lines of the manifest, the first
 * difference by section and symbol, each section, and how many bytes it is in all. comparison is
 * that of these two, image first. */
void rebuild_report(const struct rebuild_side *image, const struct rebuild_side *rebuilt,
                    const struct image_comparison *comparison, const struct elf_symbols *symbols);

#endif
