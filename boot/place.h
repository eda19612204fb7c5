/*
 * place.h - the verified image's segments, where the kernel will run.
 */
#ifndef NONOS_BOOT_PLACE_H
#define NONOS_BOOT_PLACE_H

#include "abi/error.h"
#include "boot/firmware.h"
#include "image/elf.h"

#include <stdint.h>

/* Copies the segments of a verified image to their linked physical addresses or, when that memory
 * is not free, to the lowest free 2 MiB-aligned range; what the file does not fill is zero.
 * *paddr is where the first segment is. map: a buffer for firmware's memory map, to look for the
 * range in. NONOS_E_PLACEMENT: there is none that is large enough; NONOS_E_FIRMWARE: the map could
 * not be read. *paddr may be anything then. */
[[nodiscard]] enum nonos_error place_kernel(const uint8_t *file, const struct image_elf *elf,
                                            struct firmware_map *map, uint64_t *paddr);

#endif
