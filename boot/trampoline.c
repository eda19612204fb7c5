#include "boot/trampoline.h"

#include "boot/firmware.h"

#include <string.h>

/* Filled in on the copy; the offsets are those of boot/trampoline.S. */
struct parameters {
    struct trampoline_jump jump; /*  0 */
    uint32_t long_mode_paddr;    /* 32: a far pointer: offset, */
    uint16_t long_mode_selector; /* 36: selector */
    uint16_t gdt_limit;          /* 38: the operand of lgdt: limit, */
    uint64_t gdt_paddr;          /* 40: base */
};
static_assert(offsetof(struct parameters, long_mode_paddr) == 32);
static_assert(offsetof(struct parameters, gdt_limit) == 38);
static_assert(sizeof(struct parameters) == 48);

/* trampoline.S */
extern const uint8_t trampoline_code[];
extern const uint8_t trampoline_code_end[];
extern const uint8_t trampoline_long_mode[];
extern const uint8_t trampoline_gdt[];
extern const uint8_t trampoline_gdt_end[];
extern const uint8_t trampoline_parameters[];

#define LONG_MODE_SELECTOR 8u

enum nonos_error trampoline_allocate(uint64_t *paddr)
{
    enum nonos_error error =
        firmware_allocate(EFI_PAGE_SIZE, FIRMWARE_BELOW_4G, EFI_LOADER_CODE, paddr);
    if (error == NONOS_OK)
        memcpy(firmware_pointer(*paddr), trampoline_code,
               (size_t)(trampoline_code_end - trampoline_code));
    return error;
}

void trampoline_prepare(uint64_t paddr, const struct trampoline_jump *jump)
{
    struct parameters parameters = {
        .jump = *jump,
        .long_mode_paddr = (uint32_t)paddr + (uint32_t)(trampoline_long_mode - trampoline_code),
        .long_mode_selector = LONG_MODE_SELECTOR,
        .gdt_limit = (uint16_t)(trampoline_gdt_end - trampoline_gdt - 1),
        .gdt_paddr = paddr + (uint64_t)(trampoline_gdt - trampoline_code),
    };
    memcpy(firmware_pointer(paddr + (uint64_t)(trampoline_parameters - trampoline_code)),
           &parameters, sizeof(parameters));

    /* Firmware that enforces W^X gives no page that can be executed right away. */
    struct efi_memory_attribute *attribute = firmware_find_protocol(&efi_memory_attribute_guid);
    if (attribute != nullptr) {
        (void)attribute->set(attribute, paddr, EFI_PAGE_SIZE, EFI_MEMORY_RO);
        (void)attribute->clear(attribute, paddr, EFI_PAGE_SIZE, EFI_MEMORY_XP);
    }
}

void trampoline_enter(uint64_t paddr)
{
    void (*enter)(void) = (void (*)(void))(uintptr_t)paddr;
    enter();
    __builtin_unreachable();
}
