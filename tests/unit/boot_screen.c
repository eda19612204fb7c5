#include "display/boot_screen.h"

#include "display/font.h"
#include "tests/support/vectors.h"

/* As large as the largest picture of these tests, lines a little longer than what is seen. */
#define MAX_WIDTH 3840u
#define MAX_HEIGHT 2160u
#define PADDING 24u
#define GUARD 4096u
#define UNTOUCHED UINT32_C(0xA5A5A5A5)

static uint32_t *memory;
static uint32_t *pixels;
static struct nonos_framebuffer framebuffer;
static struct boot_screen screen;

static size_t memory_count(void)
{
    return GUARD + (size_t)framebuffer.stride_pixels * framebuffer.height_pixels + GUARD;
}

static void prepare(uint32_t width, uint32_t height)
{
    framebuffer = (struct nonos_framebuffer){.paddr = 0xC0000000,
                                             .len = (uint64_t)(width + PADDING) * height * 4,
                                             .width_pixels = width,
                                             .height_pixels = height,
                                             .stride_pixels = width + PADDING,
                                             .format = NONOS_PIXEL_BGRX};
    for (size_t i = 0; i < memory_count(); i++)
        memory[i] = UNTOUCHED;
    assert_true(boot_screen_init(&screen, &framebuffer, pixels));
    boot_screen_begin(&screen);
}

static int setup(void **state)
{
    (void)state;
    memory = calloc(GUARD + (size_t)(MAX_WIDTH + PADDING) * MAX_HEIGHT + GUARD, sizeof(*memory));
    assert_non_null(memory);
    pixels = memory + GUARD;
    prepare(640, 480);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(memory);
    return 0;
}

static uint32_t at(uint32_t x, uint32_t y)
{
    return pixels[(size_t)y * framebuffer.stride_pixels + x];
}

/* Nothing outside the picture has changed, not even between its lines. */
static void assert_nothing_outside(void)
{
    for (size_t i = 0; i < memory_count(); i++) {
        size_t place = i - GUARD;
        bool inside = i >= GUARD && i < memory_count() - GUARD &&
                      place % framebuffer.stride_pixels < framebuffer.width_pixels;
        if (!inside && memory[i] != UNTOUCHED)
            fail_msg("pixel %zu is outside and was written", place);
    }
}

/* The character in a cell whose top left corner is there: '\0' when it is none. */
static char read_cell(uint32_t left, uint32_t top)
{
    uint32_t background = at(left + 7 * screen.scale, top); /* no glyph has ink there */
    for (uint32_t c = 0; c < FONT_GLYPH_COUNT; c++) {
        bool same = true;
        for (uint32_t i = 0; same && i < FONT_WIDTH * FONT_HEIGHT; i++) {
            bool has_ink = at(left + i % FONT_WIDTH * screen.scale,
                              top + i / FONT_WIDTH * screen.scale) != background;
            same = has_ink == ((font_glyphs[c][i / FONT_WIDTH] >> (7 - i % FONT_WIDTH) & 1) != 0);
        }
        if (same)
            return (char)(FONT_FIRST + c);
    }
    return '\0';
}

/* The text of the line at a part, without margins and blanks at its end. */
static const char *read_line(uint32_t part)
{
    static char line[600];
    size_t len = 0;
    for (uint32_t column = 0; column < screen.columns; column++)
        line[len++] = read_cell((2 + column) * 8 * screen.scale, part * screen.part);
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len] = '\0';
    return line;
}

static void do_step(uint32_t step, const char *text)
{
    boot_screen_step(&screen, step, text, strlen(text));
}

static void show(enum boot_screen_result result, const char *text)
{
    boot_screen_result(&screen, result, text, strlen(text));
}

static uint32_t band_colour(void)
{
    return at(2 * 8 * screen.scale, 25 * screen.part);
}

