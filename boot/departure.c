#include "boot/departure.h"

/* Each failure means that the map changed between the two calls; firmware settles at once. */
#define MAX_TRIES 8u

enum nonos_error departure_read_map(struct boot *boot)
{
    enum nonos_error error = firmware_map_read(&boot->firmware_map);
    if (error != NONOS_OK)
        return error;
    error = memory_map_read(&boot->map, firmware_pointer(boot->firmware_map.paddr),
                            boot->firmware_map.len, boot->firmware_map.descriptor_len);
    if (error == NONOS_OK)
        error = memory_map_paint(&boot->map, boot->image_paddr,
                                 boot->verdict.elf.memory_len / MEMORY_MAP_PAGE_LEN,
                                 NONOS_MEMORY_KERNEL);
    if (error == NONOS_OK && boot->map.count > NONOS_HANDOFF_MAX_REGIONS)
        error = NONOS_E_HANDOFF_MEMORY_MAP;
    return error;
}

enum nonos_error departure_leave(struct boot *boot)
{
    efi_status status = EFI_INVALID_PARAMETER;
    for (unsigned i = 0; i < MAX_TRIES && status == EFI_INVALID_PARAMETER; i++) {
        enum nonos_error error = departure_read_map(boot);
        if (error != NONOS_OK)
            return error;
        firmware_is_left = true;
        status = firmware_boot->exit_boot_services(firmware_image, boot->firmware_map.key);
    }
    return status == EFI_SUCCESS ? NONOS_OK : NONOS_E_FIRMWARE;
}
