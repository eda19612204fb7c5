/*
 * fake_virtio.h - for tests: a virtio device that keeps the rules (virtio 1.2) or breaks those that
 * the test wants; tests/support/virtio_machine.h puts it into a machine.
 *
 * It works when it is waited for (fake_answer), one step a time. What the driver does
 * wrong ends the program: registers that there are none of, of another width, in another order,
 * buffers outside of the memory that was given to the queue.
 */
#ifndef NONOS_TESTS_FAKE_VIRTIO_H
#define NONOS_TESTS_FAKE_VIRTIO_H

#include "crypto/bytes.h"
#include "kernel/dev/platform.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/paging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_ECAM UINT64_C(0xB0000000)
#define FAKE_MMIO UINT64_C(0xFEB00200)
#define FAKE_COMMON UINT64_C(0xFE000000)
#define FAKE_NOTIFY UINT64_C(0xFE003000)
#define FAKE_NOTIFY_OFFSET 3u /* of queue 0 */
#define FAKE_NOTIFY_MULTIPLIER 4u
#define FAKE_MSIX UINT64_C(0xFE008000)
#define FAKE_ADDRESS (2u << 3) /* on PCI */
#define FAKE_MEMORY UINT64_C(0x200000)
#define FAKE_MEMORY_LEN 0x2000u

enum fake_fault {
    FAKE_KEEPS_THE_RULES,
    FAKE_IS_SILENT,
    FAKE_ANSWERS_SHORT,    /* 24 bytes */
    FAKE_ANSWERS_NOTHING,  /* 0 bytes, which is not allowed */
    FAKE_ANSWERS_TOO_MUCH, /* says a byte more than there is room for */
    FAKE_ANSWERS_HUGE,     /* says 4 GiB - 1 */
    FAKE_ANSWERS_TWICE,    /* one count more than it was asked */
    FAKE_ANSWERS_OTHERS,   /* a buffer that it was not given */
    FAKE_GOES_BACK,        /* its count goes down */
    FAKE_IS_STUCK,         /* always the same bytes */
    FAKE_NEVER_RESETS,
    FAKE_HAS_NO_VERSION_1,
    FAKE_WANTS_MORE_FEATURES, /* takes back FEATURES_OK */
    FAKE_HAS_NO_QUEUE,
    FAKE_HAS_NO_VECTOR,
};

static struct fake {
    enum fake_fault fault;
    unsigned delay; /* steps before an answer */
    bool is_mmio;
    uint32_t version;    /* of MMIO */
    uint32_t config[64]; /* of PCI */
    struct platform platform;
    bool no_memory;

    uint32_t status, feature_select, accept_select, accepted[2];
    uint32_t queue_select, queue_count, queue_ready, queue_vector;
    uint64_t descriptors, available, used;
    uint32_t page_len, alignment;
    uint32_t msix[4];
    uint16_t taken, answered;
    unsigned notified, waited, resets, answers;
} fake;

alignas(4096) static uint8_t fake_memory[FAKE_MEMORY_LEN];

#define fake_require(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: the driver breaks: %s\n", __FILE__, __LINE__, #condition);     \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

void *direct_map_at(paddr_t paddr)
{
    fake_require(paddr >= FAKE_MEMORY && paddr < FAKE_MEMORY + FAKE_MEMORY_LEN);
    return fake_memory + (paddr - FAKE_MEMORY);
}

/* The device ---------------------------------------------------------------------------------- */
static void fake_reset(void)
{
    fake.resets++;
    fake.status = fake.fault == FAKE_NEVER_RESETS ? 0x40 : 0;
    fake.queue_ready = 0;
    fake.queue_vector = 0xFFFF;
    fake.taken = 0;
    fake.answered = 0;
    fake.notified = 0;
    fake.accepted[0] = fake.accepted[1] = 0;
}

static void fake_set_status(uint32_t value)
{
    if (value == 0) {
        fake_reset();
        return;
    }
    fake_require((value & fake.status & 0x0F) == (fake.status & 0x0F)); /* §2.1: bits stay set */
    if ((value & 8) != 0 && fake.fault == FAKE_WANTS_MORE_FEATURES)
        value &= ~8u;
    if ((value & 4) != 0)
        fake_require(fake.queue_ready == 1 && (fake.version == 1 || (value & 8) != 0));
    fake.status = value;
}

static void fake_fill(uint8_t *bytes, uint32_t len)
{
    static uint64_t x = 0x9E3779B97F4A7C15;

    for (uint32_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        bytes[i] = fake.fault == FAKE_IS_STUCK ? (uint8_t)(i * 7) : (uint8_t)(x >> 32);
    }
}

static void fake_store16(uint64_t paddr, uint16_t value)
{
    memcpy(direct_map_at(paddr), &value, sizeof value);
}

static uint16_t fake_load16(uint64_t paddr)
{
    uint16_t value;

    memcpy(&value, direct_map_at(paddr), sizeof value);
    return value;
}

