#include "display/surface.h"

#include "display/font.h"
#include "tests/support/vectors.h"

/* A picture with lines longer than what is seen, and memory around it that nobody may touch. */
#define WIDTH 640u
#define HEIGHT 480u
#define STRIDE 643u /* odd: lines begin at odd pixels */
#define GUARD 4096u
#define UNTOUCHED UINT32_C(0xA5A5A5A5)

static uint32_t memory[GUARD + STRIDE * HEIGHT + GUARD];
static uint32_t *const pixels = memory + GUARD;

static struct nonos_framebuffer describe(uint32_t format)
{
    return (struct nonos_framebuffer){.paddr = 0xC0000000,
                                      .len = (uint64_t)STRIDE * HEIGHT * 4,
                                      .width_pixels = WIDTH,
                                      .height_pixels = HEIGHT,
                                      .stride_pixels = STRIDE,
                                      .format = format};
}

static struct surface prepare(uint32_t format)
{
    const struct nonos_framebuffer framebuffer = describe(format);
    struct surface surface;

    for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++)
        memory[i] = UNTOUCHED;
    assert_true(surface_init(&surface, &framebuffer, pixels));
    return surface;
}

static uint32_t at(uint32_t x, uint32_t y)
{
    return pixels[y * STRIDE + x];
}

/* Nothing was written but in the rectangle, and there everything. */
static void assert_only(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t value)
{
    for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
        uint32_t place = (uint32_t)(i - GUARD);
        bool inside = i >= GUARD && place < STRIDE * HEIGHT && place % STRIDE >= x &&
                      place % STRIDE < x + width && place / STRIDE >= y &&
                      place / STRIDE < y + height;

        if (memory[i] != (inside ? value : UNTOUCHED))
            fail_msg("at %u, %u: %08x", place % STRIDE, place / STRIDE, memory[i]);
    }
}

static void test_colours_take_the_order_of_the_format(void **state)
{
    (void)state;
    struct surface surface = prepare(NONOS_PIXEL_BGRX);
    surface_fill(&surface, 0, 0, 1, 1, 0x112233);
    const uint8_t bgrx[4] = {0x33, 0x22, 0x11, 0};
    assert_memory_equal(pixels, bgrx, 4);
    surface = prepare(NONOS_PIXEL_RGBX);
    surface_fill(&surface, 0, 0, 1, 1, 0x112233);
    const uint8_t rgbx[4] = {0x11, 0x22, 0x33, 0};
    assert_memory_equal(pixels, rgbx, 4);
}

static void test_rectangle_fills_itself_and_nothing_else(void **state)
{
    (void)state;
    struct surface surface;
    for (uint32_t width = 1; width < 6; width++) {
        for (uint32_t x = 0; x < 3; x++) {
            surface = prepare(NONOS_PIXEL_BGRX);
            surface_fill(&surface, x, 7, width, 5, 0x445566);
            assert_only(x, 7, width, 5, 0x445566);
        }
    }
}

static void test_rectangle_is_clipped_at_every_edge(void **state)
{
    (void)state;
    struct surface surface = prepare(NONOS_PIXEL_BGRX);
    surface_fill(&surface, 0, 0, UINT32_MAX, UINT32_MAX, 1);
    assert_only(0, 0, WIDTH, HEIGHT, 1);
    surface = prepare(NONOS_PIXEL_BGRX);
    surface_fill(&surface, WIDTH - 1, HEIGHT - 2, 10, 10, 2);
    assert_only(WIDTH - 1, HEIGHT - 2, 1, 2, 2);
    surface = prepare(NONOS_PIXEL_BGRX);
    surface_fill(&surface, WIDTH, 0, 10, 10, 3);
    surface_fill(&surface, 0, HEIGHT, 10, 10, 3);
    surface_fill(&surface, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 3);
    surface_fill(&surface, 5, 5, 0, 10, 3);
    surface_fill(&surface, 5, 5, 10, 0, 3);
    assert_only(0, 0, 0, 0, 3);
}

static void test_lines_without_padding_are_filled_whole(void **state)
{
    (void)state;
    struct nonos_framebuffer framebuffer = describe(NONOS_PIXEL_BGRX);
    struct surface surface = prepare(NONOS_PIXEL_BGRX);
    framebuffer.width_pixels = STRIDE;
    assert_true(surface_init(&surface, &framebuffer, pixels));
    surface_fill(&surface, 0, 3, STRIDE, UINT32_MAX, 4); /* an odd number of pixels */
    assert_only(0, 3, STRIDE, HEIGHT - 3, 4);
}

/* Each pixel of the glyph is a square of the scale, ink or background. */
static void assert_glyph(uint32_t x, uint32_t y, uint32_t scale, char c, uint32_t ink)
{
    for (uint32_t row = 0; row < FONT_HEIGHT * scale; row++) {
        for (uint32_t column = 0; column < FONT_WIDTH * scale; column++) {
            uint8_t bits = font_glyphs[c - FONT_FIRST][row / scale];
            bool has_ink = (bits >> (7 - column / scale) & 1) != 0;
            assert_int_equal(at(x + column, y + row), has_ink ? ink : 9);
        }
    }
}

