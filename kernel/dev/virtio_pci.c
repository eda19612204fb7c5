#include "kernel/cpu/mmio.h"
#include "kernel/dev/msix.h"
#include "kernel/dev/virtio.h"

#include <stdckdint.h>

#define VENDOR 0x1AF4u /* §4.1.2 */
/* §4.1.4: capabilities of the vendor's kind that say where a structure is. */
#define STRUCTURE_COMMON 1u
#define STRUCTURE_NOTIFY 2u
#define STRUCTURE_BAR 4u
#define STRUCTURE_OFFSET 8u
#define STRUCTURE_LEN 12u
#define STRUCTURE_MULTIPLIER 16u
/* §4.1.4.3. */
#define COMMON_LEN 56u
#define COMMON_QUEUE_SELECT 22u
#define COMMON_QUEUE_NOTIFY 30u

static const struct virtio_register registers[VIRTIO_REGISTER_COUNT] = {
    [VIRTIO_STATUS] = {20, 1},
    [VIRTIO_FEATURES_SELECT] = {0, 4},
    [VIRTIO_FEATURES] = {4, 4},
    [VIRTIO_ACCEPT_SELECT] = {8, 4},
    [VIRTIO_ACCEPT] = {12, 4},
    [VIRTIO_QUEUE_SELECT] = {COMMON_QUEUE_SELECT, 2},
    [VIRTIO_QUEUE_MAX] = {24, 2},
    [VIRTIO_QUEUE_COUNT] = {24, 2},
    [VIRTIO_QUEUE_DESCRIPTORS] = {32, 4},
    [VIRTIO_QUEUE_AVAILABLE] = {40, 4},
    [VIRTIO_QUEUE_USED] = {48, 4},
    [VIRTIO_QUEUE_READY] = {28, 2},
    [VIRTIO_QUEUE_VECTOR] = {26, 2},
};

/* Where a structure is; false when no capability says so. */
struct structure {
    unsigned bar;
    uint32_t offset;
    uint32_t len;
    uint32_t multiplier; /* of STRUCTURE_NOTIFY */
};

static bool find_structure(const struct pci_function *function, uint8_t kind,
                           struct structure *structure)
{
    unsigned at = 0;

    for (unsigned i = 0; (at = pci_capability(function, PCI_CAPABILITY_VENDOR, i)) != 0; i++) {
        if (pci_read(function, at) >> 24 == kind)
            break;
    }
    *structure = (struct structure){
        .bar = pci_read(function, at + STRUCTURE_BAR) & 0xFF,
        .offset = pci_read(function, at + STRUCTURE_OFFSET),
        .len = pci_read(function, at + STRUCTURE_LEN),
        .multiplier = pci_read(function, at + STRUCTURE_MULTIPLIER),
    };
    return at != 0;
}

/* §4.1.4.4: the register of a queue is where the queue itself says. */
static bool find_notify(struct virtio *virtio)
{
    struct structure notify;
    uint32_t at;

    mmio_write(virtio->base, COMMON_QUEUE_SELECT, 2, 0);
    at = mmio_read(virtio->base, COMMON_QUEUE_NOTIFY, 2);
    if (!find_structure(&virtio->function, STRUCTURE_NOTIFY, &notify) ||
        ckd_mul(&at, at, notify.multiplier) || notify.len < 2 || at > notify.len - 2 ||
        ckd_add(&notify.offset, notify.offset, at) || notify.offset % 2 != 0)
        return false;
    virtio->notify = pci_map(&virtio->function, notify.bar, notify.offset, 2);
    virtio->notify_width = 2;
    return virtio->notify != nullptr;
}

bool virtio_find_pci(uint16_t device, uint16_t transitional, struct virtio *virtio)
{
    struct structure common;

    *virtio = (struct virtio){.registers = registers};
    if (!pci_find((uint32_t)device << 16 | VENDOR, (uint32_t)transitional << 16 | VENDOR,
                  &virtio->function) ||
        !find_structure(&virtio->function, STRUCTURE_COMMON, &common) || common.len < COMMON_LEN ||
        common.offset % 4 != 0)
        return false;
    virtio->base = pci_map(&virtio->function, common.bar, common.offset, COMMON_LEN);
    if (virtio->base == nullptr)
        return false;
    pci_write(&virtio->function, PCI_COMMAND,
              (pci_read(&virtio->function, PCI_COMMAND) & 0xFFFF) | PCI_COMMAND_MEMORY |
                  PCI_COMMAND_MASTER);
    virtio->msix = msix_start(&virtio->function);
    return find_notify(virtio);
}
