#include "boot/refusal.h"

#include "boot/measure.h"
#include "boot/progress.h"
#include "boot/render.h"
#include "tests/support/fake_tpm.h"

/* In place of boot/progress.c: what a user sees. */
static char lines[4][400];
static size_t line_count;
static uint8_t secret[64];
static bool was_secret_gone;
static unsigned events_before_first_line;

void progress_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    assert_true(line_count < 4);
    if (line_count == 0)
        events_before_first_line = fake_tpm.event_count;
    render_list(lines[line_count++], sizeof(lines[0]), format, arguments);
    va_end(arguments);
    was_secret_gone = true;
    for (size_t i = 0; i < sizeof(secret); i++)
        was_secret_gone = was_secret_gone && secret[i] == 0;
}

static enum boot_screen_result result;
static char meaning[400];

void progress_result(enum boot_screen_result shown, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    result = shown;
    render_list(meaning, sizeof(meaning), format, arguments);
    va_end(arguments);
}

static jmp_buf reset;
static uint32_t reset_type;
static unsigned keys_ready;
static unsigned input_resets;

static void EFIAPI fake_reset_system(uint32_t type, efi_status status, uint64_t size,
                                     const void *data)
{
    assert_true(status == EFI_SUCCESS && size == 0 && data == nullptr);
    reset_type = type;
    longjmp(reset, 1);
}

static efi_status EFIAPI fake_input_reset(struct efi_simple_text_input *input, uint8_t extended)
{
    (void)input;
    assert_int_equal(extended, 0);
    input_resets++;
    return EFI_SUCCESS;
}

static efi_status EFIAPI fake_read_key(struct efi_simple_text_input *input,
                                       struct efi_input_key *key)
{
    (void)input;
    (void)key;
    if (keys_ready == 0)
        return EFI_ERROR_BIT | 6;
    keys_ready--;
    return keys_ready == 0 ? EFI_SUCCESS : EFI_ERROR_BIT | 6;
}

static struct efi_simple_text_input input = {.reset = fake_input_reset,
                                             .read_key_stroke = fake_read_key};

static int setup(void **state)
{
    fake_setup(state);
    fake.runtime.reset_system = fake_reset_system;
    fake.system.con_in = &input;
    memset(secret, 0x5A, sizeof(secret));
    line_count = 0;
    result = BOOT_SCREEN_VERIFIED;
    reset_type = UINT32_MAX;
    keys_ready = 0;
    input_resets = 0;
    refusal_wipes(secret, sizeof(secret));
    return 0;
}

static void do_refuse(const char *what, enum nonos_error error)
{
    if (setjmp(reset) == 0)
        refuse(what, error);
}

static void test_refusal_names_what_why_and_the_code(void **state)
{
    (void)state;
    do_refuse("\\EFI\\nonos\\kernel.bin", NONOS_E_ED25519);
    assert_string_equal(lines[0],
                        "refused: \\EFI\\nonos\\kernel.bin: the Ed25519 signature is not by any "
                        "trusted identity (ED25519, code 22)");
}

static void test_refusal_is_on_the_screen_with_its_code_first(void **state)
{
    (void)state;
    do_refuse("\\EFI\\nonos\\kernel.bin", NONOS_E_ED25519);
    assert_int_equal(result, BOOT_SCREEN_REFUSED);
    assert_string_equal(meaning,
                        "ED25519, code 22: \\EFI\\nonos\\kernel.bin: the Ed25519 signature is not "
                        "by any trusted identity. Press a key to reset the machine.");
}

static void test_refusal_wipes_the_secret_before_it_prints(void **state)
{
    (void)state;
    do_refuse("x", NONOS_E_INTERNAL);
    assert_true(was_secret_gone);
    assert_true(line_count > 0);
}

static void begin_with_tpm(void)
{
    bool has_tpm;
    fake_add_tpm();
    assert_int_equal(measure_begin(&has_tpm), NONOS_OK);
    assert_true(has_tpm);
}

static void test_refusal_caps_pcr_11_before_it_prints(void **state)
{
    (void)state;
    begin_with_tpm();
    do_refuse("x", NONOS_E_INTERNAL);
    assert_int_equal(events_before_first_line, 1);
    assert_int_equal(fake_tpm.event_count, 1);
    assert_int_equal(fake_tpm.events[0].pcr, 11);
    assert_int_equal(fake_tpm.events[0].type, 4);
    assert_memory_equal(fake_tpm.events[0].data, "\1\0\0\0", 4);
    assert_int_equal(line_count, 2);
}

static void test_refusal_by_the_tpm_is_one_refusal(void **state)
{
    (void)state;
    begin_with_tpm();
    fake_tpm.failing_call = fake_tpm.calls;
    do_refuse("measuring, the kernel", NONOS_E_TPM);
    assert_int_equal(fake_tpm.calls, 2); /* one try to cap, and not another for its failure */
    assert_string_equal(lines[0], "refused: measuring, the kernel: the TPM is there and fails "
                                  "(TPM, code 106)");
    assert_string_equal(
        lines[1], "the TPM did not take the mark of this refusal: PCR 11 is open until the reset");
    assert_int_equal(line_count, 3);
    assert_int_equal(reset_type, EFI_RESET_COLD);
}

static void test_refusal_waits_half_a_minute_and_resets(void **state)
{
    (void)state;
    do_refuse("x", NONOS_E_INTERNAL);
    assert_int_equal(fake.stalled_us, 30000000);
    assert_int_equal(reset_type, EFI_RESET_COLD);
}

static void test_refusal_resets_at_a_key_pressed_after_it(void **state)
{
    (void)state;
    keys_ready = 3; /* the third look finds one */
    do_refuse("x", NONOS_E_INTERNAL);
    assert_int_equal(input_resets, 1);
    assert_int_equal(fake.stalled_us, 20000);
    assert_int_equal(reset_type, EFI_RESET_COLD);
}

static void test_refusal_needs_no_keyboard(void **state)
{
    (void)state;
    fake.system.con_in = nullptr;
    do_refuse("x", NONOS_E_INTERNAL);
    assert_int_equal(fake.stalled_us, 30000000);
    assert_int_equal(reset_type, EFI_RESET_COLD);
}

static void test_require_lets_success_pass(void **state)
{
    (void)state;
    require("x", NONOS_OK);
    assert_int_equal(line_count, 0);
    assert_int_equal(secret[0], 0x5A);
    if (setjmp(reset) == 0)
        require("the handoff", NONOS_E_NO_MEMORY);
    assert_string_equal(lines[0],
                        "refused: the handoff: there is not enough memory (NO_MEMORY, code 5)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusal_names_what_why_and_the_code, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_refusal_is_on_the_screen_with_its_code_first, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_refusal_wipes_the_secret_before_it_prints, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_refusal_caps_pcr_11_before_it_prints, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_refusal_by_the_tpm_is_one_refusal, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_refusal_waits_half_a_minute_and_resets, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_refusal_resets_at_a_key_pressed_after_it, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_refusal_needs_no_keyboard, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_require_lets_success_pass, setup, fake_teardown),
    };
    return cmocka_run_group_tests_name("refusal", tests, nullptr, nullptr);
}