/* §2.7.8: what the length in the used ring says, and what is written before. */
static void fake_put_answer(uint16_t head, uint64_t paddr, uint32_t len)
{
    uint64_t entry = fake.used + 4 + 8 * (fake.answered % fake.queue_count);
    uint32_t said = len;

    if (fake.fault == FAKE_ANSWERS_SHORT)
        said = len = len < 24 ? len : 24;
    if (fake.fault == FAKE_ANSWERS_NOTHING)
        said = len = 0;
    if (fake.fault == FAKE_ANSWERS_TOO_MUCH)
        said = len + 1;
    if (fake.fault == FAKE_ANSWERS_HUGE)
        said = UINT32_MAX;
    fake_fill(direct_map_at(paddr), len);
    store_le32(direct_map_at(entry), fake.fault == FAKE_ANSWERS_OTHERS ? head + 1u : head);
    store_le32(direct_map_at(entry + 4), said);
    fake.answered++;
    fake.answered += fake.fault == FAKE_ANSWERS_TWICE;
    fake.answered -= fake.fault == FAKE_GOES_BACK ? 2 : 0;
    fake_store16(fake.used + 2, fake.answered);
    fake.answers++;
}

static void fake_answer(void)
{
    uint16_t head;
    const uint8_t *descriptor;
    uint64_t paddr;
    uint32_t len;

    if (fake.notified == 0 || (fake.status & 4) == 0 || fake.fault == FAKE_IS_SILENT ||
        fake.taken == fake_load16(fake.available + 2) || fake.waited++ < fake.delay)
        return;
    fake.waited = 0;
    head = fake_load16(fake.available + 4 + 2 * (fake.taken++ % fake.queue_count));
    fake_require(head < fake.queue_count);
    descriptor = direct_map_at(fake.descriptors + 16 * (uint64_t)head);
    paddr = load_le64(descriptor);
    len = load_le32(descriptor + 8);
    fake_require(descriptor[12] == 2 && descriptor[13] == 0); /* written by the device, no chain */
    fake_require(len > 0 && len <= FAKE_MEMORY_LEN && paddr >= FAKE_MEMORY &&
                 paddr - FAKE_MEMORY <= FAKE_MEMORY_LEN - len);
    fake_put_answer(head, paddr, len);
}

/* Registers ------------------------------------------------------------------------------------ */
enum fake_register {
    FAKE_NONE,
    FAKE_STATUS,
    FAKE_FEATURE_SELECT,
    FAKE_FEATURE,
    FAKE_ACCEPT_SELECT,
    FAKE_ACCEPT,
    FAKE_QUEUE_SELECT,
    FAKE_QUEUE_COUNT,
    FAKE_QUEUE_READY,
    FAKE_QUEUE_VECTOR,
    FAKE_DESCRIPTORS, /* and its upper half after it */
    FAKE_DESCRIPTORS_HIGH,
    FAKE_AVAILABLE,
    FAKE_AVAILABLE_HIGH,
    FAKE_USED,
    FAKE_USED_HIGH,
    FAKE_QUEUE_MAX,
    FAKE_KICK,
    FAKE_KICK_OFFSET,
    FAKE_MAGIC,
    FAKE_VERSION,
    FAKE_TYPE,
    FAKE_PAGE_LEN,
    FAKE_ALIGNMENT,
    FAKE_PAGE,
};

struct fake_place {
    uint8_t at, width, name;
};

/* §4.1.4.3. */
static const struct fake_place fake_common[] = {{0, 4, FAKE_FEATURE_SELECT},
                                                {4, 4, FAKE_FEATURE},
                                                {8, 4, FAKE_ACCEPT_SELECT},
                                                {12, 4, FAKE_ACCEPT},
                                                {20, 1, FAKE_STATUS},
                                                {22, 2, FAKE_QUEUE_SELECT},
                                                {24, 2, FAKE_QUEUE_COUNT},
                                                {26, 2, FAKE_QUEUE_VECTOR},
                                                {28, 2, FAKE_QUEUE_READY},
                                                {30, 2, FAKE_KICK_OFFSET},
                                                {32, 4, FAKE_DESCRIPTORS},
                                                {36, 4, FAKE_DESCRIPTORS_HIGH},
                                                {40, 4, FAKE_AVAILABLE},
                                                {44, 4, FAKE_AVAILABLE_HIGH},
                                                {48, 4, FAKE_USED},
                                                {52, 4, FAKE_USED_HIGH},
                                                {0, 0, FAKE_NONE}};

