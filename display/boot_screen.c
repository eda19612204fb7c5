#include "display/boot_screen.h"

#include "display/font.h"

#include <string.h>

#define COLUMNS_MIN 80u
#define LINES_MIN 30u
#define SCALE_MAX 3u
#define MARGIN_COLUMNS 2u

/* Heights and places in parts. */
#define PART_COUNT (2 * LINES_MIN)
#define LINE_PARTS 2u
#define TITLE_AT 1u
#define STEPS_AT 4u
#define BAND_AT 25u
#define BAND_PARTS 8u
#define WORDS_AT 26u
#define WORDS_PARTS 6u
#define MEANING_AT 34u
#define MEANING_LINES 3u
#define FACTS_AT 41u
#define KERNEL_AT 52u
#define PANIC_PARTS 7u

/* Columns from the left margin. */
#define MARK_LETTERS_AT 1u /* between its brackets */
#define NUMBER_AT 5u
#define NAME_AT 8u
#define STEP_TEXT_AT 19u
#define FACT_TEXT_AT 10u

/* White on green and on red, black on amber: 5:1 or more each (WCAG 2.1 §1.4.3 asks for 4.5:1). */
enum {
    BACKGROUND = 0x10151B,
    TEXT = 0xE4E9EE,
    QUIET = 0x8E99A4,
    WHITE = 0xFFFFFF,
    BLACK = 0x000000,
    GREEN = 0x1B7A35,
    AMBER = 0xF2B200,
    RED = 0xB71C1C,
    BRIGHT_GREEN = 0x6BD78A,
    BRIGHT_RED = 0xFF8A80,
};

static const char *const step_names[BOOT_SCREEN_STEP_COUNT] = {
    "firmware", "policy",    "hardware", "image",  "BLAKE3",
    "Ed25519",  "ML-DSA-65", "manifest", "placed", "leaving firmware for the kernel",
};

const char *boot_screen_step_name(uint32_t step)
{
    return step_names[(step - 1) % BOOT_SCREEN_STEP_COUNT];
}

bool boot_screen_init(struct boot_screen *screen, const struct nonos_framebuffer *framebuffer,
                      void *pixels)
{
    *screen = (struct boot_screen){};
    if (!surface_init(&screen->surface, framebuffer, pixels))
        return false;
    screen->scale = SCALE_MAX;
    while (screen->scale > 1 && (screen->surface.width < COLUMNS_MIN * FONT_WIDTH * screen->scale ||
                                 screen->surface.height < LINES_MIN * FONT_HEIGHT * screen->scale))
        screen->scale--;
    screen->part = screen->surface.height / PART_COUNT;
    screen->columns =
        screen->surface.width / (FONT_WIDTH * screen->scale) - (size_t)2 * MARGIN_COLUMNS;
    return true;
}

static uint32_t column_at(const struct boot_screen *screen, uint32_t column)
{
    return (MARGIN_COLUMNS + column) * FONT_WIDTH * screen->scale;
}

static uint32_t part_at(const struct boot_screen *screen, uint32_t part)
{
    return part * screen->part;
}

/* One line from a column on. Whoever cuts something off says so. */
static void write_at(const struct boot_screen *screen, uint32_t column, uint32_t part,
                     const char *text, size_t len, uint32_t colour, uint32_t background)
{
    uint32_t x = column_at(screen, column);
    uint32_t y = part_at(screen, part);
    size_t room = screen->columns - column;

    if (len <= room) {
        surface_text(&screen->surface, x, y, screen->scale, text, len, colour, background);
        return;
    }
    surface_text(&screen->surface, x, y, screen->scale, text, room - 2, colour, background);
    surface_text(&screen->surface, column_at(screen, screen->columns - 2), y, screen->scale, "..",
                 2, colour, background);
}

static void write_word(const struct boot_screen *screen, uint32_t column, uint32_t part,
                       const char *text, uint32_t colour)
{
    write_at(screen, column, part, text, strlen(text), colour, BACKGROUND);
}

/* How much of text goes into a line of so many columns: up to a blank, if there is one. */
static size_t fitting_len(const char *text, size_t len, size_t columns)
{
    if (len <= columns)
        return len;
    for (size_t i = columns; i > columns / 2; i--) {
        if (text[i] == ' ')
            return i;
    }
    return columns;
}

/* Several lines from a column on; the last one has what is left. */
static void write_lines(const struct boot_screen *screen, uint32_t column, uint32_t part,
                        uint32_t lines, const char *text, size_t len, uint32_t background)
{
    for (; lines > 0 && len > 0; lines--, part += LINE_PARTS) {
        size_t now = lines == 1 ? len : fitting_len(text, len, screen->columns - column);

        write_at(screen, column, part, text, now, WHITE, background);
        while (now < len && text[now] == ' ')
            now++;
        text += now;
        len -= now;
    }
}

static void clear(const struct boot_screen *screen, uint32_t part, uint32_t lines)
{
    surface_fill(&screen->surface, 0, part_at(screen, part), screen->surface.width,
                 lines * LINE_PARTS * screen->part, BACKGROUND);
}

static uint32_t step_part(uint32_t step)
{
    return STEPS_AT + (step - 1) * LINE_PARTS;
}

