#include "kernel/dev/virtio.h"

#include "kernel/cpu/mmio.h"
#include "kernel/mem/frames.h"
#include "kernel/panic.h"

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define RESET_ATTEMPTS 10000u

#define VERSION_1 1u /* bit 32: the first of the second word */
#define DESCRIPTOR_WRITE 2u
#define AVAILABLE_NO_INTERRUPT 1u

/* One buffer needs one entry; two is the least that all devices take. */
#define QUEUE_COUNT 2u

/* Registers of version 1 alone (§4.2.4). */
#define LEGACY_PAGE_LEN 0x28u
#define LEGACY_QUEUE_ALIGNMENT 0x3Cu
#define LEGACY_QUEUE_PAGE 0x40u

/* What is shared (§2.7). The device writes to the buffer and to the second page, which begins where
 * a legacy device expects it. Always the first descriptor is given to it, so available stays zero.
 */
struct virtio_queue {
    struct {
        uint64_t paddr;
        uint32_t len;
        uint16_t flags;
        uint16_t next;
    } descriptors[QUEUE_COUNT];
    uint16_t available_flags;
    _Atomic uint16_t available_count;
    uint16_t available[QUEUE_COUNT];
    uint8_t buffer[VIRTIO_BUFFER_LEN];
    uint8_t unused[PAGE_LEN - 20 * QUEUE_COUNT - VIRTIO_BUFFER_LEN];
    uint16_t used_flags;
    _Atomic uint16_t used_count;
    volatile struct {
        uint32_t id;
        uint32_t len;
    } used[QUEUE_COUNT];
    uint8_t unused_end[PAGE_LEN - 4 - 8 * QUEUE_COUNT];
};
static_assert(offsetof(struct virtio_queue, available_flags) == 16 * QUEUE_COUNT);
static_assert(offsetof(struct virtio_queue, buffer) == 20 * QUEUE_COUNT);
static_assert(offsetof(struct virtio_queue, used_flags) == PAGE_LEN);
static_assert(offsetof(struct virtio_queue, used) == PAGE_LEN + 4);
static_assert(sizeof(struct virtio_queue) == 2 * PAGE_LEN);

static uint32_t get(const struct virtio *virtio, enum virtio_register_name name)
{
    struct virtio_register reg = virtio->registers[name];

    return mmio_read(virtio->base, reg.offset, reg.width);
}

static void set(const struct virtio *virtio, enum virtio_register_name name, uint32_t value)
{
    struct virtio_register reg = virtio->registers[name];

    mmio_write(virtio->base, reg.offset, reg.width, value);
}

static void set_64(const struct virtio *virtio, enum virtio_register_name name, uint64_t value)
{
    uint32_t offset = virtio->registers[name].offset;

    mmio_write_32(virtio->base, offset, (uint32_t)value);
    mmio_write_32(virtio->base, offset + 4, (uint32_t)(value >> 32));
}

void virtio_stop(const struct virtio *virtio)
{
    set(virtio, VIRTIO_STATUS, 0);
}

static bool reset(const struct virtio *virtio)
{
    virtio_stop(virtio);
    for (unsigned i = 0; i < RESET_ATTEMPTS; i++) {
        if (get(virtio, VIRTIO_STATUS) == 0)
            return true;
    }
    return false;
}