/* §4.2.2, and §4.2.4 for version 1. */
static const struct fake_place fake_mmio[] = {{0x00, 4, FAKE_MAGIC},
                                              {0x04, 4, FAKE_VERSION},
                                              {0x08, 4, FAKE_TYPE},
                                              {0x10, 4, FAKE_FEATURE},
                                              {0x14, 4, FAKE_FEATURE_SELECT},
                                              {0x20, 4, FAKE_ACCEPT},
                                              {0x24, 4, FAKE_ACCEPT_SELECT},
                                              {0x28, 4, FAKE_PAGE_LEN},
                                              {0x30, 4, FAKE_QUEUE_SELECT},
                                              {0x34, 4, FAKE_QUEUE_MAX},
                                              {0x38, 4, FAKE_QUEUE_COUNT},
                                              {0x3C, 4, FAKE_ALIGNMENT},
                                              {0x40, 4, FAKE_PAGE},
                                              {0x44, 4, FAKE_QUEUE_READY},
                                              {0x50, 4, FAKE_KICK},
                                              {0x70, 4, FAKE_STATUS},
                                              {0x80, 4, FAKE_DESCRIPTORS},
                                              {0x84, 4, FAKE_DESCRIPTORS_HIGH},
                                              {0x90, 4, FAKE_AVAILABLE},
                                              {0x94, 4, FAKE_AVAILABLE_HIGH},
                                              {0xA0, 4, FAKE_USED},
                                              {0xA4, 4, FAKE_USED_HIGH},
                                              {0, 0, FAKE_NONE}};

static enum fake_register fake_find(const struct fake_place *place, uint64_t at, unsigned width)
{
    while (place->width != 0 && (place->at != at || place->width != width))
        place++;
    return (enum fake_register)place->name;
}

static uint32_t fake_queue_max(void)
{
    return fake.queue_select != 0 || fake.fault == FAKE_HAS_NO_QUEUE ? 0 : 256;
}

static uint32_t fake_read(enum fake_register name)
{
    switch ((int)name) {
    case FAKE_STATUS:
        return fake.status;
    case FAKE_FEATURE: /* all of them, for a driver that takes what it does not know */
        return fake.feature_select == 1 && fake.fault == FAKE_HAS_NO_VERSION_1 ? ~1u : ~0u;
    case FAKE_QUEUE_MAX:
        return fake_queue_max();
    case FAKE_QUEUE_COUNT:
        fake_require(!fake.is_mmio);
        return fake_queue_max();
    case FAKE_QUEUE_VECTOR:
        return fake.fault == FAKE_HAS_NO_VECTOR ? 0xFFFF : fake.queue_vector;
    case FAKE_KICK_OFFSET:
        return FAKE_NOTIFY_OFFSET;
    case FAKE_MAGIC:
        return 0x74726976;
    case FAKE_VERSION:
        return fake.version;
    case FAKE_TYPE:
        return 4;
    default:
        fake_require(name == FAKE_STATUS); /* none other can be read */
        return 0;
    }
}

static void fake_put(uint64_t *value, unsigned half, uint32_t word)
{
    fake_require(fake.queue_select == 0 && fake.queue_ready == 0 && fake.version != 1);
    *value = half == 0 ? (*value & ~(uint64_t)UINT32_MAX) | word
                       : (*value & UINT32_MAX) | (uint64_t)word << 32;
}

/* Version 1 has one address for all, and the rest where §2.7.2 puts it. */
static void fake_put_page(uint32_t page)
{
    fake_require(fake.version == 1 && fake.page_len == 4096 && fake.alignment == 4096);
    fake.descriptors = (uint64_t)page * fake.page_len;
    fake.available = fake.descriptors + 16 * (uint64_t)fake.queue_count;
    fake.used = (fake.available + 6 + 2 * (uint64_t)fake.queue_count + 4095) & ~UINT64_C(4095);
    fake.queue_ready = page != 0;
}

static void fake_write(enum fake_register name, uint32_t value)
{
    if (name == FAKE_STATUS) {
        fake_set_status(value);
        return;
    }
    switch ((int)name) {
    case FAKE_FEATURE_SELECT:
        fake.feature_select = value;
        return;
    case FAKE_ACCEPT_SELECT:
        fake.accept_select = value;
        return;
    case FAKE_ACCEPT:
        fake_require(fake.accept_select < 2 && (fake.status & 8) == 0);
        fake_require(value == (fake.accept_select == 1 ? 1 : 0));
        fake.accepted[fake.accept_select] = value;
        return;
    case FAKE_QUEUE_SELECT:
        fake.queue_select = value;
        return;
    case FAKE_QUEUE_COUNT:
        fake_require(value >= 1 && value <= 256 && (value & (value - 1)) == 0);
        fake.queue_count = value;
        return;
    case FAKE_QUEUE_READY:
        fake_require(value == 1 && fake.accepted[1] == 1 && fake.version != 1);
        fake.queue_ready = value;
        return;
    case FAKE_QUEUE_VECTOR:
        fake.queue_vector = value;
        return;
    case FAKE_PAGE_LEN:
        fake.page_len = value;
        return;
    case FAKE_ALIGNMENT:
        fake.alignment = value;
        return;
    case FAKE_PAGE:
        fake_put_page(value);
        return;
    case FAKE_KICK:
        fake_require(value == 0 && (fake.status & 4) != 0);
        fake.notified++;
        return;
    default:
        break;
    }
    fake_require(name >= FAKE_DESCRIPTORS && name <= FAKE_USED_HIGH);
    fake_put(name < FAKE_AVAILABLE ? &fake.descriptors
             : name < FAKE_USED    ? &fake.available
                                   : &fake.used,
             (unsigned)(name - FAKE_DESCRIPTORS) % 2, value);
}

#endif
