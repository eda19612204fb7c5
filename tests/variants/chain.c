#include "tests/variants/chain.h"

#include "boot/firmware.h"

#include <string.h>

efi_status EFIAPI efi_main(efi_handle image, struct efi_system_table *system);

#define LOADER u"\\EFI\\nonos\\loader.efi"

/* UEFI 2.10 §7.4.1, §7.4.2: the first two of unused_image in boot/uefi.h. */
typedef efi_status(EFIAPI load_image)(uint8_t boot_policy, efi_handle parent, const void *path,
                                      void *source, uint64_t source_len, efi_handle *image);
typedef efi_status(EFIAPI start_image)(efi_handle image, uint64_t *exit_data_len,
                                       efi_char16 **exit_data);

/* A file on a volume (UEFI 2.10 §10.3.5.4). */
struct file_node {
    struct efi_device_path head;
    efi_char16 name[sizeof(LOADER) / sizeof(efi_char16)];
    struct efi_device_path end;
};
static const struct file_node loader_node = {
    .head = {.type = 4, .sub_type = 4, .len = {sizeof(struct file_node) - 4, 0}},
    .name = LOADER,
    .end = {.type = EFI_DEVICE_PATH_END, .sub_type = 0xFF, .len = {4, 0}},
};

void chain_print(const char *text)
{
    efi_char16 wide[128] = {};
    for (size_t i = 0; text[i] != '\0' && i + 1 < sizeof(wide) / sizeof(wide[0]); i++)
        wide[i] = (efi_char16)text[i];
    (void)firmware->con_out->output_string(firmware->con_out, wide);
}

static size_t node_len(const struct efi_device_path *node)
{
    return node->len[0] | (size_t)node->len[1] << 8;
}

/* The volume's path, and the file behind it. */
static bool make_path(uint8_t *path, size_t size)
{
    const struct efi_loaded_image *self =
        firmware_open_protocol(firmware_image, &efi_loaded_image_guid);
    const uint8_t *volume =
        self == nullptr ? nullptr : firmware_open_protocol(self->device, &efi_device_path_guid);
    size_t len = 0;
    if (volume == nullptr)
        return false;
    for (;;) {
        struct efi_device_path node;
        memcpy(&node, volume + len, sizeof(node));
        if (node.type == EFI_DEVICE_PATH_END)
            break;
        len += node_len(&node);
    }
    if (len + sizeof(loader_node) > size)
        return false;
    memcpy(path, volume, len);
    memcpy(path + len, &loader_node, sizeof(loader_node));
    return true;
}

void chain_start_loader(void)
{
    load_image *load = (load_image *)(uintptr_t)firmware_boot->unused_image[0];
    start_image *start = (start_image *)(uintptr_t)firmware_boot->unused_image[1];
    uint8_t path[512];
    efi_handle loader = nullptr;
    if (!make_path(path, sizeof(path)) ||
        efi_failed(load(0, firmware_image, path, nullptr, 0, &loader))) {
        chain_print("TEST: the loader cannot be loaded\r\n");
        return;
    }
    chain_loaded(loader);
    if (efi_failed(start(loader, nullptr, nullptr)))
        chain_print("TEST: the loader has returned\r\n");
}

/* Not a part of efi_main, which has no canary. */
__attribute__((noinline)) static void run(void)
{
    if (chain_prepare())
        chain_start_loader();
}

__attribute__((no_stack_protector)) efi_status EFIAPI efi_main(efi_handle image,
                                                               struct efi_system_table *system)
{
    firmware_init(image, system);
    run();
    return EFI_NOT_FOUND;
}
