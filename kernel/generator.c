#include "kernel/generator.h"

#include "abi/handoff.h"
#include "crypto/bytes.h"
#include "crypto/random.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/rdrand.h"
#include "kernel/dev/virtio_rng.h"
#include "kernel/health.h"
#include "kernel/panic.h"

#include <string.h>

#define WORD_COUNT 8u /* 512 bits from each source */
/* For one word; Intel asks for 10 with RDRAND (SDM vol. 1 §7.3.17). */
#define HARDWARE_ATTEMPTS 64u
#define JITTER_SAMPLES 16u
#define JITTER_ROUNDS_AT_START 16u
/* What is given out at once, and how often before the next seeding: 1 MiB at most. Sooner, if no
 * source counted. */
#define PIECE_LEN 256u
#define PIECES_PER_SEED 4096u
#define PIECES_WITHOUT_SOURCE 256u

/* Everything that goes into one seeding. */
struct pool {
    uint8_t handoff[GENERATOR_ENTROPY_LEN];
    uint64_t rdseed[WORD_COUNT];
    uint64_t rdrand[WORD_COUNT];
    uint64_t jitter[WORD_COUNT];
};
static_assert(sizeof(struct pool) == GENERATOR_ENTROPY_LEN + 3 * WORD_COUNT * 8);

/* Of one processor. */
struct generator {
    struct random random;
    struct health rdseed;
    struct health rdrand;
    uint32_t pieces; /* to give out before the next seeding; 0: it is due */
    bool is_device_due;
};

static struct generator generators[CPU_MAX];
static uint32_t first_sources;

static struct generator *own(void)
{
    return &generators[cpu_current()->index];
}

static bool hardware_word(bool (*attempt)(uint64_t *), uint64_t *word)
{
    for (unsigned i = 0; i < HARDWARE_ATTEMPTS; i++) {
        if (attempt(word))
            return true;
        __asm__ volatile("pause");
    }
    return false;
}

/* Whether all words came, and the source passes its tests. */
static bool hardware_words(bool (*attempt)(uint64_t *), struct health *health,
                           uint64_t words[WORD_COUNT])
{
    for (unsigned i = 0; i < WORD_COUNT; i++) {
        if (!hardware_word(attempt, &words[i]))
            return false;
    }
    health_feed(health, words, WORD_COUNT);
    return health_passes(health);
}

/* Adds to words. How long the same piece of work takes differs by caches, other processors and
 * interrupts of the machine below. How much that is worth nobody knows: it is never counted. */
static void jitter_words(uint64_t words[WORD_COUNT])
{
    volatile uint64_t work[16] = {};
    uint64_t before = control_read_tsc();
    uint64_t now;

    for (unsigned i = 0; i < JITTER_SAMPLES; i++) {
        for (unsigned j = 0; j < 16; j += 1 + (before & 3))
            work[j] = work[j] + before;
        now = control_read_tsc();
        words[i % WORD_COUNT] =
            words[i % WORD_COUNT] << 9 ^ words[i % WORD_COUNT] >> 55 ^ (now - before) ^ now << 32;
        before = now;
    }
}

/* Asks this processor; returns the sources that answered well. */
static uint32_t gather(struct generator *generator, struct pool *pool)
{
    const struct cpu_features *features = features_get();
    uint32_t sources = 0;

    if (features->rdseed && hardware_words(rdrand_seed_attempt, &generator->rdseed, pool->rdseed))
        sources |= NONOS_ENTROPY_RDSEED;
    if (features->rdrand && hardware_words(rdrand_attempt, &generator->rdrand, pool->rdrand))
        sources |= NONOS_ENTROPY_RDRAND;
    jitter_words(pool->jitter);
    return sources;
}

/* Asks this processor and mixes it all in. sources: those that the rest of the pool is from;
 * returns all. */
static uint32_t seed(struct generator *generator, struct pool *pool, uint32_t sources)
{
    sources |= gather(generator, pool);
    random_seed(&generator->random, pool, sizeof *pool, sources != 0);
    bytes_wipe(pool, sizeof *pool);
    generator->pieces = sources != 0 ? PIECES_PER_SEED : PIECES_WITHOUT_SOURCE;
    generator->is_device_due = true;
    return sources;
}

/* The same of the device, which is asked for the next time. */
static uint32_t seed_from_device(struct generator *generator)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];
    bool counts = virtio_rng_take(words);

    if (!bytes_are_zero(words, sizeof words))
        random_seed(&generator->random, words, sizeof words, counts);
    bytes_wipe(words, sizeof words);
    if (counts)
        generator->pieces = PIECES_PER_SEED;
    return counts ? GENERATOR_VIRTIO : 0;
}