static void test_size_of_the_picture_decides_the_scale(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height, scale, part, columns;
    } sizes[] = {{640, 480, 1, 8, 76},    {800, 600, 1, 10, 96},    {1280, 800, 1, 13, 156},
                 {1279, 960, 1, 16, 155}, {1280, 959, 1, 15, 156},  {1280, 960, 2, 16, 76},
                 {1366, 768, 1, 12, 166}, {1920, 1080, 2, 18, 116}, {1920, 1440, 3, 24, 76},
                 {3840, 2160, 3, 36, 156}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        prepare(sizes[i].width, sizes[i].height);
        assert_int_equal(screen.scale, sizes[i].scale);
        assert_int_equal(screen.part, sizes[i].part);
        assert_int_equal(screen.columns, sizes[i].columns);
    }
}

static void test_picture_that_is_too_small_is_refused(void **state)
{
    (void)state;
    framebuffer.width_pixels = 639;
    assert_false(boot_screen_init(&screen, &framebuffer, pixels));
    assert_null(screen.surface.pixels);
}

static void test_steps_get_their_marks_as_they_are_done(void **state)
{
    (void)state;
    assert_string_equal(read_line(1), "NONOS");
    assert_string_equal(read_line(4), "[  ]  1 firmware");
    assert_string_equal(read_line(22), "[  ] 10 leaving firmware for the kernel");
    do_step(1, "UEFI 2.7, EDK II");
    do_step(2, "development");
    assert_string_equal(read_line(4), "[ok]  1 firmware   UEFI 2.7, EDK II");
    assert_string_equal(read_line(6), "[ok]  2 policy     development");
    assert_string_equal(read_line(8), "[  ]  3 hardware");
    do_step(10, "");
    assert_string_equal(read_line(22), "[ok] 10 leaving firmware for the kernel");
    assert_string_equal(boot_screen_step_name(7), "ML-DSA-65");
}

static void test_steps_that_do_not_exist_draw_nothing(void **state)
{
    (void)state;
    do_step(3, "x");
    do_step(0, "no");
    do_step(11, "no");
    do_step(UINT32_MAX, "no");
    assert_int_equal(screen.done, 3);
    boot_screen_kernel(&screen, 3, "no", 2);
    assert_string_equal(read_line(58), "");
    assert_nothing_outside();
}

static void test_refusal_marks_the_step_that_refused(void **state)
{
    (void)state;
    for (uint32_t step = 1; step <= 5; step++)
        do_step(step, "");
    show(BOOT_SCREEN_REFUSED, "ED25519, code 22: not by any trusted identity.");
    assert_string_equal(read_line(12), "[ok]  5 BLAKE3");
    assert_string_equal(read_line(14), "[NO]  6 Ed25519");
    assert_string_equal(read_line(16), "[  ]  7 ML-DSA-65");
    assert_string_equal(read_line(34), "ED25519, code 22: not by any trusted identity.");
    assert_int_equal(band_colour(), 0xB71C1C);
}

static void test_refusal_after_the_last_step_takes_its_mark_back(void **state)
{
    (void)state;
    do_step(10, "");
    show(BOOT_SCREEN_REFUSED, "x");
    assert_string_equal(read_line(22), "[NO] 10 leaving firmware for the kernel");
}

static void test_each_result_has_its_colour(void **state)
{
    (void)state;
    show(BOOT_SCREEN_VERIFIED, "x");
    assert_int_equal(band_colour(), 0x1B7A35);
    show(BOOT_SCREEN_VERIFIED_DEVELOPMENT, "x");
    assert_int_equal(band_colour(), 0xF2B200);
    show(BOOT_SCREEN_REFUSED, "x");
    assert_int_equal(band_colour(), 0xB71C1C);
    /* Nor is it colour alone: no step is refused where nothing was. */
    prepare(640, 480);
    show(BOOT_SCREEN_VERIFIED, "x");
    assert_string_equal(read_line(4), "[  ]  1 firmware");
}

/* The words of the band, at the scale that the layout gives them. */
static void test_result_is_in_large_letters(void **state)
{
    (void)state;
    static const char words[] = "VERIFIED - DEVELOPMENT";
    static const uint32_t sizes[][3] = {{640, 480, 3}, {1280, 800, 4}, {3840, 2160, 13}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        prepare(sizes[i][0], sizes[i][1]);
        show(BOOT_SCREEN_VERIFIED_DEVELOPMENT, "x");
        uint32_t text_scale = screen.scale;
        uint32_t left = 4 * 8 * text_scale;
        screen.scale = sizes[i][2];
        uint32_t top = 26 * screen.part + (6 * screen.part - 16 * screen.scale) / 2;
        for (uint32_t letter = 0; letter < sizeof(words) - 1; letter++)
            assert_int_equal(read_cell(left + letter * 8 * screen.scale, top), words[letter]);
    }
}

