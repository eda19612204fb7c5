/* The line editor: whatever is typed, screen and line agree and nothing is out of bounds. */
#include "tests/fuzz/terminal.h"

#include "kernel/line.h"

#define PROMPT "> "

static void echo(void *context, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        terminal_write_byte(context, bytes[i]);
}

static void check_line(const struct line *line)
{
    fuzz_require(line->len <= LINE_MAX_LEN && line->cursor <= line->len);
    fuzz_require(strnlen(line->text, sizeof line->text) == line->len);
    fuzz_require(line->history_count <= LINE_HISTORY_COUNT);
    fuzz_require(line->history_shown <= line->history_count);
    for (size_t i = 0; i < line->len; i++)
        fuzz_require(line->text[i] >= 0x20 && line->text[i] <= 0x7E);
    for (size_t i = 0; i < line->history_count; i++)
        fuzz_require(strnlen(line->history[i], LINE_MAX_LEN + 1) <= LINE_MAX_LEN);
}

static void check_screen(const struct line *line, const struct terminal *terminal)
{
    fuzz_require(terminal->escape_len == 0);
    fuzz_require(terminal->column == strlen(PROMPT) + line->cursor);
    fuzz_require(strncmp(terminal->row, PROMPT, strlen(PROMPT)) == 0);
    fuzz_require(strcmp(terminal->row + strlen(PROMPT), line->text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct terminal terminal = {};
    struct line *line = fuzz_allocate(sizeof *line);
    line_init(line, PROMPT, echo, &terminal);
    line_start(line);
    for (size_t i = 0; i < len; i++) {
        bool ended = line_feed(line, bytes[i]);
        check_line(line);
        fuzz_require(!ended || bytes[i] == '\r' || bytes[i] == '\n');
        if (ended)
            line_start(line);
        check_screen(line, &terminal);
    }
    free(line);
    return 0;
}
