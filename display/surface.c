#include "display/surface.h"

#include "display/font.h"

#include <stdckdint.h>

#define PIXEL_LEN 4u
/* Up to this scale a glyph is written row by row, above it run by run. */
#define SMALL_SCALE_MAX 3u

bool surface_init(struct surface *surface, const struct nonos_framebuffer *framebuffer,
                  void *pixels)
{
    const struct nonos_framebuffer *from = framebuffer;
    uint64_t len;

    *surface = (struct surface){};
    if (from->format != NONOS_PIXEL_RGBX && from->format != NONOS_PIXEL_BGRX)
        return false;
    if (from->width_pixels < SURFACE_MIN_WIDTH || from->width_pixels > SURFACE_MAX_LEN ||
        from->height_pixels < SURFACE_MIN_HEIGHT || from->height_pixels > SURFACE_MAX_LEN ||
        from->stride_pixels < from->width_pixels || from->stride_pixels > SURFACE_MAX_LEN)
        return false;
    if (ckd_mul(&len, (uint64_t)from->stride_pixels * PIXEL_LEN, from->height_pixels) ||
        len > from->len)
        return false;
    *surface = (struct surface){.pixels = pixels,
                                .width = from->width_pixels,
                                .height = from->height_pixels,
                                .stride = from->stride_pixels,
                                .format = from->format};
    return true;
}

size_t surface_len(const struct surface *surface)
{
    return (size_t)surface->stride * surface->height * PIXEL_LEN;
}

/* A pixel of this colour as it is in memory, little-endian. */
static uint32_t encode(const struct surface *surface, uint32_t colour)
{
    if (surface->format == NONOS_PIXEL_BGRX)
        return colour & 0xFFFFFF;
    return (colour & 0xFF) << 16 | (colour & 0xFF00) | (colour >> 16 & 0xFF);
}

static uint64_t pair_of(uint32_t left, uint32_t right)
{
    return (uint64_t)right << 32 | left;
}

static uint8_t *pixel_at(const struct surface *surface, uint32_t x, uint32_t y)
{
    return surface->pixels + ((size_t)y * surface->stride + x) * PIXEL_LEN;
}

static void store_pair(uint8_t *at, uint64_t pair)
{
    __builtin_memcpy(at, &pair, sizeof(pair));
}

static void fill_run(uint8_t *at, uint32_t pixel, size_t count)
{
    size_t pairs = count / 2;

    __asm__ volatile("rep stosq" : "+D"(at), "+c"(pairs) : "a"(pair_of(pixel, pixel)) : "memory");
    if (count % 2 != 0)
        __builtin_memcpy(at, &pixel, sizeof(pixel));
}

void surface_fill(const struct surface *surface, uint32_t x, uint32_t y, uint32_t width,
                  uint32_t height, uint32_t colour)
{
    uint32_t pixel = encode(surface, colour);

    if (x >= surface->width || y >= surface->height)
        return;
    if (width > surface->width - x)
        width = surface->width - x;
    if (height > surface->height - y)
        height = surface->height - y;
    if (width == surface->stride) {
        fill_run(pixel_at(surface, 0, y), pixel, (size_t)width * height);
        return;
    }
    for (uint32_t line = 0; line < height; line++)
        fill_run(pixel_at(surface, x, y + line), pixel, width);
}

/* How two neighbouring pixels of a glyph look, by their bits: scale pairs of pixels. */
struct ink {
    uint64_t pairs[4][SMALL_SCALE_MAX];
    uint32_t scale;
    size_t pitch; /* bytes from one line to the next */
};

static void ink_init(struct ink *ink, const struct surface *surface, uint32_t scale,
                     uint32_t colour, uint32_t background)
{
    const uint32_t pixels[2] = {encode(surface, background), encode(surface, colour)};

    ink->scale = scale;
    ink->pitch = (size_t)surface->stride * PIXEL_LEN;
    for (uint32_t bits = 0; bits < 4; bits++) {
        for (uint32_t i = 0; i < scale; i++)
            ink->pairs[bits][i] = pair_of(pixels[2 * i < scale ? bits >> 1 : bits & 1],
                                          pixels[2 * i + 1 < scale ? bits >> 1 : bits & 1]);
    }
}

static void write_row(uint8_t *at, uint32_t bits, const struct ink *ink)
{
    for (uint32_t shift = FONT_WIDTH; shift > 0; shift -= 2) {
        const uint64_t *pairs = ink->pairs[bits >> (shift - 2) & 3];

        for (uint32_t i = 0; i < ink->scale; i++, at += sizeof(*pairs))
            store_pair(at, pairs[i]);
    }
}

static void write_small(uint8_t *at, const uint8_t *glyph, const struct ink *ink)
{
    for (uint32_t row = 0; row < FONT_HEIGHT; row++) {
        for (uint32_t line = 0; line < ink->scale; line++, at += ink->pitch) {
            if (glyph[row] != 0)
                write_row(at, glyph[row], ink);
        }
    }
}

/* The same at scale 1, which most screens have, without the inner loops: a third of the work. */
static void write_smallest(uint8_t *at, const uint8_t *glyph, const struct ink *ink)
{
    const size_t pitch = ink->pitch;

    for (const uint8_t *end = glyph + FONT_HEIGHT; glyph < end; glyph++, at += pitch) {
        uint32_t bits = *glyph;

        if (bits == 0)
            continue;
        store_pair(at, ink->pairs[bits >> 6][0]);
        store_pair(at + 8, ink->pairs[bits >> 4 & 3][0]);
        store_pair(at + 16, ink->pairs[bits >> 2 & 3][0]);
        store_pair(at + 24, ink->pairs[bits & 3][0]);
    }
}

static bool has_ink(uint32_t row, uint32_t column)
{
    return column < FONT_WIDTH && (row >> (FONT_WIDTH - 1 - column) & 1) != 0;
}

static void write_large(const struct surface *surface, uint32_t x, uint32_t y, uint32_t scale,
                        const uint8_t *glyph, uint32_t colour)
{
    for (uint32_t row = 0; row < FONT_HEIGHT; row++) {
        for (uint32_t start = 0; start < FONT_WIDTH && glyph[row] != 0; start++) {
            uint32_t end = start;

            while (has_ink(glyph[row], end))
                end++;
            if (end == start)
                continue;
            surface_fill(surface, x + start * scale, y + row * scale, (end - start) * scale, scale,
                         colour);
            start = end;
        }
    }
}

void surface_text(const struct surface *surface, uint32_t x, uint32_t y, uint32_t scale,
                  const char *text, size_t len, uint32_t colour, uint32_t background)
{
    struct ink ink;

    if (scale == 0 || scale > SURFACE_MAX_LEN / FONT_HEIGHT || y >= surface->height ||
        surface->height - y < FONT_HEIGHT * scale)
        return;
    if (scale <= SMALL_SCALE_MAX)
        ink_init(&ink, surface, scale, colour, background);
    for (size_t i = 0; i < len; i++, x += FONT_WIDTH * scale) {
        uint32_t place = (uint32_t)(unsigned char)text[i] - FONT_FIRST;

        if (x >= surface->width || surface->width - x < FONT_WIDTH * scale)
            return;
        if (place >= FONT_GLYPH_COUNT)
            place = '?' - FONT_FIRST;
        if (scale == 1)
            write_smallest(pixel_at(surface, x, y), font_glyphs[place], &ink);
        else if (scale <= SMALL_SCALE_MAX)
            write_small(pixel_at(surface, x, y), font_glyphs[place], &ink);
        else
            write_large(surface, x, y, scale, font_glyphs[place], colour);
    }
}
