/*
 * virtio.h - a virtio device with one queue, of which one buffer at a time is with the device.
 *
 * Source: virtio 1.2 §2.1 (status), §2.7 (split queue), §3.1 (starting), §4.1 (PCI, without the
 * legacy interface), §4.2 (MMIO; §4.2.4 for version 1, QEMU's default). The device shares the
 * memory of the queue and may write to it at any time: what is read there is read once and checked,
 * and no wait is without end. For one processor at a time.
 */
#ifndef NONOS_KERNEL_DEV_VIRTIO_H
#define NONOS_KERNEL_DEV_VIRTIO_H

#include "kernel/dev/pci.h"
#include "kernel/mem/address.h"

#include <stddef.h>
#include <stdint.h>

#define VIRTIO_BUFFER_LEN 1024u

enum virtio_register_name {
    VIRTIO_STATUS,
    VIRTIO_FEATURES_SELECT,
    VIRTIO_FEATURES,
    VIRTIO_ACCEPT_SELECT,
    VIRTIO_ACCEPT,
    VIRTIO_QUEUE_SELECT,
    VIRTIO_QUEUE_MAX,
    VIRTIO_QUEUE_COUNT,
    VIRTIO_QUEUE_DESCRIPTORS, /* this and the next two: 64 bits, as two registers of 32 */
    VIRTIO_QUEUE_AVAILABLE,
    VIRTIO_QUEUE_USED,
    VIRTIO_QUEUE_READY,
    VIRTIO_QUEUE_VECTOR, /* on PCI alone */
    VIRTIO_REGISTER_COUNT,
};

struct virtio_register {
    uint8_t offset;
    uint8_t width; /* bytes */
};

struct virtio {
    const struct virtio_register *registers; /* by enum virtio_register_name */
    volatile uint8_t *base;
    volatile uint8_t *notify; /* queue 0 */
    unsigned notify_width;
    bool is_legacy;               /* MMIO of version 1 */
    struct pci_function function; /* on PCI alone */
    volatile void *msix;          /* the entry of its interrupt; null: none, it is polled */
    struct virtio_queue *queue;
    uint16_t count;     /* buffers given to the device */
    uint32_t asked_len; /* of the last one */
};

enum virtio_answer {
    VIRTIO_NOTHING, /* yet */
    VIRTIO_DONE,
    VIRTIO_BROKEN, /* it broke the rules */
};

/* The first device on PCI with one of these numbers (§4.1.2); the one whose registers are at paddr,
 * if it is of this type (§5). False: there is none that can be used. */
[[nodiscard]] bool virtio_find_pci(uint16_t device, uint16_t transitional, struct virtio *virtio);
[[nodiscard]] bool virtio_find_mmio(uint32_t type, paddr_t paddr, struct virtio *virtio);

/* Resets it, accepts no feature but VERSION_1, and makes queue 0 ready, without interrupts. False:
 * it does not want to. Stops the start where there is no memory (panic_no_memory). */
[[nodiscard]] bool virtio_start(struct virtio *virtio);

/* Resets it for good. Its memory stays its own, as it may not obey. */
void virtio_stop(const struct virtio *virtio);

/* From now on its answers are interrupts, as msix says (kernel/dev/msix.h). */
void virtio_use_interrupt(const struct virtio *virtio);

/* Gives the device a buffer of len bytes (1 to VIRTIO_BUFFER_LEN) to write to, once it has answered
 * the one before. False: it has answered more often than it was asked. */
[[nodiscard]] bool virtio_ask(struct virtio *virtio, uint32_t len);

/* Whether it has answered; *len bytes (1 to what was asked for) are then in virtio_buffer(). */
[[nodiscard]] enum virtio_answer virtio_poll(const struct virtio *virtio, uint32_t *len);

/* Shared with the device. */
[[nodiscard]] uint8_t *virtio_buffer(const struct virtio *virtio);

#endif
