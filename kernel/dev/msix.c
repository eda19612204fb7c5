#include "kernel/dev/msix.h"

#include "kernel/cpu/mmio.h"

/* In the upper half of the capability's first word. */
#define CONTROL_ENABLE (UINT32_C(1) << 31)
#define CONTROL_MASK_ALL (UINT32_C(1) << 30)
#define TABLE 4u
#define TABLE_BAR_MASK 7u

/* An entry of the table. */
#define ENTRY_LEN 16u
#define ENTRY_ADDRESS 0u
#define ENTRY_ADDRESS_HIGH 4u
#define ENTRY_DATA 8u
#define ENTRY_CONTROL 12u
#define ENTRY_MASKED 1u

volatile void *msix_start(const struct pci_function *function)
{
    unsigned at = pci_capability(function, PCI_CAPABILITY_MSIX, 0);
    uint32_t table = pci_read(function, at + TABLE);
    volatile void *entry = nullptr;

    if (at != 0)
        entry = pci_map(function, table & TABLE_BAR_MASK, table & ~TABLE_BAR_MASK, ENTRY_LEN);
    if (entry == nullptr)
        return nullptr;
    mmio_write_32(entry, ENTRY_CONTROL, ENTRY_MASKED);
    pci_write(function, at, (pci_read(function, at) | CONTROL_ENABLE) & ~CONTROL_MASK_ALL);
    return entry;
}

void msix_set(volatile void *entry, struct interrupts_message message)
{
    /* What is not masked may be sent in the middle of a change. */
    mmio_write_32(entry, ENTRY_CONTROL, ENTRY_MASKED);
    mmio_write_32(entry, ENTRY_ADDRESS, (uint32_t)message.address);
    mmio_write_32(entry, ENTRY_ADDRESS_HIGH, (uint32_t)(message.address >> 32));
    mmio_write_32(entry, ENTRY_DATA, message.data);
    mmio_write_32(entry, ENTRY_CONTROL, 0);
}
