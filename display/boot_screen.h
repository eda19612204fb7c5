/*
 * boot_screen.h - what the screen shows from the loader's first step to the kernel's last word:
 * where it stands, and drawing it. No hardware: tested on the host.
 *
 * The layout follows from the size of the picture alone, so the kernel goes on where the loader
 * stopped. It divides the height into 60 equal parts and needs 80 columns:
 *
 *     1-3     the title
 *     4-24    the loader's ten steps: "[  ]" to come, "[ok]" done, "[NO]" refused
 *     25-33   the result, in large letters on a band of its own colour
 *     34-40   what the result means, up to three lines
 *     41-51   facts: image, digest, signer, id, machine
 *     52-58   three lines of the kernel; a panic covers them
 *
 * No meaning is in colour alone. What is too long for its line ends in "..". Nothing is checked or
 * decided here: the screen repeats what it is told.
 */
#ifndef NONOS_DISPLAY_BOOT_SCREEN_H
#define NONOS_DISPLAY_BOOT_SCREEN_H

#include "display/surface.h"

#define BOOT_SCREEN_STEP_COUNT 10u
#define BOOT_SCREEN_KERNEL_COUNT 3u

enum boot_screen_result {
    BOOT_SCREEN_VERIFIED,             /* green */
    BOOT_SCREEN_VERIFIED_DEVELOPMENT, /* amber */
    BOOT_SCREEN_REFUSED,              /* red; the step after the last one done gets its mark */
};

enum boot_screen_fact {
    BOOT_SCREEN_IMAGE,
    BOOT_SCREEN_DIGEST,
    BOOT_SCREEN_SIGNER,
    BOOT_SCREEN_ID,
    BOOT_SCREEN_MACHINE,
    BOOT_SCREEN_FACT_COUNT,
};

struct boot_screen {
    struct surface surface;
    uint32_t scale;   /* of the text, 1 to 3 */
    uint32_t part;    /* pixels: a sixtieth of the height */
    uint32_t columns; /* of text between the margins */
    uint32_t done;    /* steps */
    bool has_result;
};

/* Draws nothing. As surface_init; the picture must have room for 80 columns and 30 lines of text,
 * which SURFACE_MIN_WIDTH and SURFACE_MIN_HEIGHT see to. */
[[nodiscard]] bool boot_screen_init(struct boot_screen *screen,
                                    const struct nonos_framebuffer *framebuffer, void *pixels);

/* The name of step 1 to 10, as the loader's lines have it too. */
const char *boot_screen_step_name(uint32_t step);

/* Clears everything; title, the steps to come, and the labels of the facts. */
void boot_screen_begin(struct boot_screen *screen);

/* Step 1 to 10 is done, with len bytes of details. */
void boot_screen_step(struct boot_screen *screen, uint32_t step, const char *text, size_t len);

/* Once for each fact. */
void boot_screen_fact(const struct boot_screen *screen, enum boot_screen_fact fact,
                      const char *text, size_t len);

/* The result, in place of one that stands there, and what it means. */
void boot_screen_result(struct boot_screen *screen, enum boot_screen_result result,
                        const char *text, size_t len);

/* Line 0 to BOOT_SCREEN_KERNEL_COUNT - 1 of the kernel's, in place of what stands there. */
void boot_screen_kernel(const struct boot_screen *screen, uint32_t line, const char *text,
                        size_t len);

/* "PANIC", in red, in place of the kernel's lines. */
void boot_screen_panic(const struct boot_screen *screen, const char *text, size_t len);

#endif
