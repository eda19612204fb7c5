/*
 * line.h - the line editor: bytes typed in, bytes to show out. No hardware, no allocation.
 *
 * Keys (a VT100 or xterm is assumed at the other end): printable ASCII inserts; Backspace and DEL
 * delete to the left, the Delete key and Ctrl-D under the cursor; Left, Right, Home, End, Ctrl-B,
 * -F, -A, -E move; Ctrl-U deletes to the start, Ctrl-K to the end, Ctrl-W a word; Up, Down, Ctrl-P,
 * -N walk through the history; Ctrl-L clears the screen; Ctrl-C drops the line. CR, LF or CR LF
 * ends it. Everything else is ignored.
 */
#ifndef NONOS_KERNEL_LINE_H
#define NONOS_KERNEL_LINE_H

#include <stddef.h>
#include <stdint.h>

#define LINE_MAX_LEN 128u     /* longest line, without the NUL */
#define LINE_HISTORY_COUNT 8u /* lines remembered */

/* Shows len bytes to the user. */
typedef void line_echo(void *context, const char *bytes, size_t len);

enum line_key_state {
    LINE_KEY_PLAIN,
    LINE_KEY_ESCAPE,   /* after ESC */
    LINE_KEY_SEQUENCE, /* after ESC [ */
    LINE_KEY_SHIFT_3,  /* after ESC O */
};

struct line {
    const char *prompt;
    line_echo *echo;
    void *context;
    char text[LINE_MAX_LEN + 1]; /* NUL-terminated at all times */
    size_t len;
    size_t cursor; /* 0 to len */
    char history[LINE_HISTORY_COUNT][LINE_MAX_LEN + 1];
    size_t history_count;
    size_t history_next;          /* slot that the next line goes to */
    size_t history_shown;         /* 0: the new line, n: the n-th last one */
    char draft[LINE_MAX_LEN + 1]; /* the new line while history is shown */
    enum line_key_state key_state;
    unsigned key_number; /* parameter of ESC [ <number> ~ */
    bool after_return;   /* the last byte was CR: a LF now belongs to it */
};

/* An empty line with empty history. prompt (NUL-terminated) and context stay the caller's. */
void line_init(struct line *line, const char *prompt, line_echo *echo, void *context);

/* Empties the line and shows the prompt. */
void line_start(struct line *line);

/* Takes one byte. True when it ended the line: line->text has it, without the end, until
 * line_start; the line is in the history unless empty or a repetition. */
[[nodiscard]] bool line_feed(struct line *line, uint8_t byte);

#endif
