#include "kernel/dev/virtio_rng.h"

#include "crypto/bytes.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupts.h"
#include "kernel/cpu/io.h"
#include "kernel/dev/msix.h"
#include "kernel/dev/platform.h"
#include "kernel/dev/virtio.h"
#include "kernel/generator.h"
#include "kernel/health.h"

#include <stdatomic.h>
#include <string.h>

/* virtio 1.2 §5.4, and on PCI §4.1.2. */
#define TYPE 4u
#define PCI_DEVICE 0x1044u
#define PCI_DEVICE_TRANSITIONAL 0x1005u

/* For all waits of the start together, before the clock's rate is known: a second or two, as a host
 * that is busy serves its devices late. An access to this port takes a fraction of a microsecond or
 * more. */
#define POST_PORT 0x80u
#define WAIT_COUNTS (UINT64_C(1) << 32) /* of the time stamp counter */
#define WAIT_STEPS (UINT32_C(1) << 24)  /* should it stand still */
/* Answers of less than was asked for are allowed (§5.4.6.1); so many of them are not waited for. */
#define START_ANSWERS_MAX 128u

static struct {
    bool is_found;
    bool is_used; /* found, and has not broken the rules */
    bool is_asked;
    unsigned vector;       /* 0: polled */
    _Atomic bool is_taken; /* by a processor, for the moment */
    struct virtio virtio;
    struct health health;
} rng;

static void give_up(void)
{
    virtio_stop(&rng.virtio);
    rng.is_used = false;
    rng.health = (struct health){};
}

static void ask(void)
{
    if (rng.is_used && !rng.is_asked) {
        if (rng.vector != 0)
            msix_set(rng.virtio.msix, interrupts_message(rng.vector));
        rng.is_asked = virtio_ask(&rng.virtio, VIRTIO_RNG_WORD_COUNT * sizeof(uint64_t));
        if (!rng.is_asked)
            give_up();
    }
}

/* The answer, if it is there. What the device may still change is copied once. */
static bool receive(uint64_t words[VIRTIO_RNG_WORD_COUNT], uint32_t *len)
{
    enum virtio_answer answer = VIRTIO_NOTHING;

    if (rng.is_used && rng.is_asked)
        answer = virtio_poll(&rng.virtio, len);
    if (answer == VIRTIO_BROKEN)
        give_up();
    if (answer != VIRTIO_DONE)
        return false;
    rng.is_asked = false;
    memcpy(words, virtio_buffer(&rng.virtio), *len);
    bytes_wipe(virtio_buffer(&rng.virtio), *len);
    health_feed(&rng.health, words, *len / sizeof *words);
    return true;
}

static bool find(void)
{
    const struct platform *platform = platform_get();

    if (virtio_find_pci(PCI_DEVICE, PCI_DEVICE_TRANSITIONAL, &rng.virtio))
        return true;
    for (uint32_t i = 0; i < platform->virtio_count; i++) {
        if (virtio_find_mmio(TYPE, platform->virtio_paddrs[i], &rng.virtio))
            return true;
    }
    return false;
}

/* Takes answers until the device passes, and waits for one more, which is the generator's. */
static void run_start_test(void)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];
    uint64_t begin = control_read_tsc();
    uint32_t len;
    unsigned answers = 0;

    ask();
    for (uint32_t i = 0; i < WAIT_STEPS && answers < START_ANSWERS_MAX; i++) {
        if (!rng.is_used || rng.health.failed || control_read_tsc() - begin > WAIT_COUNTS)
            break;
        io_write_8(POST_PORT, 0);
        if (virtio_poll(&rng.virtio, &len) == VIRTIO_NOTHING)
            continue;
        if (health_passes(&rng.health))
            break;
        answers += receive(words, &len);
        ask();
    }
    bytes_wipe(words, sizeof words);
}

void virtio_rng_init(void)
{
    rng.is_found = find();
    rng.is_used = rng.is_found && virtio_start(&rng.virtio);
    run_start_test();
}

static void handle_interrupt([[maybe_unused]] void *context)
{
    generator_collect();
}

void virtio_rng_use_interrupt(void)
{
    if (rng.is_used && rng.virtio.msix != nullptr &&
        interrupts_claim(handle_interrupt, nullptr, &rng.vector) == NONOS_OK)
        virtio_use_interrupt(&rng.virtio);
}

bool virtio_rng_take(uint64_t words[VIRTIO_RNG_WORD_COUNT])
{
    uint32_t len;
    bool is_whole = false;

    memset(words, 0, VIRTIO_RNG_WORD_COUNT * sizeof *words);
    if (!atomic_exchange(&rng.is_taken, true)) {
        is_whole = receive(words, &len) && len == sizeof(uint64_t) * VIRTIO_RNG_WORD_COUNT &&
                   health_passes(&rng.health);
        rng.is_taken = false;
    }
    return is_whole;
}

void virtio_rng_request(void)
{
    if (!atomic_exchange(&rng.is_taken, true)) {
        ask();
        rng.is_taken = false;
    }
}

bool virtio_rng_failed(void)
{
    return rng.is_found && !health_passes(&rng.health);
}
