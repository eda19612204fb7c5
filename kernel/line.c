#include "kernel/line.h"

#include <string.h>

#define KEY_BACKSPACE 0x08
#define KEY_ESCAPE 0x1B
#define KEY_DELETE_LEFT 0x7F
#define CTRL(letter) ((letter) & 0x1F)

/* ESC [ <number> ~ of the editing keys (xterm, "PC-Style Function Keys"). */
enum {
    NUMBER_HOME = 1,
    NUMBER_DELETE = 3,
    NUMBER_END = 4,
    NUMBER_HOME_RXVT = 7,
    NUMBER_END_RXVT = 8,
};

static void show(const struct line *line, const char *bytes, size_t len)
{
    if (len > 0)
        line->echo(line->context, bytes, len);
}

static void show_text(const struct line *line, const char *text)
{
    show(line, text, strlen(text));
}

static void show_left(const struct line *line, size_t count)
{
    while (count-- > 0)
        show(line, "\b", 1);
}

/* Shows the text from the cursor on, clears what stood behind it, and goes back. */
static void show_rest(const struct line *line)
{
    show(line, line->text + line->cursor, line->len - line->cursor);
    show_text(line, "\x1b[K");
    show_left(line, line->len - line->cursor);
}

static void move_to(struct line *line, size_t cursor)
{
    if (cursor < line->cursor)
        show_left(line, line->cursor - cursor);
    else
        show(line, line->text + line->cursor, cursor - line->cursor);
    line->cursor = cursor;
}

static void insert(struct line *line, char character)
{
    if (line->len == LINE_MAX_LEN) {
        show(line, "\a", 1);
        return;
    }
    memmove(line->text + line->cursor + 1, line->text + line->cursor, line->len - line->cursor + 1);
    line->text[line->cursor] = character;
    line->len++;
    show(line, &character, 1);
    line->cursor++;
    if (line->cursor < line->len)
        show_rest(line);
}

/* Removes the bytes from start to the cursor or, when start is to the right, the other way. */
static void erase(struct line *line, size_t start)
{
    size_t end = line->cursor;

    if (start > end) {
        end = start;
        start = line->cursor;
    }
    if (start == end)
        return;
    move_to(line, start);
    memmove(line->text + start, line->text + end, line->len - end + 1);
    line->len -= end - start;
    show_rest(line);
}

static size_t word_start(const struct line *line)
{
    size_t at = line->cursor;

    while (at > 0 && line->text[at - 1] == ' ')
        at--;
    while (at > 0 && line->text[at - 1] != ' ')
        at--;
    return at;
}

static void replace(struct line *line, const char *text)
{
    move_to(line, 0);
    line->len = strlen(text);
    memcpy(line->text, text, line->len + 1);
    show_rest(line);
    move_to(line, line->len);
}

/* The back-th last line, from 1. */
static const char *history_line(const struct line *line, size_t back)
{
    return line->history[(line->history_next + LINE_HISTORY_COUNT - back) % LINE_HISTORY_COUNT];
}

static void history_show(struct line *line, size_t back)
{
    if (back > line->history_count)
        return;
    if (line->history_shown == 0)
        memcpy(line->draft, line->text, sizeof line->draft);
    line->history_shown = back;
    replace(line, back == 0 ? line->draft : history_line(line, back));
}

static void history_older(struct line *line)
{
    history_show(line, line->history_shown + 1);
}

static void history_newer(struct line *line)
{
    if (line->history_shown > 0)
        history_show(line, line->history_shown - 1);
}

static void history_add(struct line *line)
{
    if (line->len == 0)
        return;
    if (line->history_count > 0 && memcmp(history_line(line, 1), line->text, line->len + 1) == 0)
        return;
    memcpy(line->history[line->history_next], line->text, sizeof line->text);
    line->history_next = (line->history_next + 1) % LINE_HISTORY_COUNT;
    if (line->history_count < LINE_HISTORY_COUNT)
        line->history_count++;
}

