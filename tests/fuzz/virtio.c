/* A random device that answers anything, at any time. */
#include "tests/fuzz/fuzz.h"

#include "kernel/dev/virtio_rng.c" // NOLINT(bugprone-suspicious-include)
#include "tests/support/virtio_machine.h"

#include <setjmp.h>

/* Included, so that each input begins with a driver that knows nothing yet. */

static struct fuzz_input input;
static jmp_buf out_of_input;
static unsigned waits_without_input;

void generator_collect(void)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];

    (void)virtio_rng_take(words);
}

enum nonos_error interrupts_claim([[maybe_unused]] interrupts_handler *wanted,
                                  [[maybe_unused]] void *context, unsigned *vector)
{
    *vector = 0x31;
    return NONOS_OK;
}

struct interrupts_message interrupts_message(unsigned vector)
{
    return (struct interrupts_message){.address = 0xFEE00000, .data = vector};
}

static uint32_t stranger(void)
{
    return fuzz_take32(&input);
}

/* What the device shares and the driver reads: used ring and buffer, here to there. */
static void change_memory(void)
{
    static const struct {
        size_t at, len;
    } areas[] = {{4096 + 2, 2}, {4096 + 4, 16}, {4096, 20}, {40, VIRTIO_BUFFER_LEN}};
    uint8_t choice = fuzz_take8(&input);
    size_t area = choice % 4;
    size_t len = choice / 4 < areas[area].len ? choice / 4 + 1u : areas[area].len;

    fuzz_take(&input, fake_memory + areas[area].at, len);
}

/* While the driver waits the device does what the input says. A wait that nothing will end any more
 * is not waited for. */
static void wait(void)
{
    if (input.len == 0 && waits_without_input++ > 40)
        longjmp(out_of_input, 1);
    if (input.len > 0 && (fake_stranger != nullptr || fuzz_take8(&input) % 16 == 0))
        change_memory();
}

static void make_machine(void)
{
    uint8_t choice = fuzz_take8(&input);
    enum fake_fault fault = (enum fake_fault)(choice / 8 % (FAKE_HAS_NO_VECTOR + 1));

    if (choice % 4 == 0)
        fake_on_pci(fault);
    else
        fake_in_memory(fault, choice % 4);
    /* One whose configuration is anything has its registers anywhere. */
    fake_stranger = choice % 8 < 4 ? nullptr : stranger;
    if (fake_stranger == nullptr)
        return;
    for (uint8_t count = fuzz_take8(&input) % 8; count > 0; count--)
        fake.config[fuzz_take8(&input) % 64] = fuzz_take32(&input);
    if (fuzz_take8(&input) % 4 == 0)
        fake.platform.virtio_paddrs[0] = fuzz_take32(&input);
}

/* What is not there is zeros, and what counts passes the tests. */
static void check_taken(void)
{
    uint64_t words[VIRTIO_RNG_WORD_COUNT];
    unsigned before = rng.health.good;
    bool was_asked = rng.is_asked;

    memset(words, 0xA5, sizeof words);
    if (virtio_rng_take(words))
        fuzz_require(was_asked && !virtio_rng_failed() && before > 0);
    if (!was_asked)
        fuzz_require(bytes_are_zero(words, sizeof words));
    fuzz_require(rng.is_used || fake_stranger != nullptr || fake.status == 0 ||
                 fake.status == 0x40);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    input = (struct fuzz_input){bytes, len};
    waits_without_input = 0;
    memset(&rng, 0, sizeof rng);
    make_machine();
    fake_wait_hook = wait;
    if (setjmp(out_of_input) != 0)
        return 0;
    virtio_rng_init();
    virtio_rng_use_interrupt();
    while (input.len > 0) {
        uint8_t choice = fuzz_take8(&input);

        fake.fault = (enum fake_fault)(choice / 8 % (FAKE_IS_STUCK + 1));
        if (choice % 4 == 0)
            change_memory();
        if (choice % 2 == 0)
            virtio_rng_request();
        fake_answer();
        if (choice % 8 == 7)
            generator_collect();
        check_taken();
    }
    return 0;
}
