#include "kernel/dev/virtio_rng.c" // NOLINT(bugprone-suspicious-include)

#include "tests/support/vectors.h"
#include "tests/support/virtio_machine.h"

/* Included, so that each test begins with a driver that knows nothing yet. */

static unsigned collected;
static interrupts_handler *handler;
static bool no_vector_is_left;

void generator_collect(void)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    collected += virtio_rng_take(words);
}

enum nonos_error interrupts_claim(interrupts_handler *wanted, [[maybe_unused]] void *context,
                                  unsigned *vector)
{
    handler = wanted;
    *vector = no_vector_is_left ? 0 : 0x31;
    return no_vector_is_left ? NONOS_E_NO_MEMORY : NONOS_OK;
}

struct interrupts_message interrupts_message(unsigned vector)
{
    return (struct interrupts_message){.address = 0xFEE07000, .data = vector};
}

/* So fast that a step of waiting is the 250,000th part of all of it. */
static uint64_t read_tsc(void)
{
    static uint64_t tsc;

    return tsc += WAIT_COUNTS / 250000;
}

static int setup([[maybe_unused]] void **state)
{
    memset(&rng, 0, sizeof rng);
    machine_read_tsc = read_tsc;
    collected = 0;
    handler = nullptr;
    no_vector_is_left = false;
    return 0;
}

/* On each kind of machine. */
static void put(unsigned machine, enum fake_fault fault)
{
    memset(&rng, 0, sizeof rng);
    if (machine == 0)
        fake_on_pci(fault);
    else
        fake_in_memory(fault, machine);
}
#define MACHINE_COUNT 3u

static void let_it_work(void)
{
    for (unsigned i = 0; i < 10; i++)
        fake_answer();
}

static void test_a_good_device_passes_and_its_answer_is_there([[maybe_unused]] void **state)
{
    for (unsigned machine = 0; machine < MACHINE_COUNT; machine++) {
        uint64_t first[VIRTIO_RNG_WORD_COUNT];
        uint64_t second[VIRTIO_RNG_WORD_COUNT];

        put(machine, FAKE_KEEPS_THE_RULES);
        virtio_rng_init();
        assert_false(virtio_rng_failed());
        assert_int_equal(fake.answers, 17); /* 1024 bytes for the tests, and the first answer */
        assert_true(virtio_rng_take(first));
        assert_false(bytes_are_zero(first, sizeof first));
        /* Nothing more until it is asked, and each time something else. */
        assert_false(virtio_rng_take(second));
        assert_true(bytes_are_zero(second, sizeof second));
        virtio_rng_request();
        virtio_rng_request();
        assert_false(virtio_rng_take(second));
        let_it_work();
        assert_int_equal(fake.answers, 18);
        assert_true(virtio_rng_take(second));
        assert_memory_not_equal(first, second, sizeof first);
    }
}

