/*
 * terminal.h - the one line of a VT100 that the line editor draws on.
 */
#ifndef NONOS_TESTS_FUZZ_TERMINAL_H
#define NONOS_TESTS_FUZZ_TERMINAL_H

#include "tests/fuzz/fuzz.h"

#define TERMINAL_COLUMNS 200u

struct terminal {
    char row[TERMINAL_COLUMNS + 1];
    size_t column;
    char escape[4]; /* what has come of ESC [ .. */
    size_t escape_len;
};

static inline void terminal_end_escape(struct terminal *terminal, char end)
{
    terminal->escape_len = 0;
    if (end == 'K') {
        memset(terminal->row + terminal->column, 0, sizeof terminal->row - terminal->column);
    } else if (end == 'H') {
        terminal->column = 0;
    } else {
        fuzz_require(end == 'J');
        memset(terminal->row, 0, sizeof terminal->row);
    }
}

static inline void terminal_write_byte(struct terminal *terminal, char byte)
{
    if (terminal->escape_len > 1 && byte >= '@') {
        terminal_end_escape(terminal, byte);
    } else if (terminal->escape_len > 0 || byte == 0x1B) {
        fuzz_require(terminal->escape_len < sizeof terminal->escape);
        terminal->escape[terminal->escape_len++] = byte;
    } else if (byte == '\b') {
        fuzz_require(terminal->column > 0);
        terminal->column--;
    } else if (byte == '\n') {
        memset(terminal->row, 0, sizeof terminal->row);
        terminal->column = 0;
    } else if (byte != '\a') {
        fuzz_require(byte >= 0x20 && byte <= 0x7E);
        fuzz_require(terminal->column < TERMINAL_COLUMNS);
        terminal->row[terminal->column++] = byte;
    }
}

#endif
