#include "boot/framebuffer.h"

#include "tests/support/fake_firmware.h"

static struct efi_graphics_info info;
static struct efi_graphics_mode mode;
static struct efi_graphics_output output;

static int setup(void **state)
{
    fake_setup(state);
    info = (struct efi_graphics_info){.horizontal = 1280,
                                      .vertical = 800,
                                      .pixel_format = EFI_PIXEL_BGRX,
                                      .pixels_per_scan_line = 1344};
    mode = (struct efi_graphics_mode){
        .info = &info, .frame_buffer_base = 0xC0000000, .frame_buffer_size = 1344 * 4 * 800};
    output = (struct efi_graphics_output){.mode = &mode};
    fake_add(&output, &efi_graphics_output_guid, &output);
    return 0;
}

static void assert_found(uint32_t format)
{
    struct nonos_framebuffer found;
    assert_true(framebuffer_find(&found));
    assert_true(found.paddr == 0xC0000000 && found.len == mode.frame_buffer_size);
    assert_int_equal(found.width_pixels, 1280);
    assert_int_equal(found.height_pixels, 800);
    assert_int_equal(found.stride_pixels, 1344);
    assert_int_equal(found.format, format);
}

static void assert_none(void)
{
    struct nonos_framebuffer found;
    const struct nonos_framebuffer zero = {};
    memset(&found, 0xEE, sizeof(found));
    assert_false(framebuffer_find(&found));
    assert_memory_equal(&found, &zero, sizeof(zero));
}

static void test_known_formats_are_described(void **state)
{
    (void)state;
    assert_found(NONOS_PIXEL_BGRX);
    info.pixel_format = EFI_PIXEL_RGBX;
    assert_found(NONOS_PIXEL_RGBX);
}

static void test_other_formats_are_passed_over(void **state)
{
    (void)state;
    info.pixel_format = 2; /* PixelBitMask */
    assert_none();
    info.pixel_format = 3; /* PixelBltOnly */
    assert_none();
}

static void test_the_first_usable_screen_is_taken(void **state)
{
    (void)state;
    struct efi_graphics_mode unusable = {};
    struct efi_graphics_output first = {.mode = &unusable};
    fake.protocol_count = 0;
    fake_add(&first, &efi_graphics_output_guid, &first);
    fake_add(&output, &efi_graphics_output_guid, &output);
    assert_found(NONOS_PIXEL_BGRX);
}

static void test_no_screen_is_no_framebuffer(void **state)
{
    (void)state;
    fake.protocol_count = 0;
    assert_none();
}

static void test_numbers_that_do_not_fit_each_other_are_refused(void **state)
{
    (void)state;
    const struct efi_graphics_info good_info = info;
    const struct efi_graphics_mode good_mode = mode;
    mode.frame_buffer_size--;
    assert_none();
    mode = good_mode;
    mode.frame_buffer_base = 0;
    assert_none();
    mode.frame_buffer_base = 0xC0000004;
    assert_none();
    mode.frame_buffer_base = UINT64_MAX - 4095;
    assert_none();
    mode = good_mode;
    info.pixels_per_scan_line = 1279;
    assert_none();
    info = good_info;
    info.horizontal = 0;
    assert_none();
    info = good_info;
    info.vertical = 0;
    assert_none();
    info.vertical = UINT32_MAX;
    assert_none();
    info = good_info;
    assert_found(NONOS_PIXEL_BGRX);
}

static void test_screen_behind_a_handle_is_known_by_its_pixels(void **state)
{
    (void)state;
    struct nonos_framebuffer found;
    int other;
    assert_true(framebuffer_find(&found));
    assert_true(framebuffer_is_behind(&output, &found));
    assert_false(framebuffer_is_behind(&other, &found));
    assert_false(framebuffer_is_behind(nullptr, &found));
    found.paddr += 4096;
    assert_false(framebuffer_is_behind(&output, &found));
    found.paddr = 0;
    info.pixel_format = 3; /* PixelBltOnly: it has none */
    assert_false(framebuffer_is_behind(&output, &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_known_formats_are_described, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_other_formats_are_passed_over, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_the_first_usable_screen_is_taken, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_no_screen_is_no_framebuffer, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_numbers_that_do_not_fit_each_other_are_refused, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_screen_behind_a_handle_is_known_by_its_pixels, setup,
                                        fake_teardown),
    };
    return cmocka_run_group_tests_name("framebuffer", tests, nullptr, nullptr);
}
