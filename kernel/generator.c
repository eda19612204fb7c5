#include "kernel/generator.h"

#include "abi/handoff.h"
#include "crypto/bytes.h"
#include "crypto/random.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/features.h"
#include "kernel/panic.h"

#include <string.h>

#define WORD_COUNT 8u /* 512 bits from each source */
/* For one word; Intel asks for 10 with RDRAND (SDM vol. 1 §7.3.17). */
#define HARDWARE_ATTEMPTS 64u
#define JITTER_SAMPLES 256u

/* Everything that goes into one seeding. */
struct pool {
    uint8_t handoff[GENERATOR_ENTROPY_LEN];
    uint64_t rdseed[WORD_COUNT];
    uint64_t rdrand[WORD_COUNT];
    uint64_t jitter[WORD_COUNT];
};
static_assert(sizeof(struct pool) == GENERATOR_ENTROPY_LEN + 3 * WORD_COUNT * 8);

static struct random generator;
static uint32_t seed_sources;
static uint32_t seed_count;

static bool hardware_word(bool (*attempt)(uint64_t *), uint64_t *word)
{
    for (unsigned i = 0; i < HARDWARE_ATTEMPTS; i++) {
        if (attempt(word))
            return true;
        __asm__ volatile("pause");
    }
    return false;
}

/* Whether all words came and none repeats the one before, or is what broken processors have been
 * seen to answer with success: all ones, all zeros. */
static bool hardware_words(bool (*attempt)(uint64_t *), uint64_t words[WORD_COUNT])
{
    bool good = true;

    for (unsigned i = 0; i < WORD_COUNT; i++) {
        if (!hardware_word(attempt, &words[i]))
            return false;
        if (words[i] == 0 || words[i] == UINT64_MAX || (i > 0 && words[i] == words[i - 1]))
            good = false;
    }
    return good;
}

/* How long the same piece of work takes differs by caches, other processors and interrupts of the
 * machine below. How much that is worth nobody knows: it is never counted. */
static void jitter_words(uint64_t words[WORD_COUNT])
{
    volatile uint64_t work[64] = {};
    uint64_t before = control_read_tsc();
    uint64_t now;

    for (unsigned i = 0; i < JITTER_SAMPLES; i++) {
        for (unsigned j = 0; j < 64; j += 1 + (before & 3))
            work[j] = work[j] + before;
        now = control_read_tsc();
        words[i % WORD_COUNT] =
            words[i % WORD_COUNT] << 9 ^ words[i % WORD_COUNT] >> 55 ^ (now - before) ^ now << 32;
        before = now;
    }
}

/* Asks this processor; returns the sources that answered well. */
static uint32_t gather(struct pool *pool)
{
    const struct cpu_features *features = features_get();
    uint32_t sources = 0;

    if (features->rdseed && hardware_words(control_rdseed, pool->rdseed))
        sources |= NONOS_ENTROPY_RDSEED;
    if (features->rdrand && hardware_words(control_rdrand, pool->rdrand))
        sources |= NONOS_ENTROPY_RDRAND;
    jitter_words(pool->jitter);
    return sources;
}

/* Asks this processor and mixes it all in; sources: those that the rest of the pool is from. */
static uint32_t seed(struct pool *pool, uint32_t sources)
{
    sources |= gather(pool);
    random_seed(&generator, pool, sizeof *pool, sources != 0);
    bytes_wipe(pool, sizeof *pool);
    if (sources != 0)
        seed_count++;
    return sources;
}

enum nonos_error generator_init(uint8_t entropy[GENERATOR_ENTROPY_LEN], uint32_t sources)
{
    struct pool pool = {};

    panic_secret_enter();
    if (bytes_are_zero(entropy, GENERATOR_ENTROPY_LEN))
        sources = 0;
    memcpy(pool.handoff, entropy, GENERATOR_ENTROPY_LEN);
    bytes_wipe(entropy, GENERATOR_ENTROPY_LEN);
    seed_sources = seed(&pool, sources & NONOS_ENTROPY_ALL);
    panic_secret_leave();
    return seed_sources != 0 ? NONOS_OK : NONOS_E_NOT_SEEDED;
}

void generator_bytes(void *out, size_t len)
{
    struct pool pool = {};
    enum nonos_error error;

    panic_secret_enter();
    if (generator.seeded && random_wants_seed(&generator))
        (void)seed(&pool, 0);
    error = random_bytes(&generator, out, len);
    panic_secret_leave();
    if (error != NONOS_OK)
        panic("random bytes asked for, but there is no seed (NOT_SEEDED, code %d)", (int)error);
}

uint32_t generator_sources(void)
{
    return seed_sources;
}

uint32_t generator_seed_count(void)
{
    return seed_count;
}

void generator_wipe(void)
{
    bytes_wipe(&generator, sizeof generator);
}