/* A source counts after so many good words; they are thrown away. */
static void start_test(bool (*attempt)(uint64_t *), struct health *health)
{
    uint64_t words[WORD_COUNT];

    for (unsigned i = 0; i < HEALTH_START_COUNT / sizeof words; i++)
        (void)hardware_words(attempt, health, words);
    bytes_wipe(words, sizeof words);
}

enum nonos_error generator_init(uint8_t entropy[GENERATOR_ENTROPY_LEN], uint32_t sources)
{
    struct generator *generator = own();
    struct pool pool = {};

    panic_secret_enter();
    if (bytes_are_zero(entropy, GENERATOR_ENTROPY_LEN))
        sources = 0;
    memcpy(pool.handoff, entropy, GENERATOR_ENTROPY_LEN);
    bytes_wipe(entropy, GENERATOR_ENTROPY_LEN);
    if (features_get()->rdseed)
        start_test(rdrand_seed_attempt, &generator->rdseed);
    if (features_get()->rdrand)
        start_test(rdrand_attempt, &generator->rdrand);
    for (unsigned i = 1; i < JITTER_ROUNDS_AT_START; i++)
        jitter_words(pool.jitter);
    first_sources = seed(generator, &pool, sources & NONOS_ENTROPY_ALL);
    first_sources |= seed_from_device(generator);
    panic_secret_leave();
    return first_sources != 0 ? NONOS_OK : NONOS_E_NOT_SEEDED;
}

void generator_prepare(uint32_t index)
{
    uint8_t bytes[GENERATOR_ENTROPY_LEN];
    bool were_on = interrupts_disable();

    panic_secret_enter();
    generator_bytes(bytes, sizeof bytes);
    random_seed(&generators[index].random, bytes, sizeof bytes, true);
    generators[index].pieces = 0;
    bytes_wipe(bytes, sizeof bytes);
    panic_secret_leave();
    interrupts_restore(were_on);
}

static void seed_again(struct generator *generator)
{
    struct pool pool = {};

    (void)seed(generator, &pool, 0);
}

/* One piece of work: mixes in new entropy when that is due, or gives out len bytes. Returns how
 * many it gave. */
static size_t give(uint8_t *out, size_t len)
{
    bool were_on = interrupts_disable();
    struct generator *generator = own();
    enum nonos_error error = NONOS_OK;
    size_t given = 0;

    panic_secret_enter();
    if (!generator->random.seeded) {
        error = NONOS_E_NOT_SEEDED;
    } else if (generator->pieces == 0) {
        seed_again(generator);
    } else if (generator->is_device_due) {
        generator->is_device_due = false;
        (void)seed_from_device(generator);
        virtio_rng_request();
    } else {
        generator->pieces--;
        error = random_bytes(&generator->random, out, len);
        given = len;
    }
    panic_secret_leave();
    /* Out of a state that another processor erased meanwhile, these would be no random bytes. */
    if (!__atomic_load_n(&generator->random.seeded, __ATOMIC_ACQUIRE))
        error = NONOS_E_NOT_SEEDED;
    interrupts_restore(were_on);
    if (error != NONOS_OK) {
        bytes_wipe(out, len);
        panic("random bytes asked for, but there is no seed (NOT_SEEDED, code %d)", (int)error);
    }
    return given;
}

void generator_bytes(void *out, size_t len)
{
    uint8_t *to = out;
    size_t given;

    for (; len > 0; len -= given, to += given)
        given = give(to, len < PIECE_LEN ? len : PIECE_LEN);
}

void generator_collect(void)
{
    panic_secret_enter();
    (void)seed_from_device(own());
    panic_secret_leave();
}

uint32_t generator_sources(void)
{
    return first_sources;
}

const char *generator_source_name(unsigned index)
{
    static const char names[GENERATOR_SOURCE_COUNT][11] = {"firmware", "RDRAND", "RDSEED",
                                                           "virtio-rng"};

    return names[index];
}

uint32_t generator_failed(void)
{
    const struct generator *generator = own();

    return (generator->rdseed.failed ? NONOS_ENTROPY_RDSEED : 0u) |
           (generator->rdrand.failed ? NONOS_ENTROPY_RDRAND : 0u) |
           (virtio_rng_failed() ? GENERATOR_VIRTIO : 0u);
}

void generator_wipe(void)
{
    /* First of all: see give(), which may be under way. */
    for (unsigned i = 0; i < CPU_MAX; i++)
        __atomic_store_n(&generators[i].random.seeded, false, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < CPU_MAX; i++) {
        bytes_wipe(generators[i].random.key, sizeof generators[i].random.key);
        bytes_wipe(generators[i].random.buffer, sizeof generators[i].random.buffer);
    }
}