static void test_result_replaces_the_one_before(void **state)
{
    (void)state;
    show(BOOT_SCREEN_VERIFIED_DEVELOPMENT, "a meaning that is long enough to need a second line of "
                                           "the three that there are");
    show(BOOT_SCREEN_REFUSED, "short");
    assert_string_equal(read_line(34), "short");
    assert_string_equal(read_line(36), "");
    uint32_t right = (2 + screen.columns) * 8 - 8;
    for (uint32_t y = 25 * screen.part; y < 33 * screen.part; y++)
        assert_int_equal(at(right, y), 0xB71C1C);
}

static void test_meaning_is_broken_between_words(void **state)
{
    (void)state;
    show(BOOT_SCREEN_REFUSED,
         "POLICY_FLOOR, code 85: \\EFI\\nonos\\kernel.bin: it is older than what this loader "
         "accepts. Press a key to reset the machine, and then a good many words more than there "
         "is room for in three lines of this length, to the very end of what can be shown");
    assert_string_equal(read_line(34), "POLICY_FLOOR, code 85: \\EFI\\nonos\\kernel.bin: it is "
                                       "older than what this");
    assert_string_equal(read_line(36), "loader accepts. Press a key to reset the machine, and then "
                                       "a good many words");
    const char *last = read_line(38);
    assert_int_equal(strlen(last), 76);
    assert_memory_equal(last, "more than there is room", 23);
    assert_string_equal(last + 74, "..");
    assert_string_equal(read_line(41), "image");
}

static void test_word_longer_than_a_line_is_cut(void **state)
{
    (void)state;
    char text[100];
    memset(text, 'a', sizeof(text));
    boot_screen_result(&screen, BOOT_SCREEN_REFUSED, text, sizeof(text));
    assert_int_equal(strlen(read_line(34)), 76);
    assert_int_equal(strlen(read_line(36)), 24);
}

static void test_too_long_a_line_says_that_it_is_cut(void **state)
{
    (void)state;
    char text[58];
    memset(text, 'f', sizeof(text));
    boot_screen_step(&screen, 5, text, 57); /* exactly what there is room for */
    assert_int_equal(strlen(read_line(12)), 76);
    assert_null(strstr(read_line(12), ".."));
    boot_screen_step(&screen, 6, text, 58);
    assert_string_equal(read_line(14) + 72, "ff..");
    assert_nothing_outside();
}

static void test_facts_stand_behind_their_labels(void **state)
{
    (void)state;
    static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    boot_screen_fact(&screen, BOOT_SCREEN_DIGEST, digest, 64);
    boot_screen_fact(&screen, BOOT_SCREEN_MACHINE, "Secure Boot off", 15);
    assert_string_equal(read_line(41), "image");
    assert_memory_equal(read_line(43), "digest    ", 10);
    assert_string_equal(read_line(43) + 10, digest);
    assert_string_equal(read_line(49), "machine   Secure Boot off");
}

static void test_kernel_lines_can_be_written_again(void **state)
{
    (void)state;
    boot_screen_kernel(&screen, 0, "started, and a long way to go", 29);
    boot_screen_kernel(&screen, 2, "ready", 5);
    boot_screen_kernel(&screen, 0, "again", 5);
    assert_string_equal(read_line(52), "kernel    again");
    assert_string_equal(read_line(54), "");
    assert_string_equal(read_line(56), "kernel    ready");
}

static void test_panic_covers_the_lines_of_the_kernel(void **state)
{
    (void)state;
    static const char reason[] =
        "double fault: the kernel stack has overflowed (0xffffc00000000b48)";
    boot_screen_kernel(&screen, 2, "ready: the prompt is on the first serial port", 45);
    boot_screen_panic(&screen, reason, sizeof(reason) - 1);
    assert_string_equal(read_line(52), " PANIC: the kernel has stopped");
    assert_string_equal(read_line(54) + 1, reason);
    assert_string_equal(read_line(56), "");
    assert_int_equal(at(16, 52 * screen.part), 0xB71C1C);
    assert_nothing_outside();
}

