#include "boot/kernel_file.h"

#include "boot/firmware.h"
#include "image/digest.h"

/* The UCS-2 form of a literal. */
#define WIDE_(text) u##text
#define WIDE(text) WIDE_(text)
static_assert(sizeof(WIDE("x")) == 2 * sizeof(efi_char16));

static enum nonos_error open_kernel(struct efi_file **root, struct efi_file **file)
{
    const struct efi_loaded_image *image =
        firmware_open_protocol(firmware_image, &efi_loaded_image_guid);
    if (image == nullptr)
        return NONOS_E_FIRMWARE;
    struct efi_file_system *volume = firmware_open_protocol(image->device, &efi_file_system_guid);
    if (volume == nullptr)
        return NONOS_E_NOT_FOUND;
    if (efi_failed(volume->open_volume(volume, root)))
        return NONOS_E_READ;

    efi_status status = (*root)->open(*root, file, WIDE(KERNEL_FILE_NAME), EFI_FILE_MODE_READ, 0);
    if (!efi_failed(status))
        return NONOS_OK;
    (void)(*root)->close(*root);
    return status == EFI_NOT_FOUND ? NONOS_E_NOT_FOUND : NONOS_E_READ;
}

static enum nonos_error get_len(struct efi_file *file, size_t *len)
{
    /* Room for the structure and a name of 255 characters, the longest FAT has. */
    union {
        struct efi_file_info info;
        uint8_t room[sizeof(struct efi_file_info) + 256 * sizeof(efi_char16)];
    } u;
    uint64_t size = sizeof(u);
    if (efi_failed(file->get_info(file, &efi_file_info_guid, &size, &u)) || size < sizeof(u.info) ||
        (u.info.attribute & EFI_FILE_DIRECTORY) != 0)
        return NONOS_E_READ;
    enum nonos_error error = image_check_len(u.info.file_size);
    if (error == NONOS_OK)
        *len = u.info.file_size;
    return error;
}

/* Fills up to size bytes; *len is how many there were before the end of the file. */
static enum nonos_error read_all(struct efi_file *file, uint8_t *bytes, size_t size, size_t *len)
{
    *len = 0;
    while (*len < size) {
        uint64_t piece = size - *len;
        if (efi_failed(file->read(file, &piece, bytes + *len)) || piece > size - *len)
            return NONOS_E_READ;
        if (piece == 0)
            break;
        *len += piece;
    }
    return NONOS_OK;
}

static enum nonos_error read_once(struct efi_file *file, const uint8_t **bytes, size_t *len)
{
    size_t expected_len = 0;
    size_t read_len = 0;
    uint64_t paddr = 0;
    enum nonos_error error = get_len(file, &expected_len);
    if (error == NONOS_OK)
        error = firmware_allocate(expected_len + 1, FIRMWARE_ANYWHERE, EFI_LOADER_DATA, &paddr);
    if (error == NONOS_OK)
        error = read_all(file, firmware_pointer(paddr), expected_len + 1, &read_len);
    if (error == NONOS_OK && read_len != expected_len)
        error = NONOS_E_IMAGE_CHANGED;
    if (error == NONOS_OK) {
        *bytes = firmware_pointer(paddr);
        *len = read_len;
    } else {
        firmware_release(paddr, expected_len + 1);
    }
    return error;
}

enum nonos_error kernel_file_read(const uint8_t **bytes, size_t *len)
{
    struct efi_file *root;
    struct efi_file *file;
    *bytes = nullptr;
    *len = 0;
    enum nonos_error error = open_kernel(&root, &file);
    if (error != NONOS_OK)
        return error;
    error = read_once(file, bytes, len);
    (void)file->close(file);
    (void)root->close(root);
    return error;
}
