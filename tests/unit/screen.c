#include "boot/screen.h"

#include "boot/com1.h"
#include "tests/support/fake_firmware.h"

/* In place of boot/com1.c, which talks to a port. */
static bool has_com1;

bool com1_is_present(void)
{
    return has_com1;
}

struct fake_screen {
    struct efi_simple_text_output text; /* first: the protocol's pointer is the screen's */
    char shown[600];
    size_t len;
};

static efi_status EFIAPI show(struct efi_simple_text_output *text, const efi_char16 *string)
{
    struct fake_screen *screen = (struct fake_screen *)text;
    for (; *string != 0; string++) {
        assert_true(screen->len < sizeof(screen->shown) - 1);
        screen->shown[screen->len++] = (char)*string;
    }
    return EFI_SUCCESS;
}

static struct fake_screen splitter;
static struct fake_screen graphics;
static struct fake_screen serial;
static struct fake_screen second_serial;

#define ACPI_NODE(hid0, hid1, hid2, hid3, uid) 2, 1, 12, 0, hid0, hid1, hid2, hid3, uid, 0, 0, 0
#define PCI_NODE 1, 1, 6, 0, 0, 0x1F
#define UART_NODE 3, 14, 19, 0, 0, 0, 0, 0, 0, 0xC2, 1, 0, 0, 0, 0, 0, 8, 1, 1
#define END_NODE 0x7F, 0xFF, 4, 0
#define PCI_ROOT ACPI_NODE(0xD0, 0x41, 0x03, 0x0A, 0)

static const uint8_t graphics_path[] = {PCI_ROOT, PCI_NODE, END_NODE};
static const uint8_t com1_path[] = {PCI_ROOT, PCI_NODE, ACPI_NODE(0xD0, 0x41, 0x01, 0x05, 0),
                                    UART_NODE, END_NODE};
static const uint8_t com2_path[] = {PCI_ROOT, PCI_NODE, ACPI_NODE(0xD0, 0x41, 0x01, 0x05, 1),
                                    UART_NODE, END_NODE};
static const uint8_t broken_path[] = {PCI_ROOT, 2, 1, 3, 0, END_NODE};

static void add_screen(struct fake_screen *screen, const uint8_t *path)
{
    *screen = (struct fake_screen){.text.output_string = show};
    fake_add(screen, &efi_text_output_guid, screen);
    if (path != nullptr)
        fake_add(screen, &efi_device_path_guid, (void *)(uintptr_t)path);
}

static int setup(void **state)
{
    fake_setup(state);
    has_com1 = true;
    add_screen(&splitter, nullptr);
    fake.system.con_out = &splitter.text;
    return 0;
}

static void write_hello(void)
{
    screen_init(nullptr);
    screen_write("hello\r\n", 7);
}

static void test_lines_reach_the_screen_and_not_the_port_that_has_them_already(void **state)
{
    (void)state;
    add_screen(&graphics, graphics_path);
    add_screen(&serial, com1_path);
    write_hello();
    assert_string_equal(graphics.shown, "hello\r\n");
    assert_string_equal(serial.shown, "");
    assert_string_equal(splitter.shown, "");
}

/* A screen with text and with pixels in memory; the latter as the loader describes them. */
static struct nonos_framebuffer add_screen_to_draw_on(uint32_t pixel_format)
{
    static struct efi_graphics_info info;
    static struct efi_graphics_mode mode = {
        .info = &info, .frame_buffer_base = 0xC0000000, .frame_buffer_size = 640 * 4 * 480};
    static struct efi_graphics_output output = {.mode = &mode};
    info = (struct efi_graphics_info){.horizontal = 640,
                                      .vertical = 480,
                                      .pixel_format = pixel_format,
                                      .pixels_per_scan_line = 640};
    add_screen(&graphics, graphics_path);
    fake_add(&graphics, &efi_graphics_output_guid, &output);
    return (struct nonos_framebuffer){.paddr = 0xC0000000};
}

