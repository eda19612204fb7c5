#include "kernel/cpu/mmio.h"
#include "kernel/dev/virtio.h"
#include "kernel/mem/paging.h"

/* §4.2.2. */
#define REGISTERS_LEN 0x100u
#define MAGIC_VALUE 0x74726976u
#define VERSION 0x04u
#define DEVICE_TYPE 0x08u
#define QUEUE_NOTIFY 0x50u

static const struct virtio_register registers[VIRTIO_REGISTER_COUNT] = {
    [VIRTIO_STATUS] = {0x70, 4},
    [VIRTIO_FEATURES_SELECT] = {0x14, 4},
    [VIRTIO_FEATURES] = {0x10, 4},
    [VIRTIO_ACCEPT_SELECT] = {0x24, 4},
    [VIRTIO_ACCEPT] = {0x20, 4},
    [VIRTIO_QUEUE_SELECT] = {0x30, 4},
    [VIRTIO_QUEUE_MAX] = {0x34, 4},
    [VIRTIO_QUEUE_COUNT] = {0x38, 4},
    [VIRTIO_QUEUE_DESCRIPTORS] = {0x80, 4},
    [VIRTIO_QUEUE_AVAILABLE] = {0x90, 4},
    [VIRTIO_QUEUE_USED] = {0xA0, 4},
    [VIRTIO_QUEUE_READY] = {0x44, 4},
};

bool virtio_find_mmio(uint32_t type, paddr_t paddr, struct virtio *virtio)
{
    volatile uint8_t *base = paging_map_device(paddr, REGISTERS_LEN);
    uint32_t version;

    *virtio = (struct virtio){};
    if (base == nullptr || paddr % 4 != 0 || mmio_read_32(base, 0) != MAGIC_VALUE ||
        mmio_read_32(base, DEVICE_TYPE) != type)
        return false;
    version = mmio_read_32(base, VERSION);
    *virtio = (struct virtio){
        .registers = registers,
        .base = base,
        .notify = base + QUEUE_NOTIFY,
        .notify_width = 4,
        .is_legacy = version == 1,
    };
    return version == 1 || version == 2;
}