void boot_screen_begin(struct boot_screen *screen)
{
    static const char *const labels[BOOT_SCREEN_FACT_COUNT] = {
        [BOOT_SCREEN_IMAGE] = "image",     [BOOT_SCREEN_DIGEST] = "digest",
        [BOOT_SCREEN_SIGNER] = "signer",   [BOOT_SCREEN_ID] = "id",
        [BOOT_SCREEN_MACHINE] = "machine",
    };

    screen->done = 0;
    screen->has_result = false;
    surface_fill(&screen->surface, 0, 0, screen->surface.width, screen->surface.height, BACKGROUND);
    write_word(screen, 0, TITLE_AT, "NONOS", WHITE);
    for (uint32_t step = 1; step <= BOOT_SCREEN_STEP_COUNT; step++) {
        const char number[2] = {step < 10 ? ' ' : '1', "0123456789"[step % 10]};

        write_word(screen, 0, step_part(step), "[  ]", QUIET);
        write_at(screen, NUMBER_AT, step_part(step), number, sizeof(number), QUIET, BACKGROUND);
        write_word(screen, NAME_AT, step_part(step), step_names[step - 1], TEXT);
    }
    for (uint32_t i = 0; i < BOOT_SCREEN_FACT_COUNT; i++)
        write_word(screen, 0, FACTS_AT + i * LINE_PARTS, labels[i], QUIET);
}

static void mark_step(const struct boot_screen *screen, uint32_t step, const char *letters,
                      uint32_t colour)
{
    surface_fill(&screen->surface, column_at(screen, MARK_LETTERS_AT),
                 part_at(screen, step_part(step)), 2 * FONT_WIDTH * screen->scale,
                 FONT_HEIGHT * screen->scale, BACKGROUND);
    write_word(screen, MARK_LETTERS_AT, step_part(step), letters, colour);
}

void boot_screen_step(struct boot_screen *screen, uint32_t step, const char *text, size_t len)
{
    if (step < 1 || step > BOOT_SCREEN_STEP_COUNT)
        return;
    screen->done = step;
    mark_step(screen, step, "ok", BRIGHT_GREEN);
    write_at(screen, STEP_TEXT_AT, step_part(step), text, len, TEXT, BACKGROUND);
}

void boot_screen_fact(const struct boot_screen *screen, enum boot_screen_fact fact,
                      const char *text, size_t len)
{
    write_at(screen, FACT_TEXT_AT, FACTS_AT + (uint32_t)fact * LINE_PARTS, text, len, TEXT,
             BACKGROUND);
}

struct band {
    const char *words;
    uint32_t colour;
    uint32_t ink;
};

/* The words as large as fits: the longest of them, 22 letters, decide, so that all are alike. */
static void draw_band(const struct boot_screen *screen, const struct band *band)
{
    uint32_t width = screen->columns * FONT_WIDTH * screen->scale;
    uint32_t scale = WORDS_PARTS * screen->part / FONT_HEIGHT;
    uint32_t most = width / ((22 + MARGIN_COLUMNS) * FONT_WIDTH);

    if (scale > most)
        scale = most;
    surface_fill(&screen->surface, column_at(screen, 0), part_at(screen, BAND_AT), width,
                 BAND_PARTS * screen->part, band->colour);
    surface_text(&screen->surface, column_at(screen, MARGIN_COLUMNS),
                 part_at(screen, WORDS_AT) + (WORDS_PARTS * screen->part - scale * FONT_HEIGHT) / 2,
                 scale, band->words, strlen(band->words), band->ink, band->colour);
}

void boot_screen_result(struct boot_screen *screen, enum boot_screen_result result,
                        const char *text, size_t len)
{
    static const struct band bands[] = {
        [BOOT_SCREEN_VERIFIED] = {"VERIFIED", GREEN, WHITE},
        [BOOT_SCREEN_VERIFIED_DEVELOPMENT] = {"VERIFIED - DEVELOPMENT", AMBER, BLACK},
        [BOOT_SCREEN_REFUSED] = {"REFUSED", RED, WHITE},
    };

    if (result == BOOT_SCREEN_REFUSED)
        mark_step(screen, screen->done < BOOT_SCREEN_STEP_COUNT ? screen->done + 1 : screen->done,
                  "NO", BRIGHT_RED);
    draw_band(screen, &bands[result]);
    if (screen->has_result)
        clear(screen, MEANING_AT, MEANING_LINES);
    screen->has_result = true;
    write_lines(screen, 0, MEANING_AT, MEANING_LINES, text, len, BACKGROUND);
}

void boot_screen_kernel(const struct boot_screen *screen, uint32_t line, const char *text,
                        size_t len)
{
    uint32_t part = KERNEL_AT + line * LINE_PARTS;

    if (line >= BOOT_SCREEN_KERNEL_COUNT)
        return;
    clear(screen, part, 1);
    write_word(screen, 0, part, "kernel", QUIET);
    write_at(screen, FACT_TEXT_AT, part, text, len, TEXT, BACKGROUND);
}

void boot_screen_panic(const struct boot_screen *screen, const char *text, size_t len)
{
    static const char word[] = "PANIC: the kernel has stopped";

    surface_fill(&screen->surface, column_at(screen, 0), part_at(screen, KERNEL_AT),
                 screen->columns * FONT_WIDTH * screen->scale, PANIC_PARTS * screen->part, RED);
    write_at(screen, 1, KERNEL_AT, word, sizeof(word) - 1, WHITE, RED);
    write_lines(screen, 1, KERNEL_AT + LINE_PARTS, 2, text, len, RED);
}
