/* Random bytes on two processors, and a device whose answers are interrupts. */
#include "tests/guest/guest.h"

#include "crypto/bytes.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/dev/clock.h"
#include "kernel/dev/virtio_rng.h"
#include "kernel/generator.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"

#define MS UINT64_C(1000000)
#define ANSWER_NS (500 * MS) /* far more than the device ever took */
#define CALL_COUNT 20000u    /* some seedings */
#define BYTES_LEN 32u

static uint64_t words[VIRTIO_RNG_WORD_COUNT];

static void request(void)
{
    bool were_on = interrupts_disable();

    virtio_rng_request();
    interrupts_restore(were_on);
}

static bool take(void)
{
    bool were_on = interrupts_disable();
    bool counts = virtio_rng_take(words);

    interrupts_restore(were_on);
    return counts;
}

static void test_device_is_the_source(void)
{
    CHECK(generator_sources() == GENERATOR_VIRTIO);
    CHECK(generator_failed() == 0);
}

/* Nobody asked for it: the interrupt has taken it to the generator, and one answer is one
 * interrupt. */
static void test_interrupt_takes_the_answer(void)
{
    (void)take(); /* the boot's, from before there were interrupts */
    request();
    thread_sleep_until(clock_now_ns() + ANSWER_NS);
    CHECK(!take());
    CHECK(bytes_are_zero(words, sizeof words));
}

static void test_answer_waits_while_interrupts_are_off(void)
{
    bool were_on = interrupts_disable();
    uint64_t end = clock_now_ns() + ANSWER_NS;

    virtio_rng_request();
    while (clock_now_ns() < end)
        __builtin_ia32_pause();
    CHECK(virtio_rng_take(words));
    CHECK(!bytes_are_zero(words, sizeof words));
    interrupts_restore(were_on);
    CHECK(!take());
}

static struct event done;
static uint8_t last[2][BYTES_LEN];

/* Prime lengths, so that calls end anywhere in what the generator has in store. */
static void draw(void *argument)
{
    uint8_t *out = argument;
    uint8_t bytes[1009];

    for (unsigned i = 0; i < CALL_COUNT; i++)
        generator_bytes(bytes, i % 16 == 0 ? sizeof bytes : 7);
    generator_bytes(out, BYTES_LEN);
    event_signal(&done);
}

static void test_processors_draw_at_once_and_differ(void)
{
    done = EVENT_INIT;
    CHECK(cpu_count() == 2);
    for (uint32_t i = 0; i < 2; i++) {
        struct thread *thread;
        const struct thread_request wanted = {.name = "draw",
                                              .function = draw,
                                              .argument = last[i],
                                              .priority = THREAD_PRIORITY_NORMAL,
                                              .cpu = cpu_get(i)};

        CHECK(thread_create(&wanted, &thread) == NONOS_OK);
    }
    event_wait(&done);
    event_wait(&done);
    CHECK(!bytes_are_zero(last[0], BYTES_LEN));
    CHECK(!bytes_are_zero(last[1], BYTES_LEN));
    CHECK(!bytes_equal(last[0], last[1], BYTES_LEN));
}

const struct guest_test guest_tests[] = {
    {"device_is_the_source", test_device_is_the_source},
    {"interrupt_takes_the_answer", test_interrupt_takes_the_answer},
    {"answer_waits_while_interrupts_are_off", test_answer_waits_while_interrupts_are_off},
    {"processors_draw_at_once_and_differ", test_processors_draw_at_once_and_differ},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
