/*
 * enrolled.c - writes the lists of Secure Boot as firmware's setup menu and its owner's tools do:
 * the signed updates \EFI\keys\*.auth of its volume, whichever are there, in the order that leaves
 * setup mode last.
 */
#include "boot/firmware.h"
#include "boot/render.h"
#include "tests/variants/chain.h"

#define UPDATE_MAX_LEN (64u * 1024)

/* UEFI 2.10 §8.2: non-volatile, in boot and run time, signed with a time. */
#define EFI_VARIABLE_SIGNED 0x27u
#define EFI_VARIABLE_APPEND_WRITE 0x40u

/* UEFI 2.10 §8.2.2: the second of unused_variables in boot/uefi.h. */
typedef efi_status(EFIAPI set_variable)(const efi_char16 *name, const struct efi_guid *vendor,
                                        uint32_t attributes, uint64_t len, const void *data);

static const struct efi_guid image_security_guid = /* §32.6.1 */
    {0xD719B2CB, 0x3D3A, 0x4596, {0xA3, 0xBC, 0xDA, 0xD0, 0x0E, 0x67, 0x65, 0x6F}};

static const struct list {
    const char *name;
    const efi_char16 *variable;
    const efi_char16 *file;
    const struct efi_guid *vendor;
    uint32_t attributes;
} lists[] = {
    {"dbx by another", u"dbx", u"\\EFI\\keys\\another.auth", &image_security_guid,
     EFI_VARIABLE_SIGNED | EFI_VARIABLE_APPEND_WRITE},
    {"dbx", u"dbx", u"\\EFI\\keys\\dbx.auth", &image_security_guid,
     EFI_VARIABLE_SIGNED | EFI_VARIABLE_APPEND_WRITE},
    {"db", u"db", u"\\EFI\\keys\\db.auth", &image_security_guid, EFI_VARIABLE_SIGNED},
    {"KEK", u"KEK", u"\\EFI\\keys\\KEK.auth", &efi_global_variable_guid, EFI_VARIABLE_SIGNED},
    {"PK", u"PK", u"\\EFI\\keys\\PK.auth", &efi_global_variable_guid, EFI_VARIABLE_SIGNED},
};

static uint8_t update[UPDATE_MAX_LEN];

static struct efi_file *open_root(void)
{
    const struct efi_loaded_image *self =
        firmware_open_protocol(firmware_image, &efi_loaded_image_guid);
    struct efi_file_system *volume =
        self == nullptr ? nullptr : firmware_open_protocol(self->device, &efi_file_system_guid);
    struct efi_file *root = nullptr;
    if (volume == nullptr || efi_failed(volume->open_volume(volume, &root)))
        return nullptr;
    return root;
}

/* Bytes of the file that are in update; 0: there is none. */
static uint64_t read_update(struct efi_file *root, const efi_char16 *name)
{
    struct efi_file *file = nullptr;
    uint64_t len = sizeof(update);
    if (efi_failed(root->open(root, &file, name, EFI_FILE_MODE_READ, 0)))
        return 0;
    if (efi_failed(file->read(file, &len, update)))
        len = 0;
    (void)file->close(file);
    return len;
}

bool chain_prepare(void)
{
    set_variable *set = (set_variable *)(uintptr_t)firmware->runtime->unused_variables[1];
    struct efi_file *root = open_root();
    if (root == nullptr)
        return false;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char line[64];
        uint64_t len = read_update(root, lists[i].file);
        if (len == 0)
            continue;
        efi_status status =
            set(lists[i].variable, lists[i].vendor, lists[i].attributes, len, update);
        render_format(line, sizeof(line), "TEST: %s: status 0x%llx\r\n", lists[i].name,
                      (unsigned long long)status);
        chain_print(line);
    }
    (void)root->close(root);
    return true;
}

void chain_loaded([[maybe_unused]] efi_handle loader)
{
    chain_print("TEST: the loader is loaded\r\n");
}
