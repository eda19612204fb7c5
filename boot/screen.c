#include "boot/screen.h"

#include "boot/com1.h"
#include "boot/firmware.h"
#include "boot/framebuffer.h"

#include <string.h>

#define MAX_SCREENS 8u

static struct efi_simple_text_output *screens[MAX_SCREENS];
static size_t screen_count;

static void add(struct efi_simple_text_output *screen)
{
    if (screen != nullptr && screen_count < MAX_SCREENS)
        screens[screen_count++] = screen;
}

/* Whether a device path leads over COM1: an ACPI node PNP0501 with UID 0. */
static bool leads_to_com1(const struct efi_device_path *path)
{
    while (path->type != EFI_DEVICE_PATH_END) {
        size_t len = (size_t)path->len[0] | (size_t)path->len[1] << 8;
        if (len < sizeof(*path))
            return false;
        if (path->type == EFI_DEVICE_PATH_ACPI && path->sub_type == EFI_DEVICE_PATH_ACPI_HID &&
            len >= 12) {
            uint32_t hid_uid[2];
            memcpy(hid_uid, path + 1, sizeof(hid_uid));
            if (hid_uid[0] == EFI_ACPI_HID_SERIAL && hid_uid[1] == 0)
                return true;
        }
        path = (const struct efi_device_path *)((const uint8_t *)path + len);
    }
    return false;
}

void screen_init(const struct nonos_framebuffer *drawn)
{
    efi_handle *handles;
    uint64_t count;
    bool skipped = false;
    screen_count = 0;
    firmware_list_handles(&efi_text_output_guid, &handles, &count);
    for (uint64_t i = 0; i < count; i++) {
        const struct efi_device_path *path =
            firmware_open_protocol(handles[i], &efi_device_path_guid);
        /* Without a path it is no device but the splitter itself. */
        if (path == nullptr)
            continue;
        if ((com1_is_present() && leads_to_com1(path)) ||
            (drawn != nullptr && framebuffer_is_behind(handles[i], drawn)))
            skipped = true;
        else
            add(firmware_open_protocol(handles[i], &efi_text_output_guid));
    }
    firmware_free_handles(handles);
    /* Firmware without a splitter: ConOut is all there is. */
    if (screen_count == 0 && !skipped)
        add(firmware->con_out);
}

static void write_piece(const efi_char16 *text)
{
    for (size_t i = 0; i < screen_count; i++)
        (void)screens[i]->output_string(screens[i], text);
}

void screen_write(const char *text, size_t len)
{
    efi_char16 piece[128];
    size_t used = 0;
    if (firmware_is_left)
        return;
    for (size_t i = 0; i < len; i++) {
        piece[used++] = (efi_char16)(unsigned char)text[i];
        if (used + 1 == sizeof(piece) / sizeof(piece[0]) || i + 1 == len) {
            piece[used] = 0;
            write_piece(piece);
            used = 0;
        }
    }
}