static void test_screen_that_we_draw_on_gets_no_text_and_the_others_do(void **state)
{
    (void)state;
    struct nonos_framebuffer drawn = add_screen_to_draw_on(EFI_PIXEL_BGRX);
    add_screen(&second_serial, com2_path);
    screen_init(&drawn);
    screen_write("hello\r\n", 7);
    assert_string_equal(graphics.shown, "");
    assert_string_equal(second_serial.shown, "hello\r\n");
    assert_string_equal(splitter.shown, "");

    /* Two screens: only one is drawn on. */
    drawn.paddr = 0xD0000000;
    screen_init(&drawn);
    screen_write("hello\r\n", 7);
    assert_string_equal(graphics.shown, "hello\r\n");
}

static void test_console_is_not_a_way_back_to_the_screen_that_we_draw_on(void **state)
{
    (void)state;
    struct nonos_framebuffer drawn = add_screen_to_draw_on(EFI_PIXEL_RGBX);
    screen_init(&drawn);
    screen_write("hello\r\n", 7);
    assert_string_equal(graphics.shown, "");
    assert_string_equal(splitter.shown, "");
}

static void test_another_serial_port_is_a_screen_like_any(void **state)
{
    (void)state;
    add_screen(&serial, com1_path);
    add_screen(&second_serial, com2_path);
    write_hello();
    assert_string_equal(second_serial.shown, "hello\r\n");
    assert_string_equal(serial.shown, "");
}

static void test_port_that_we_cannot_drive_is_left_to_firmware(void **state)
{
    (void)state;
    has_com1 = false;
    add_screen(&serial, com1_path);
    write_hello();
    assert_string_equal(serial.shown, "hello\r\n");
}

static void test_serial_port_alone_gets_no_second_copy(void **state)
{
    (void)state;
    add_screen(&serial, com1_path);
    write_hello();
    assert_string_equal(serial.shown, "");
    assert_string_equal(splitter.shown, "");
}

static void test_console_without_devices_behind_it_is_used(void **state)
{
    (void)state;
    write_hello();
    assert_string_equal(splitter.shown, "hello\r\n");
}

static void test_no_console_at_all_is_no_error(void **state)
{
    (void)state;
    fake.protocol_count = 0;
    fake.system.con_out = nullptr;
    write_hello();
    assert_string_equal(splitter.shown, "");
}

static void test_broken_device_path_ends_the_search(void **state)
{
    (void)state;
    add_screen(&graphics, broken_path);
    write_hello();
    assert_string_equal(graphics.shown, "hello\r\n");
}

static void test_long_text_arrives_whole(void **state)
{
    (void)state;
    char text[500];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('!' + i % 90);
    add_screen(&graphics, graphics_path);
    screen_init(nullptr);
    for (size_t len = 120; len < 140; len++) {
        graphics.len = 0;
        screen_write(text, len);
        assert_int_equal(graphics.len, len);
        assert_memory_equal(graphics.shown, text, len);
    }
    graphics.len = 0;
    screen_write(text, sizeof(text));
    assert_memory_equal(graphics.shown, text, sizeof(text));
}

static void test_nothing_is_written_once_boot_services_are_left(void **state)
{
    (void)state;
    add_screen(&graphics, graphics_path);
    screen_init(nullptr);
    firmware_is_left = true;
    screen_write("x", 1);
    assert_string_equal(graphics.shown, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_lines_reach_the_screen_and_not_the_port_that_has_them_already, setup,
            fake_teardown),
        cmocka_unit_test_setup_teardown(test_screen_that_we_draw_on_gets_no_text_and_the_others_do,
                                        setup, fake_teardown),
        cmocka_unit_test_setup_teardown(
            test_console_is_not_a_way_back_to_the_screen_that_we_draw_on, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_another_serial_port_is_a_screen_like_any, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_port_that_we_cannot_drive_is_left_to_firmware, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_serial_port_alone_gets_no_second_copy, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_console_without_devices_behind_it_is_used, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_no_console_at_all_is_no_error, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_broken_device_path_ends_the_search, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_long_text_arrives_whole, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_written_once_boot_services_are_left, setup,
                                        fake_teardown),
    };
    return cmocka_run_group_tests_name("screen", tests, nullptr, nullptr);
}