static void test_glyphs_stand_where_they_should_at_every_scale(void **state)
{
    (void)state;
    for (uint32_t scale = 1; scale <= 7; scale++) {
        for (uint32_t x = 10; x < 12; x++) {
            struct surface surface = prepare(NONOS_PIXEL_BGRX);
            surface_fill(&surface, 0, 0, WIDTH, HEIGHT, 9);
            surface_text(&surface, x, 33, scale, "Rg~", 3, 0x00FF00, 9);
            for (uint32_t i = 0; i < 3; i++)
                assert_glyph(x + i * 8 * scale, 33, scale, "Rg~"[i], 0x00FF00);
            /* One pixel around it: nothing but background. */
            for (uint32_t i = 0; i < 16 * scale + 2; i++) {
                assert_int_equal(at(x - 1, 32 + i), 9);
                assert_int_equal(at(x + 24 * scale, 32 + i), 9);
            }
            for (uint32_t i = 0; i < 24 * scale + 2; i++) {
                assert_int_equal(at(x - 1 + i, 32), 9);
                assert_int_equal(at(x - 1 + i, 33 + 16 * scale), 9);
            }
        }
    }
}

static void test_text_ends_with_the_last_whole_glyph(void **state)
{
    (void)state;
    struct surface surface = prepare(NONOS_PIXEL_RGBX);
    surface_fill(&surface, 0, 0, WIDTH, HEIGHT, 0);
    surface_text(&surface, WIDTH - 17, HEIGHT - 16, 1, "HHH", 3, 0xFFFFFF, 0);
    assert_int_equal(at(WIDTH - 17 + 1, HEIGHT - 8), 0xFFFFFF); /* the first, and the second */
    assert_int_equal(at(WIDTH - 9 + 1, HEIGHT - 8), 0xFFFFFF);
    assert_int_equal(at(WIDTH - 1, HEIGHT - 8), 0);

    surface = prepare(NONOS_PIXEL_RGBX);
    surface_text(&surface, 0, HEIGHT - 15, 1, "H", 1, 0xFFFFFF, 0);
    surface_text(&surface, WIDTH - 7, 0, 1, "H", 1, 0xFFFFFF, 0);
    surface_text(&surface, WIDTH, 0, 1, "H", 1, 0xFFFFFF, 0);
    surface_text(&surface, 0, HEIGHT, 1, "H", 1, 0xFFFFFF, 0);
    surface_text(&surface, UINT32_MAX - 3, 0, 1, "HHHH", 4, 0xFFFFFF, 0);
    surface_text(&surface, 0, 0, 0, "H", 1, 0xFFFFFF, 0);
    surface_text(&surface, 0, 0, 31, "H", 1, 0xFFFFFF, 0);         /* 496 high */
    surface_text(&surface, 0, 0, UINT32_MAX, "H", 1, 0xFFFFFF, 0); /* its product wraps */
    surface_text(&surface, 0, 0, 1u << 28, "H", 1, 0xFFFFFF, 0);
    assert_only(0, 0, 0, 0, 0);
    surface_text(&surface, 0, 0, 30, "HHHH", 4, 0xFFFFFF, 0);
    assert_int_equal(at(30, 240), 0xFFFFFF);
}

static void test_what_is_not_ascii_is_a_question_mark(void **state)
{
    (void)state;
    static const char odd[] = {'\0', '\n', 0x1F, 0x7F, (char)0x80, (char)0xFF};
    struct surface surface = prepare(NONOS_PIXEL_BGRX);
    surface_fill(&surface, 0, 0, WIDTH, HEIGHT, 9);
    surface_text(&surface, 0, 0, 1, odd, sizeof(odd), 5, 9);
    for (uint32_t i = 0; i < sizeof(odd); i++)
        assert_glyph(i * 8, 0, 1, '?', 5);
}

static void assert_refused(const struct nonos_framebuffer *framebuffer)
{
    const struct surface zero = {};
    struct surface surface;
    memset(&surface, 0xEE, sizeof(surface));
    assert_false(surface_init(&surface, framebuffer, pixels));
    assert_memory_equal(&surface, &zero, sizeof(zero));
}

static void test_impossible_pictures_are_refused(void **state)
{
    (void)state;
    const struct nonos_framebuffer good = describe(NONOS_PIXEL_BGRX);
    struct nonos_framebuffer bad = good;
    struct surface surface;
    assert_true(surface_init(&surface, &good, pixels));
    assert_int_equal(surface_len(&surface), good.len);
    bad.format = 0;
    assert_refused(&bad);
    bad.format = NONOS_PIXEL_BGRX + 1;
    assert_refused(&bad);
    bad = good;
    bad.width_pixels = WIDTH - 1; /* no room for 80 columns */
    assert_refused(&bad);
    bad = good;
    bad.height_pixels = HEIGHT - 1;
    assert_refused(&bad);
    bad = good;
    bad.stride_pixels = WIDTH - 1;
    assert_refused(&bad);
    bad = good;
    bad.len--;
    assert_refused(&bad);
    bad = good;
    bad.len = UINT64_MAX;
    bad.stride_pixels = SURFACE_MAX_LEN + 1;
    assert_refused(&bad);
    bad.stride_pixels = UINT32_MAX;
    assert_refused(&bad);
    bad.width_pixels = UINT32_MAX;
    assert_refused(&bad);
    bad = good;
    bad.len = UINT64_MAX;
    bad.height_pixels = SURFACE_MAX_LEN + 1;
    assert_refused(&bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colours_take_the_order_of_the_format),
        cmocka_unit_test(test_rectangle_fills_itself_and_nothing_else),
        cmocka_unit_test(test_rectangle_is_clipped_at_every_edge),
        cmocka_unit_test(test_lines_without_padding_are_filled_whole),
        cmocka_unit_test(test_glyphs_stand_where_they_should_at_every_scale),
        cmocka_unit_test(test_text_ends_with_the_last_whole_glyph),
        cmocka_unit_test(test_what_is_not_ascii_is_a_question_mark),
        cmocka_unit_test(test_impossible_pictures_are_refused),
    };
    return cmocka_run_group_tests_name("surface", tests, nullptr, nullptr);
}
