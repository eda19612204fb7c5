#include "boot/framebuffer.h"

#include "boot/firmware.h"

#include <stdckdint.h>

static bool describe(const struct efi_graphics_output *graphics, struct nonos_framebuffer *out)
{
    uint64_t needed_len;
    uint64_t end;
    if (graphics == nullptr || graphics->mode == nullptr || graphics->mode->info == nullptr)
        return false;
    const struct efi_graphics_mode *mode = graphics->mode;
    const struct efi_graphics_info *info = mode->info;
    if (info->pixel_format != EFI_PIXEL_RGBX && info->pixel_format != EFI_PIXEL_BGRX)
        return false;
    if (info->horizontal == 0 || info->vertical == 0 ||
        info->pixels_per_scan_line < info->horizontal || mode->frame_buffer_base == 0 ||
        mode->frame_buffer_base % EFI_PAGE_SIZE != 0)
        return false;
    if (ckd_mul(&needed_len, (uint64_t)info->pixels_per_scan_line * 4, info->vertical) ||
        mode->frame_buffer_size < needed_len ||
        ckd_add(&end, mode->frame_buffer_base, mode->frame_buffer_size))
        return false;
    *out = (struct nonos_framebuffer){
        .paddr = mode->frame_buffer_base,
        .len = mode->frame_buffer_size,
        .width_pixels = info->horizontal,
        .height_pixels = info->vertical,
        .stride_pixels = info->pixels_per_scan_line,
        .format = info->pixel_format == EFI_PIXEL_RGBX ? NONOS_PIXEL_RGBX : NONOS_PIXEL_BGRX,
    };
    return true;
}

bool framebuffer_find(struct nonos_framebuffer *out)
{
    efi_handle *handles;
    uint64_t count;
    bool found = false;
    *out = (struct nonos_framebuffer){};
    firmware_list_handles(&efi_graphics_output_guid, &handles, &count);
    for (uint64_t i = 0; i < count && !found; i++)
        found = describe(firmware_open_protocol(handles[i], &efi_graphics_output_guid), out);
    firmware_free_handles(handles);
    return found;
}

bool framebuffer_is_behind(efi_handle handle, const struct nonos_framebuffer *framebuffer)
{
    struct nonos_framebuffer found;
    return describe(firmware_open_protocol(handle, &efi_graphics_output_guid), &found) &&
           found.paddr == framebuffer->paddr;
}
