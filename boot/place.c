#include "boot/place.h"

#include "boot/memory_map.h"

#include <string.h>

#define ALIGNMENT (UINT64_C(2) << 20)

static bool take(uint64_t paddr, uint64_t len)
{
    uint64_t at = paddr;
    return !efi_failed(firmware_boot->allocate_pages(EFI_ALLOCATE_ADDRESS, EFI_LOADER_DATA,
                                                     len / EFI_PAGE_SIZE, &at));
}

static enum nonos_error find_place(uint64_t wanted_paddr, uint64_t len, struct firmware_map *map,
                                   uint64_t *paddr)
{
    *paddr = wanted_paddr;
    if (take(wanted_paddr, len))
        return NONOS_OK;
    *paddr = 0;
    enum nonos_error error = firmware_map_read(map);
    if (error != NONOS_OK)
        return error;
    uint64_t found = memory_map_find_free(firmware_pointer(map->paddr), map->len,
                                          map->descriptor_len, len, ALIGNMENT);
    if (found == 0 || !take(found, len))
        return NONOS_E_PLACEMENT;
    *paddr = found;
    return NONOS_OK;
}

enum nonos_error place_kernel(const uint8_t *file, const struct image_elf *elf,
                              struct firmware_map *map, uint64_t *paddr)
{
    enum nonos_error error = find_place(elf->memory_paddr, elf->memory_len, map, paddr);
    if (error != NONOS_OK)
        return error;
    uint8_t *memory = firmware_pointer(*paddr);
    memset(memory, 0, elf->memory_len);
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct image_segment *segment = &elf->segments[i];
        memcpy(memory + (segment->paddr - elf->memory_paddr), file + segment->offset,
               segment->file_len);
    }
    return NONOS_OK;
}
