/*
 * surface.h - filling rectangles and writing text in a framebuffer. No hardware: tested on the
 * host.
 *
 * Everything is clipped: nothing outside the picture is ever written, whatever is asked for, and
 * nothing at all is read, since reading a framebuffer is slow. Colours are 0xRRGGBB, lengths and
 * places are pixels from the top left corner.
 */
#ifndef NONOS_DISPLAY_SURFACE_H
#define NONOS_DISPLAY_SURFACE_H

#include "abi/handoff.h"

#include <stddef.h>
#include <stdint.h>

#define SURFACE_MIN_WIDTH 640u
#define SURFACE_MIN_HEIGHT 480u
#define SURFACE_MAX_LEN 16384u /* width, height and stride */

struct surface {
    uint8_t *pixels;
    uint32_t width;
    uint32_t height;
    uint32_t stride; /* pixels from one line to the next */
    uint32_t format; /* enum nonos_pixel_format */
};

/* The surface of the framebuffer whose first byte is reached at pixels. False, and *surface zero,
 * when a number is out of the bounds above, the lines do not fit into the framebuffer's length, or
 * the format is none of the two. */
[[nodiscard]] bool surface_init(struct surface *surface,
                                const struct nonos_framebuffer *framebuffer, void *pixels);

/* The bytes from its first pixel to the end of its last line. */
[[nodiscard]] size_t surface_len(const struct surface *surface);

void surface_fill(const struct surface *surface, uint32_t x, uint32_t y, uint32_t width,
                  uint32_t height, uint32_t colour);

/* Writes text with each pixel of the font scale (at least 1) pixels wide and high, as many whole
 * glyphs as fit. What is no printable ASCII is a question mark. The place must be filled with
 * background already: rows of a glyph that have no ink are left as they are. */
void surface_text(const struct surface *surface, uint32_t x, uint32_t y, uint32_t scale,
                  const char *text, size_t len, uint32_t colour, uint32_t background);

#endif
