#include "boot/verify_stack.h"

#include "boot/firmware.h"
#include "boot/refusal.h"
#include "crypto/bytes.h"
#include "crypto/pqc_random.h"
#include "crypto/workspace.h"

/* Firmware's interrupts get what UEFI promises an application. */
#define INTERRUPTS_LEN (128u * 1024)
#define STACK_LEN (EFI_PAGE_SIZE + INTERRUPTS_LEN + WORKSPACE_LEN)

static uint64_t stack_paddr;

enum nonos_error verify_stack_init(void)
{
    return firmware_allocate(STACK_LEN, FIRMWARE_ANYWHERE, EFI_LOADER_DATA, &stack_paddr);
}

static bool is_intact(void)
{
    return bytes_are_zero(firmware_pointer(stack_paddr), EFI_PAGE_SIZE);
}

/* Nothing secret is verified, so nothing is wiped. */
void workspace_run(void (*function)(void *), void *argument, [[maybe_unused]] size_t stack_len)
{
    if (stack_paddr == 0)
        refuse("the loader, verification has no stack", NONOS_E_INTERNAL);
    stack_switch_call(function, argument, stack_paddr + STACK_LEN);
    if (!is_intact())
        refuse("the loader, verification overran its stack", NONOS_E_INTERNAL);
}

void pqc_random_failed(void)
{
    refuse("the loader, randomness was asked for where none is used", NONOS_E_INTERNAL);
}