/* §3.1.1, steps 4 to 6. A legacy device has neither the second word nor FEATURES_OK. */
static bool negotiate(const struct virtio *virtio)
{
    set(virtio, VIRTIO_ACCEPT_SELECT, 0);
    set(virtio, VIRTIO_ACCEPT, 0);
    if (virtio->is_legacy)
        return true;
    set(virtio, VIRTIO_FEATURES_SELECT, 1);
    if ((get(virtio, VIRTIO_FEATURES) & VERSION_1) == 0)
        return false;
    set(virtio, VIRTIO_ACCEPT_SELECT, 1);
    set(virtio, VIRTIO_ACCEPT, VERSION_1);
    set(virtio, VIRTIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
    return (get(virtio, VIRTIO_STATUS) & STATUS_FEATURES_OK) != 0;
}

/* The first entry of the table is the queue's; a device that has no room for that is polled. */
static void set_vector(struct virtio *virtio)
{
    if (virtio->msix == nullptr)
        return;
    set(virtio, VIRTIO_QUEUE_VECTOR, 0);
    if (get(virtio, VIRTIO_QUEUE_VECTOR) != 0)
        virtio->msix = nullptr;
}

static void set_queue(const struct virtio *virtio, paddr_t paddr)
{
    set(virtio, VIRTIO_QUEUE_COUNT, QUEUE_COUNT);
    if (virtio->is_legacy) {
        mmio_write_32(virtio->base, LEGACY_PAGE_LEN, PAGE_LEN);
        mmio_write_32(virtio->base, LEGACY_QUEUE_ALIGNMENT, PAGE_LEN);
        mmio_write_32(virtio->base, LEGACY_QUEUE_PAGE, (uint32_t)(paddr / PAGE_LEN));
        return;
    }
    set_64(virtio, VIRTIO_QUEUE_DESCRIPTORS, paddr);
    set_64(virtio, VIRTIO_QUEUE_AVAILABLE, paddr + offsetof(struct virtio_queue, available_flags));
    set_64(virtio, VIRTIO_QUEUE_USED, paddr + offsetof(struct virtio_queue, used_flags));
    set(virtio, VIRTIO_QUEUE_READY, 1);
}

static bool make_queue(struct virtio *virtio)
{
    paddr_t paddr;

    set(virtio, VIRTIO_QUEUE_SELECT, 0);
    if (get(virtio, VIRTIO_QUEUE_MAX) < QUEUE_COUNT)
        return false;
    paddr = frames_allocate(frames_order_for(sizeof *virtio->queue));
    /* No source of randomness is gone without because of so little. */
    if (paddr == 0)
        panic_no_memory("virtio-rng");
    virtio->queue = direct_map_at(paddr);
    virtio->queue->available_flags = AVAILABLE_NO_INTERRUPT;
    virtio->queue->descriptors[0].paddr = paddr + offsetof(struct virtio_queue, buffer);
    virtio->queue->descriptors[0].flags = DESCRIPTOR_WRITE;
    set_vector(virtio);
    set_queue(virtio, paddr);
    return true;
}

bool virtio_start(struct virtio *virtio)
{
    if (!reset(virtio))
        return false;
    set(virtio, VIRTIO_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    if (!negotiate(virtio) || !make_queue(virtio)) {
        virtio_stop(virtio);
        return false;
    }
    set(virtio, VIRTIO_STATUS, get(virtio, VIRTIO_STATUS) | STATUS_DRIVER_OK);
    return true;
}

void virtio_use_interrupt(const struct virtio *virtio)
{
    virtio->queue->available_flags = 0;
}

bool virtio_ask(struct virtio *virtio, uint32_t len)
{
    struct virtio_queue *queue = virtio->queue;

    if (queue->used_count != virtio->count)
        return false;
    queue->descriptors[0].len = len;
    virtio->asked_len = len;
    queue->available_count = ++virtio->count;
    mmio_write(virtio->notify, 0, virtio->notify_width, 0);
    return true;
}

enum virtio_answer virtio_poll(const struct virtio *virtio, uint32_t *len)
{
    struct virtio_queue *queue = virtio->queue;
    uint16_t used = queue->used_count;
    uint16_t before = (uint16_t)(virtio->count - 1);

    *len = 0;
    if (used == before)
        return VIRTIO_NOTHING;
    *len = queue->used[before % QUEUE_COUNT].len;
    if (used == virtio->count && queue->used[before % QUEUE_COUNT].id == 0 && *len != 0 &&
        *len <= virtio->asked_len)
        return VIRTIO_DONE;
    *len = 0;
    return VIRTIO_BROKEN;
}

uint8_t *virtio_buffer(const struct virtio *virtio)
{
    return virtio->queue->buffer;
}
