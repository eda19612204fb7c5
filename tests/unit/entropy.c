#include "boot/entropy.h"

#include "abi/handoff.h"
#include "tests/support/fake_firmware.h"

/* EFI_RNG_PROTOCOL as the test wants it. The processor's generators are left out: has_rdrand and
 * has_rdseed are false, so that each answer here depends on the fake alone. */
static enum { RNG_COUNTS, RNG_STUCK, RNG_FAILS } behaviour;

static efi_status EFIAPI fake_get_rng(struct efi_rng *rng, const struct efi_guid *algorithm,
                                      uint64_t len, uint8_t *value)
{
    (void)rng;
    assert_null(algorithm);
    for (uint64_t i = 0; i < len; i++)
        value[i] = behaviour == RNG_STUCK ? 0xFF : (uint8_t)(i * 37 + 11);
    return behaviour == RNG_FAILS ? EFI_ERROR_BIT | 6 : EFI_SUCCESS;
}

static struct efi_rng rng = {.get_rng = fake_get_rng};
static const struct hardware no_generator = {};

static int setup(void **state)
{
    fake_setup(state);
    behaviour = RNG_COUNTS;
    fake_add(&rng, &efi_rng_guid, &rng);
    return 0;
}

static bool is_zero(const uint8_t bytes[ENTROPY_LEN])
{
    uint8_t all = 0;
    for (size_t i = 0; i < ENTROPY_LEN; i++)
        all |= bytes[i];
    return all == 0;
}

static void test_firmware_alone_is_a_source(void **state)
{
    (void)state;
    uint8_t out[ENTROPY_LEN] = {};
    uint32_t sources;
    assert_int_equal(entropy_collect(&no_generator, out, &sources), NONOS_OK);
    assert_int_equal(sources, NONOS_ENTROPY_FIRMWARE);
    assert_false(is_zero(out));
}

static void test_output_differs_although_firmware_repeats_itself(void **state)
{
    (void)state;
    uint8_t a[ENTROPY_LEN];
    uint8_t b[ENTROPY_LEN];
    uint32_t sources;
    assert_int_equal(entropy_collect(&no_generator, a, &sources), NONOS_OK);
    assert_int_equal(entropy_collect(&no_generator, b, &sources), NONOS_OK);
    assert_memory_not_equal(a, b, ENTROPY_LEN);
    assert_memory_not_equal(a, a + 32, 32);
}

static void assert_no_source(void)
{
    uint8_t out[ENTROPY_LEN];
    uint32_t sources = 7;
    memset(out, 1, sizeof(out));
    assert_int_equal(entropy_collect(&no_generator, out, &sources), NONOS_E_NO_ENTROPY);
    assert_int_equal(sources, 0);
    assert_true(is_zero(out));
}

static void test_nothing_is_refused(void **state)
{
    (void)state;
    fake.protocol_count = 0;
    assert_no_source();
}

static void test_a_generator_that_fails_does_not_count(void **state)
{
    (void)state;
    behaviour = RNG_FAILS;
    assert_no_source();
}

static void test_a_generator_that_is_stuck_does_not_count(void **state)
{
    (void)state;
    behaviour = RNG_STUCK;
    assert_no_source();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_firmware_alone_is_a_source, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_output_differs_although_firmware_repeats_itself, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_refused, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_a_generator_that_fails_does_not_count, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_a_generator_that_is_stuck_does_not_count, setup,
                                        fake_teardown),
    };
    return cmocka_run_group_tests_name("entropy", tests, nullptr, nullptr);
}
