/*
 * generator_machine.h - for tests: the kernel around the generators.
 *
 * Processors of our choice, a panic that can be expected, sources that answer as a test wants, and
 * in place of ChaCha20 (tests/unit/random.c) something that keeps what it was seeded with.
 */
#ifndef NONOS_TESTS_GENERATOR_MACHINE_H
#define NONOS_TESTS_GENERATOR_MACHINE_H

#include "abi/handoff.h"
#include "crypto/bytes.h"
#include "crypto/random.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/rdrand.h"
#include "kernel/dev/virtio_rng.h"
#include "kernel/generator.h"
#include "kernel/panic.h"
#include "tests/support/vectors.h"

static struct cpu_features features;
static struct cpu cpus[2];
static uint32_t running;
static jmp_buf panicked;
static uint8_t seed[512];
static size_t seed_len;
static struct random *seeded_last;
static unsigned seed_count;
static int secret_depth;
static size_t longest_piece;

/* What RDRAND and RDSEED answer. */
enum behaviour { LIVELY, STUCK, ONES, ZEROS, SILENT };
static enum behaviour rdrand, rdseed;

static bool answer(enum behaviour behaviour, uint64_t *value)
{
    static uint64_t x = 0x9E3779B97F4A7C15;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *value = behaviour == LIVELY  ? x
             : behaviour == STUCK ? 0x0123456789ABCDEF
             : behaviour == ONES  ? UINT64_MAX
                                  : 0;
    return behaviour != SILENT;
}

bool rdrand_attempt(uint64_t *value)
{
    assert_true(features.rdrand);
    return answer(rdrand, value);
}

bool rdrand_seed_attempt(uint64_t *value)
{
    assert_true(features.rdseed);
    return answer(rdseed, value);
}

/* And the device: whether it has answered, and passes its tests. */
static bool device_answers, device_passes;
static unsigned device_requests;

bool virtio_rng_take(uint64_t words[VIRTIO_RNG_WORD_COUNT])
{
    memset(words, device_answers ? 0xD1 : 0, VIRTIO_RNG_WORD_COUNT * sizeof *words);
    return device_answers && device_passes;
}

void virtio_rng_request(void)
{
    device_requests++;
}

bool virtio_rng_failed(void)
{
    return device_answers && !device_passes;
}

const struct cpu_features *features_get(void)
{
    return &features;
}

struct cpu *cpu_current(void)
{
    return &cpus[running];
}

void panic(const char *format, ...)
{
    (void)format;
    longjmp(panicked, 1);
}

void panic_secret_enter(void)
{
    assert_false(interrupts_are_on());
    secret_depth++;
}

void panic_secret_leave(void)
{
    assert_false(interrupts_are_on());
    secret_depth--;
}

void random_seed(struct random *random, const void *entropy, size_t len, bool credited)
{
    assert_true(secret_depth > 0); /* a panic in here shows no registers */
    assert_in_range(len, 64, sizeof seed);
    memset(seed, 0, sizeof seed);
    memcpy(seed, entropy, len);
    seed_len = len;
    seeded_last = random;
    seed_count++;
    random->seeded = random->seeded || credited;
}

enum nonos_error random_bytes(struct random *random, void *out, size_t len)
{
    assert_true(secret_depth > 0);
    longest_piece = len > longest_piece ? len : longest_piece;
    memset(out, 0xA5, len);
    return random->seeded ? NONOS_OK : NONOS_E_NOT_SEEDED;
}

/* Whether the last seed has these bytes in it. */
static bool seed_contains(const void *bytes, size_t len)
{
    return memmem(seed, seed_len, bytes, len) != nullptr;
}

static bool bytes_panic(void)
{
    uint8_t out[8];

    if (setjmp(panicked) != 0)
        return true;
    generator_bytes(out, sizeof out);
    return false;
}

static int teardown([[maybe_unused]] void **state)
{
    return secret_depth == 0 ? 0 : -1;
}

static void fill(uint8_t entropy[GENERATOR_ENTROPY_LEN])
{
    for (size_t i = 0; i < GENERATOR_ENTROPY_LEN; i++)
        entropy[i] = (uint8_t)(i * 7 + 1);
}

static void init(void)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN];

    fill(entropy);
    assert_int_equal(generator_init(entropy, NONOS_ENTROPY_FIRMWARE), NONOS_OK);
}

static int setup([[maybe_unused]] void **state)
{
    cpus[1].index = 1;
    running = 0;
    rdrand = LIVELY;
    rdseed = LIVELY;
    device_answers = false;
    device_passes = true;
    longest_piece = 0;
    machine_interrupts_are_on = false;
    /* With no memory of a failure, and unseeded. */
    features = (struct cpu_features){.rdrand = true, .rdseed = true};
    init();
    features = (struct cpu_features){};
    generator_wipe();
    device_requests = 0;
    seed_count = 0;
    return 0;
}

/* Each call takes a few bytes. */
static unsigned calls_to_the_next_seed(void)
{
    unsigned before = seed_count;
    unsigned calls = 0;

    for (; seed_count == before; calls++)
        assert_false(bytes_panic());
    return calls;
}

#endif