static void feed_control(struct line *line, uint8_t byte)
{
    switch (byte) {
    case KEY_BACKSPACE:
    case KEY_DELETE_LEFT:
        if (line->cursor > 0)
            erase(line, line->cursor - 1);
        break;
    case CTRL('D'):
        if (line->cursor < line->len)
            erase(line, line->cursor + 1);
        break;
    case CTRL('A'):
        move_to(line, 0);
        break;
    case CTRL('E'):
        move_to(line, line->len);
        break;
    case CTRL('B'):
        if (line->cursor > 0)
            move_to(line, line->cursor - 1);
        break;
    case CTRL('F'):
        if (line->cursor < line->len)
            move_to(line, line->cursor + 1);
        break;
    case CTRL('U'):
        erase(line, 0);
        break;
    case CTRL('K'):
        erase(line, line->len);
        break;
    case CTRL('W'):
        erase(line, word_start(line));
        break;
    case CTRL('P'):
        history_older(line);
        break;
    case CTRL('N'):
        history_newer(line);
        break;
    case CTRL('L'):
        show_text(line, "\x1b[H\x1b[2J");
        show_text(line, line->prompt);
        show(line, line->text, line->cursor);
        show_rest(line);
        break;
    case CTRL('C'):
        show_text(line, "^C\n");
        line_start(line);
        break;
    default:
        break;
    }
}

/* The letter at the end of ESC [ or ESC O means the same as one of the control keys. */
static void feed_sequence_end(struct line *line, uint8_t byte)
{
    switch (byte) {
    case 'A':
        feed_control(line, CTRL('P'));
        break;
    case 'B':
        feed_control(line, CTRL('N'));
        break;
    case 'C':
        feed_control(line, CTRL('F'));
        break;
    case 'D':
        feed_control(line, CTRL('B'));
        break;
    case 'H':
        feed_control(line, CTRL('A'));
        break;
    case 'F':
        feed_control(line, CTRL('E'));
        break;
    case '~':
        if (line->key_number == NUMBER_HOME || line->key_number == NUMBER_HOME_RXVT)
            feed_control(line, CTRL('A'));
        else if (line->key_number == NUMBER_END || line->key_number == NUMBER_END_RXVT)
            feed_control(line, CTRL('E'));
        else if (line->key_number == NUMBER_DELETE)
            feed_control(line, CTRL('D'));
        break;
    default:
        break;
    }
}

/* One byte of a sequence: parameters 0x30-0x3F, intermediates 0x20-0x2F, end 0x40-0x7E
 * (ECMA-48 §5.4). */
static void feed_sequence(struct line *line, uint8_t byte)
{
    if (byte >= '0' && byte <= '9' && line->key_number < 100)
        line->key_number = line->key_number * 10 + (byte - '0');
    if (byte >= 0x20 && byte <= 0x3F)
        return;
    line->key_state = LINE_KEY_PLAIN;
    feed_sequence_end(line, byte);
}

static void feed_plain(struct line *line, uint8_t byte)
{
    if (byte == KEY_ESCAPE)
        line->key_state = LINE_KEY_ESCAPE;
    else if (byte >= 0x20 && byte <= 0x7E)
        insert(line, (char)byte);
    else
        feed_control(line, byte);
}

void line_init(struct line *line, const char *prompt, line_echo *echo, void *context)
{
    *line = (struct line){.prompt = prompt, .echo = echo, .context = context};
}

void line_start(struct line *line)
{
    line->len = 0;
    line->cursor = 0;
    line->text[0] = '\0';
    line->history_shown = 0;
    line->key_state = LINE_KEY_PLAIN;
    show_text(line, line->prompt);
}

bool line_feed(struct line *line, uint8_t byte)
{
    bool after_return = line->after_return;

    line->after_return = byte == '\r';
    if (byte == '\n' && after_return)
        return false;
    if (byte == '\r' || byte == '\n') {
        show(line, "\n", 1);
        history_add(line);
        return true;
    }
    /* Whatever a broken sequence leaves open, these two begin anew. */
    if (byte == KEY_ESCAPE || byte == CTRL('C'))
        line->key_state = LINE_KEY_PLAIN;
    switch (line->key_state) {
    case LINE_KEY_PLAIN:
        feed_plain(line, byte);
        break;
    case LINE_KEY_ESCAPE:
        line->key_number = 0;
        line->key_state = byte == '['   ? LINE_KEY_SEQUENCE
                          : byte == 'O' ? LINE_KEY_SHIFT_3
                                        : LINE_KEY_PLAIN;
        break;
    case LINE_KEY_SEQUENCE:
        feed_sequence(line, byte);
        break;
    case LINE_KEY_SHIFT_3:
        line->key_state = LINE_KEY_PLAIN;
        feed_sequence_end(line, byte);
        break;
    }
    return false;
}