static void test_no_answer_stays_in_the_memory_of_the_queue([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    put(0, FAKE_KEEPS_THE_RULES);
    virtio_rng_init();
    assert_non_null(memmem(fake_memory, sizeof fake_memory, virtio_buffer(&rng.virtio), 64));
    assert_true(virtio_rng_take(words));
    assert_null(memmem(fake_memory, sizeof fake_memory, words, 8));
}

static void test_a_late_answer_is_waited_for([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    put(0, FAKE_KEEPS_THE_RULES);
    fake.delay = 10000;
    virtio_rng_init();
    assert_true(virtio_rng_take(words));
}

/* One that is too slow at the start is named, and counts as soon as it has given 1024 bytes. */
static void test_a_slow_device_counts_later([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    put(0, FAKE_KEEPS_THE_RULES);
    fake.delay = 100000;
    virtio_rng_init();
    assert_true(virtio_rng_failed());
    assert_int_equal(fake.answers, 2);
    fake.delay = 0;
    for (unsigned i = 0; i < 13; i++) {
        let_it_work();
        assert_false(virtio_rng_take(words));
        assert_false(bytes_are_zero(words, sizeof words)); /* mixed in, at least */
        virtio_rng_request();
    }
    assert_true(virtio_rng_failed());
    let_it_work();
    assert_true(virtio_rng_take(words));
    assert_false(virtio_rng_failed());
}

static void test_a_silent_device_is_given_up_for_now([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    for (unsigned machine = 0; machine < MACHINE_COUNT; machine++) {
        put(machine, FAKE_IS_SILENT);
        virtio_rng_init();
        assert_true(virtio_rng_failed());
        assert_false(virtio_rng_take(words));
        assert_true(bytes_are_zero(words, sizeof words));
    }
}

static void
test_a_device_that_breaks_the_rules_is_reset_and_not_asked_again([[maybe_unused]] void **state)
{
    static const enum fake_fault faults[] = {FAKE_ANSWERS_NOTHING, FAKE_ANSWERS_TOO_MUCH,
                                             FAKE_ANSWERS_HUGE,    FAKE_ANSWERS_TWICE,
                                             FAKE_ANSWERS_OTHERS,  FAKE_GOES_BACK};

    for (unsigned i = 0; i < MACHINE_COUNT * sizeof faults / sizeof faults[0]; i++) {
        uint64_t words[VIRTIO_RNG_WORD_COUNT];

        put(i % MACHINE_COUNT, faults[i / MACHINE_COUNT]);
        virtio_rng_init();
        assert_true(virtio_rng_failed());
        assert_int_equal(fake.status, 0);
        assert_int_equal(fake.resets, 2);
        fake.fault = FAKE_KEEPS_THE_RULES;
        fake.notified = 0;
        virtio_rng_request();
        assert_int_equal(fake.notified, 0);
        assert_false(virtio_rng_take(words));
        assert_true(bytes_are_zero(words, sizeof words));
    }
}

/* The same from a device that was good at the start. */
static void test_a_device_that_breaks_the_rules_later_does_not_count([[maybe_unused]] void **state)
{
    for (enum fake_fault fault = FAKE_ANSWERS_NOTHING; fault <= FAKE_GOES_BACK; fault++) {
        uint64_t words[VIRTIO_RNG_WORD_COUNT];

        put(0, FAKE_KEEPS_THE_RULES);
        virtio_rng_init();
        assert_true(virtio_rng_take(words));
        fake.fault = fault;
        virtio_rng_request();
        let_it_work();
        assert_false(virtio_rng_take(words));
        assert_true(bytes_are_zero(words, sizeof words));
        assert_true(virtio_rng_failed());
        assert_int_equal(fake.status, 0);
    }
}

static void
test_an_answer_that_nobody_asked_for_is_found_at_the_next_request([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    put(0, FAKE_KEEPS_THE_RULES);
    virtio_rng_init();
    assert_true(virtio_rng_take(words));
    fake_store16(fake.used + 2, (uint16_t)(fake.answered + 1));
    virtio_rng_request();
    assert_true(virtio_rng_failed());
    assert_int_equal(fake.status, 0);
}

static void test_short_answers_add_up_but_are_no_seed([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    put(0, FAKE_ANSWERS_SHORT);
    virtio_rng_init();
    assert_false(virtio_rng_failed()); /* of 24 bytes each */
    assert_int_equal(fake.answers, 43 + 1);
    assert_false(virtio_rng_take(words));
    assert_false(bytes_are_zero(words, 24));
    assert_true(bytes_are_zero(words + 3, 40));
}

static void test_a_stuck_device_does_not_count([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    put(0, FAKE_IS_STUCK);
    virtio_rng_init();
    assert_true(virtio_rng_failed());
    assert_false(virtio_rng_take(words));
    put(0, FAKE_KEEPS_THE_RULES);
    virtio_rng_init();
    fake.fault = FAKE_IS_STUCK;
    assert_true(virtio_rng_take(words));
    for (unsigned i = 0; i < 2; i++) {
        virtio_rng_request();
        let_it_work();
        (void)virtio_rng_take(words);
    }
    assert_true(virtio_rng_failed());
}

static void test_without_a_device_nothing_is_asked_for([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    put(0, FAKE_KEEPS_THE_RULES);
    fake.config[0] = 0x10001AF4; /* another device */
    virtio_rng_init();
    virtio_rng_use_interrupt();
    virtio_rng_request();
    assert_false(virtio_rng_take(words));
    assert_false(virtio_rng_failed()); /* there is none that could */
    assert_int_equal(fake.resets, 0);
    assert_null(handler);
}

static void test_whoever_comes_while_another_is_at_it_gets_nothing([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    put(0, FAKE_KEEPS_THE_RULES);
    virtio_rng_init();
    rng.is_taken = true;
    memset(words, 0xA5, sizeof words);
    assert_false(virtio_rng_take(words));
    assert_true(bytes_are_zero(words, sizeof words));
    rng.is_taken = false;
    assert_true(virtio_rng_take(words));
    rng.is_taken = true;
    fake.notified = 0;
    virtio_rng_request();
    assert_int_equal(fake.notified, 0);
}

static void test_an_answer_interrupts_who_asked([[maybe_unused]] void **state)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    put(0, FAKE_KEEPS_THE_RULES);
    virtio_rng_init();
    assert_int_equal(fake.msix[3], 1);                /* masked */
    assert_int_equal(fake_load16(fake.available), 1); /* and not wanted */
    virtio_rng_use_interrupt();
    assert_int_equal(fake_load16(fake.available), 0);
    assert_true(virtio_rng_take(words));
    virtio_rng_request();
    assert_int_equal(fake.msix[0], 0xFEE07000);
    assert_int_equal(fake.msix[1], 0);
    assert_int_equal(fake.msix[2], 0x31);
    assert_int_equal(fake.msix[3], 0);
    let_it_work();
    handler(nullptr);
    handler(nullptr); /* one too many */
    assert_int_equal(collected, 1);
}

static void test_without_a_vector_the_device_is_polled([[maybe_unused]] void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        uint64_t words[VIRTIO_RNG_WORD_COUNT];

        put(0, i == 0 ? FAKE_HAS_NO_VECTOR : FAKE_KEEPS_THE_RULES);
        no_vector_is_left = i == 1;
        virtio_rng_init();
        virtio_rng_use_interrupt();
        assert_true(virtio_rng_take(words));
        assert_int_equal(fake_load16(fake.available), 1);
        virtio_rng_request();
        assert_int_equal(fake.msix[3], 1);
        let_it_work();
        assert_true(virtio_rng_take(words));
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_good_device_passes_and_its_answer_is_there),
        TEST(test_no_answer_stays_in_the_memory_of_the_queue),
        TEST(test_a_late_answer_is_waited_for),
        TEST(test_a_slow_device_counts_later),
        TEST(test_a_silent_device_is_given_up_for_now),
        TEST(test_a_device_that_breaks_the_rules_is_reset_and_not_asked_again),
        TEST(test_a_device_that_breaks_the_rules_later_does_not_count),
        TEST(test_an_answer_that_nobody_asked_for_is_found_at_the_next_request),
        TEST(test_short_answers_add_up_but_are_no_seed),
        TEST(test_a_stuck_device_does_not_count),
        TEST(test_without_a_device_nothing_is_asked_for),
        TEST(test_whoever_comes_while_another_is_at_it_gets_nothing),
        TEST(test_an_answer_interrupts_who_asked),
        TEST(test_without_a_vector_the_device_is_polled),
    };

    return cmocka_run_group_tests_name("virtio_rng", tests, nullptr, nullptr);
}
