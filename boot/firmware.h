/*
 * firmware.h - the firmware that started us: its tables, and memory from it.
 */
#ifndef NONOS_BOOT_FIRMWARE_H
#define NONOS_BOOT_FIRMWARE_H

#include "abi/error.h"
#include "boot/uefi.h"

/* Set once, first thing. */
extern struct efi_system_table *firmware;
extern struct efi_boot_services *firmware_boot;
extern efi_handle firmware_image;

/* Whether boot services have been left, or may have been (boot/departure.h). */
extern bool firmware_is_left;

/* image, system: what firmware passed to efi_main (UEFI 2.10 §4.1). */
void firmware_init(efi_handle image, struct efi_system_table *system);

/* The only instance of a protocol that we need one of, or null. */
void *firmware_find_protocol(const struct efi_guid *guid);

/* The protocol on a handle, or null. */
void *firmware_open_protocol(efi_handle handle, const struct efi_guid *guid);

/* All handles with a protocol: *count of them (0, and null, when there are none) in memory that
 * firmware_free_handles gives back; it takes null, too. */
void firmware_list_handles(const struct efi_guid *guid, efi_handle **handles, uint64_t *count);
void firmware_free_handles(efi_handle *handles);

/* Zeroed memory for len bytes, whole pages, below limit (its last byte at most limit), of type
 * EFI_LOADER_DATA or EFI_LOADER_CODE; 4 KiB aligned. What is not released goes to the kernel as
 * NONOS_MEMORY_LOADER. NONOS_E_NO_MEMORY; *paddr is 0 then. */
#define FIRMWARE_ANYWHERE UINT64_MAX
#define FIRMWARE_BELOW_4G UINT64_C(0xFFFFFFFF)
[[nodiscard]] enum nonos_error firmware_allocate(uint64_t len, uint64_t limit, uint32_t type,
                                                 uint64_t *paddr);

/* Gives back what firmware_allocate gave for len bytes; paddr may be 0. */
void firmware_release(uint64_t paddr, uint64_t len);

/* The firmware's memory map, in memory that is allocated once, so that reading it changes nothing.
 */
struct firmware_map {
    uint64_t paddr; /* of the buffer */
    uint64_t size;  /* of the buffer */
    uint64_t len;   /* bytes of descriptors in it */
    uint64_t descriptor_len;
    uint64_t key;
};

/* Allocates the buffer, with room for the map to grow. NONOS_E_FIRMWARE or NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error firmware_map_allocate(struct firmware_map *map);

/* Reads the map anew. NONOS_E_FIRMWARE. */
[[nodiscard]] enum nonos_error firmware_map_read(struct firmware_map *map);

/* UEFI maps memory at its physical address (UEFI 2.10 §2.3.4), so the two are one number. */
static inline void *firmware_pointer(uint64_t paddr)
{
    return (void *)(uintptr_t)paddr;
}

#endif
