#include "boot/firmware.h"

#include <string.h>

struct efi_system_table *firmware;
struct efi_boot_services *firmware_boot;
efi_handle firmware_image;
bool firmware_is_left;

void firmware_init(efi_handle image, struct efi_system_table *system)
{
    firmware = system;
    firmware_boot = system->boot;
    firmware_image = image;
}

void *firmware_find_protocol(const struct efi_guid *guid)
{
    void *interface = nullptr;
    if (efi_failed(firmware_boot->locate_protocol(guid, nullptr, &interface)))
        return nullptr;
    return interface;
}

void *firmware_open_protocol(efi_handle handle, const struct efi_guid *guid)
{
    void *interface = nullptr;
    if (handle == nullptr || efi_failed(firmware_boot->handle_protocol(handle, guid, &interface)))
        return nullptr;
    return interface;
}

void firmware_list_handles(const struct efi_guid *guid, efi_handle **handles, uint64_t *count)
{
    *handles = nullptr;
    *count = 0;
    if (efi_failed(firmware_boot->locate_handle_buffer(EFI_LOCATE_BY_PROTOCOL, guid, nullptr, count,
                                                       handles))) {
        *handles = nullptr;
        *count = 0;
    }
}

void firmware_free_handles(efi_handle *handles)
{
    if (handles != nullptr)
        (void)firmware_boot->free_pool(handles);
}

static uint64_t page_count(uint64_t len)
{
    return len / EFI_PAGE_SIZE + (len % EFI_PAGE_SIZE != 0);
}

enum nonos_error firmware_allocate(uint64_t len, uint64_t limit, uint32_t type, uint64_t *paddr)
{
    uint64_t pages = page_count(len);
    *paddr = limit;
    if (efi_failed(firmware_boot->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS, type, pages, paddr))) {
        *paddr = 0;
        return NONOS_E_NO_MEMORY;
    }
    memset(firmware_pointer(*paddr), 0, pages * EFI_PAGE_SIZE);
    return NONOS_OK;
}

void firmware_release(uint64_t paddr, uint64_t len)
{
    if (paddr != 0)
        (void)firmware_boot->free_pages(paddr, page_count(len));
}

/* How many descriptors more than now there may be at the end. */
#define MAP_SLACK_COUNT 128u

enum nonos_error firmware_map_allocate(struct firmware_map *map)
{
    uint32_t version;
    *map = (struct firmware_map){};
    efi_status status = firmware_boot->get_memory_map(&map->len, nullptr, &map->key,
                                                      &map->descriptor_len, &version);
    if (status != EFI_BUFFER_TOO_SMALL ||
        map->descriptor_len < sizeof(struct efi_memory_descriptor))
        return NONOS_E_FIRMWARE;
    map->size = map->len + MAP_SLACK_COUNT * map->descriptor_len;
    return firmware_allocate(map->size, FIRMWARE_ANYWHERE, EFI_LOADER_DATA, &map->paddr);
}

enum nonos_error firmware_map_read(struct firmware_map *map)
{
    uint32_t version;
    map->len = map->size;
    if (efi_failed(firmware_boot->get_memory_map(&map->len, firmware_pointer(map->paddr), &map->key,
                                                 &map->descriptor_len, &version)) ||
        map->len > map->size) {
        map->len = 0;
        return NONOS_E_FIRMWARE;
    }
    return NONOS_OK;
}
