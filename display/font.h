/*
 * font.h - the glyphs of printable ASCII, one bit a pixel.
 *
 * The table is build/gen/font.c, which scripts/font makes of a packaged console font (Spleen 8x16,
 * BSD 2-clause; docs/boot.md). Nothing of the font is in this tree.
 */
#ifndef NONOS_DISPLAY_FONT_H
#define NONOS_DISPLAY_FONT_H

#include <stdint.h>

#define FONT_WIDTH 8u   /* pixels; bit 7 of a row is the leftmost */
#define FONT_HEIGHT 16u /* rows, from the top */
#define FONT_FIRST ' '
#define FONT_LAST '~'
#define FONT_GLYPH_COUNT 95u

/* The glyph of the character c is font_glyphs[c - FONT_FIRST]. */
extern const uint8_t font_glyphs[FONT_GLYPH_COUNT][FONT_HEIGHT];

#endif
