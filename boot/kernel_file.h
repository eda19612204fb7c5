/*
 * kernel_file.h - the one file that the loader reads, once.
 */
#ifndef NONOS_BOOT_KERNEL_FILE_H
#define NONOS_BOOT_KERNEL_FILE_H

#include "abi/error.h"

#include <stddef.h>
#include <stdint.h>

#define KERNEL_FILE_NAME "\\EFI\\nonos\\kernel.bin"

/* Reads KERNEL_FILE_NAME from the volume that the loader came from into memory of its own, which
 * stays until the kernel takes it over. One byte more than the length is asked for, so that a file
 * that grows meanwhile is noticed as well as one that shrinks.
 *
 * NONOS_E_NOT_FOUND, NONOS_E_READ, NONOS_E_IMAGE_SHORT, NONOS_E_IMAGE_LONG, NONOS_E_NO_MEMORY,
 * NONOS_E_IMAGE_CHANGED; *bytes is null and *len 0 then, and the memory is given back. */
[[nodiscard]] enum nonos_error kernel_file_read(const uint8_t **bytes, size_t *len);

#endif
