/*
 * seal.h - the final layout of an image (docs/image-format.md), which no linker writes.
 */
#ifndef NONOS_TOOLS_SEAL_H
#define NONOS_TOOLS_SEAL_H

#include "abi/error.h"
#include "tools/file.h"

#include <stddef.h>
#include <stdint.h>

/* The longest input: a linked file may carry much debug information. */
#define SEAL_INPUT_MAX_LEN (256u * 1024 * 1024)

/* Makes the sealed, unsigned image of a linked ELF file: its segments, each on a page of its own,
 * the sections that are in memory, and two signature fields of zeroes. An input that is sealed
 * comes out as it is, signatures included. The result has passed every check that an image has to
 * pass; *manifest_line is set as in structure.h. The caller frees *out with file_free. The error is
 * that of the rule that is broken or would be, NONOS_E_IMAGE_LONG or NONOS_E_NO_MEMORY; *out is
 * empty then. */
[[nodiscard]] enum nonos_error seal_elf(const uint8_t *elf, size_t len, struct file_bytes *out,
                                        unsigned *manifest_line);

#endif