static void test_nothing_outside_any_picture_is_written(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{640, 480},  {641, 481},   {800, 600},   {1023, 767},
                                        {1366, 768}, {1280, 1024}, {1920, 1080}, {640, 2160},
                                        {3840, 480}, {3839, 2159}, {3840, 2160}};
    char text[600];
    memset(text, 'W', sizeof(text));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        prepare(sizes[i][0], sizes[i][1]);
        for (uint32_t step = 1; step <= 10; step++)
            boot_screen_step(&screen, step, text, sizeof(text));
        for (uint32_t fact = 0; fact < BOOT_SCREEN_FACT_COUNT; fact++)
            boot_screen_fact(&screen, (enum boot_screen_fact)fact, text, sizeof(text));
        show(BOOT_SCREEN_VERIFIED_DEVELOPMENT, "x");
        boot_screen_result(&screen, BOOT_SCREEN_REFUSED, text, sizeof(text));
        for (uint32_t line = 0; line < 3; line++)
            boot_screen_kernel(&screen, line, text, sizeof(text));
        assert_nothing_outside();
        boot_screen_panic(&screen, text, sizeof(text));
        assert_nothing_outside();
        for (uint32_t y = 0; y < framebuffer.height_pixels; y++) /* all of it was cleared */
            assert_int_not_equal(at(y % framebuffer.width_pixels, y), UNTOUCHED);
        assert_string_equal(read_line(41) + screen.columns - 3, "W..");
    }
}

/* By brightness alone (ITU-R BT.601 weights), words and band are half the scale apart. */
static void test_words_on_the_bands_are_readable_without_colour(void **state)
{
    (void)state;
    for (uint32_t result = BOOT_SCREEN_VERIFIED; result <= BOOT_SCREEN_REFUSED; result++) {
        uint32_t darkest = 255;
        uint32_t brightest = 0;
        show((enum boot_screen_result)result, "x");
        for (uint32_t y = 25 * screen.part; y < 33 * screen.part; y++) {
            for (uint32_t x = 16; x < 624; x++) {
                uint32_t c = at(x, y);
                uint32_t grey = ((c >> 16) * 299 + (c >> 8 & 0xFF) * 587 + (c & 0xFF) * 114) / 1000;
                darkest = grey < darkest ? grey : darkest;
                brightest = grey > brightest ? grey : brightest;
            }
        }
        assert_true(brightest - darkest >= 128);
    }
}

#define SCREEN_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCREEN_TEST(test_size_of_the_picture_decides_the_scale),
        SCREEN_TEST(test_picture_that_is_too_small_is_refused),
        SCREEN_TEST(test_steps_get_their_marks_as_they_are_done),
        SCREEN_TEST(test_steps_that_do_not_exist_draw_nothing),
        SCREEN_TEST(test_refusal_marks_the_step_that_refused),
        SCREEN_TEST(test_refusal_after_the_last_step_takes_its_mark_back),
        SCREEN_TEST(test_each_result_has_its_colour),
        SCREEN_TEST(test_result_is_in_large_letters),
        SCREEN_TEST(test_result_replaces_the_one_before),
        SCREEN_TEST(test_meaning_is_broken_between_words),
        SCREEN_TEST(test_word_longer_than_a_line_is_cut),
        SCREEN_TEST(test_too_long_a_line_says_that_it_is_cut),
        SCREEN_TEST(test_facts_stand_behind_their_labels),
        SCREEN_TEST(test_kernel_lines_can_be_written_again),
        SCREEN_TEST(test_panic_covers_the_lines_of_the_kernel),
        SCREEN_TEST(test_nothing_outside_any_picture_is_written),
        SCREEN_TEST(test_words_on_the_bands_are_readable_without_colour),
    };
    return cmocka_run_group_tests_name("boot_screen", tests, nullptr, nullptr);
}
