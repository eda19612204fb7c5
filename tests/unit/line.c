#include "kernel/line.h"

#include "tests/support/vectors.h"

#define PROMPT "> "
#define SCREEN_COLUMNS 200

/* The one line of a terminal that the editor draws on: enough of a VT100 to see what a user sees.
 */
struct screen {
    char row[SCREEN_COLUMNS + 1];
    size_t column;
    unsigned line_count;
    unsigned bell_count;
    unsigned clear_count;
    char escape[8];
    size_t escape_len;
};

static void screen_escape_end(struct screen *screen, char end)
{
    if (strcmp(screen->escape, "[") != 0 && strcmp(screen->escape, "[2") != 0)
        fail_msg("unknown sequence %s%c", screen->escape, end);
    if (end == 'K') {
        memset(screen->row + screen->column, 0, sizeof screen->row - screen->column);
    } else if (end == 'H') {
        screen->column = 0;
    } else if (end == 'J') {
        memset(screen->row, 0, sizeof screen->row);
        screen->clear_count++;
    } else {
        fail_msg("unknown sequence %s%c", screen->escape, end);
    }
    screen->escape_len = 0;
}

static void screen_byte(struct screen *screen, char byte)
{
    if (screen->escape_len > 0) {
        if (screen->escape_len > 1 && byte >= '@') {
            screen->escape[screen->escape_len] = '\0';
            memmove(screen->escape, screen->escape + 1, screen->escape_len);
            screen_escape_end(screen, byte);
            return;
        }
        assert_true(screen->escape_len < sizeof screen->escape - 1);
        screen->escape[screen->escape_len++] = byte;
    } else if (byte == 0x1B) {
        screen->escape[screen->escape_len++] = byte;
    } else if (byte == '\b') {
        assert_true(screen->column > 0);
        screen->column--;
    } else if (byte == '\a') {
        screen->bell_count++;
    } else if (byte == '\n') {
        memset(screen->row, 0, sizeof screen->row);
        screen->column = 0;
        screen->line_count++;
    } else {
        assert_in_range(byte, 0x20, 0x7E);
        assert_true(screen->column < SCREEN_COLUMNS);
        screen->row[screen->column++] = byte;
    }
}

static void echo(void *context, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        screen_byte(context, bytes[i]);
}

static struct screen screen;
static struct line line;

static int setup([[maybe_unused]] void **state)
{
    screen = (struct screen){};
    line_init(&line, PROMPT, echo, &screen);
    line_start(&line);
    return 0;
}

/* What is on the screen must be what the editor holds, cursor included. */
static void check_screen(void)
{
    char wanted[SCREEN_COLUMNS + 1];

    snprintf(wanted, sizeof wanted, PROMPT "%s", line.text);
    assert_string_equal(screen.row, wanted);
    assert_int_equal(screen.column, strlen(PROMPT) + line.cursor);
    assert_int_equal(line.len, strlen(line.text));
    assert_true(line.cursor <= line.len);
}

/* Types text in which no byte ends a line. */
static void type(const char *text)
{
    for (; *text != '\0'; text++) {
        assert_false(line_feed(&line, (uint8_t)*text));
        if (line.key_state == LINE_KEY_PLAIN)
            check_screen();
    }
}

static void enter(const char *text)
{
    type(text);
    assert_true(line_feed(&line, '\r'));
    assert_string_equal(screen.row, "");
}

static void check(const char *text, size_t cursor)
{
    assert_string_equal(line.text, text);
    assert_int_equal(line.cursor, cursor);
    check_screen();
}

#define UP "\x1b[A"
#define DOWN "\x1b[B"
#define RIGHT "\x1b[C"
#define LEFT "\x1b[D"

static void test_typing_and_inserting([[maybe_unused]] void **state)
{
    check("", 0);
    type("helo");
    check("helo", 4);
    type(LEFT "l");
    check("hello", 4);
    type("\x01"
         "> ");
    check("> hello", 2);
    type("\x05!");
    check("> hello!", 8);
}

static void test_deleting([[maybe_unused]] void **state)
{
    type("abcdef\x7f\b");
    check("abcd", 4);
    type(LEFT LEFT "\x7f");
    check("acd", 1);
    type("\x1b[3~");
    check("ad", 1);
    type("\x04");
    check("a", 1);
    type("\x04\x1b[3~");
    check("a", 1);
    type("\x7f\x7f\x7f");
    check("", 0);
}

static void test_deleting_words_and_ends([[maybe_unused]] void **state)
{
    type("one two  three  ");
    type("\x17");
    check("one two  ", 9);
    type("\x17");
    check("one ", 4);
    type("\x17\x17");
    check("", 0);
    type("one two" LEFT LEFT "\x17");
    check("one wo", 4);
    type("\x15");
    check("wo", 0);
    type(RIGHT "\x0b");
    check("w", 1);
    type("\x0b\x15\x15");
    check("", 0);
}

static void test_moving_stops_at_the_ends([[maybe_unused]] void **state)
{
    type("ab" RIGHT RIGHT);
    check("ab", 2);
    type(LEFT LEFT LEFT);
    check("ab", 0);
    type("\x06");
    check("ab", 1);
    type("\x02\x02");
    check("ab", 0);
}

static void test_home_and_end_in_every_spelling([[maybe_unused]] void **state)
{
    static const char *const homes[] = {"\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~", "\x01"};
    static const char *const ends[] = {"\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~", "\x05"};

    type("text");
    for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++) {
        type(homes[i]);
        check("text", 0);
        type(ends[i]);
        check("text", 4);
    }
    type("\x1bOD\x1bOD\x1bOC");
    check("text", 3);
}

static void test_line_ends_once_for_each_spelling([[maybe_unused]] void **state)
{
    type("a");
    assert_true(line_feed(&line, '\r'));
    assert_string_equal(line.text, "a");
    line_start(&line);
    assert_false(line_feed(&line, '\n')); /* the other half of CR LF */
    assert_true(line_feed(&line, '\n'));
    line_start(&line);
    assert_true(line_feed(&line, '\n'));
    line_start(&line);
    assert_true(line_feed(&line, '\r'));
    line_start(&line);
    assert_true(line_feed(&line, '\r'));
    line_start(&line);
    type("b");
    assert_true(line_feed(&line, '\n'));
    assert_string_equal(line.text, "b");
    assert_int_equal(screen.line_count, 6);
}

static void test_line_ends_whole_with_cursor_inside([[maybe_unused]] void **state)
{
    enter("abc" LEFT LEFT);
    assert_string_equal(line.text, "abc");
}

static void test_length_is_bounded([[maybe_unused]] void **state)
{
    for (size_t i = 0; i < LINE_MAX_LEN; i++)
        type("x");
    assert_int_equal(line.len, LINE_MAX_LEN);
    assert_int_equal(screen.bell_count, 0);
    type("y");
    type(LEFT LEFT "y");
    assert_int_equal(line.len, LINE_MAX_LEN);
    assert_int_equal(screen.bell_count, 2);
    assert_null(strchr(line.text, 'y'));
    type("\x7fy");
    assert_non_null(strchr(line.text, 'y'));
    enter("");
    line_start(&line);
    type(UP);
    assert_int_equal(line.len, LINE_MAX_LEN);
}

static void test_other_bytes_are_ignored([[maybe_unused]] void **state)
{
    type("a");
    for (unsigned byte = 0x80; byte <= 0xFF; byte++)
        assert_false(line_feed(&line, (uint8_t)byte));
    assert_false(line_feed(&line, 0));
    type("\t\x07\x10\x0e\x11\x12\x13\x14\x16\x18\x19\x1a\x1c\x1d\x1e\x1f");
    type("\x1b[5~\x1b[6~\x1b[1;5X\x1b[200~\x1bOP\x1b[[\x1bx\x1b[99999999999~\x1b[4294967297~");
    check("a", 1);
}

static void test_escape_begins_anew([[maybe_unused]] void **state)
{
    type("ab\x1b\x1b[D\x1b[1\x1b[D");
    check("ab", 0);
    type("\x1b[\x03");
    check("", 0);
}

static void test_interrupt_drops_the_line([[maybe_unused]] void **state)
{
    type("dropped\x03");
    assert_int_equal(screen.line_count, 1);
    check("", 0);
    type(UP);
    check("", 0);
}

static void test_clearing_the_screen_keeps_the_line([[maybe_unused]] void **state)
{
    type("abc" LEFT "\x0c");
    assert_int_equal(screen.clear_count, 1);
    check("abc", 2);
}

static void test_history_goes_back_and_forth([[maybe_unused]] void **state)
{
    enter("one");
    line_start(&line);
    enter("two, longer");
    line_start(&line);
    type("draft" LEFT);
    type(UP);
    check("two, longer", 11);
    type(UP);
    check("one", 3);
    type(UP);
    check("one", 3);
    type(DOWN);
    check("two, longer", 11);
    type(DOWN);
    check("draft", 5);
    type(DOWN);
    check("draft", 5);
    type("\x10!\x10\x0e\x0e");
    check("draft", 5);
}

static void test_history_line_can_be_edited_and_stays([[maybe_unused]] void **state)
{
    enter("one");
    line_start(&line);
    enter(UP "!");
    assert_string_equal(line.text, "one!");
    line_start(&line);
    type(UP);
    check("one!", 4);
    type(UP);
    check("one", 3);
}

static void test_history_leaves_out_empty_and_repeated([[maybe_unused]] void **state)
{
    enter("one");
    line_start(&line);
    enter("one");
    line_start(&line);
    enter("");
    line_start(&line);
    assert_int_equal(line.history_count, 1);
    enter("one more");
    line_start(&line);
    enter("one");
    line_start(&line);
    assert_int_equal(line.history_count, 3);
}

static void test_history_forgets_the_oldest([[maybe_unused]] void **state)
{
    char text[2] = "a";

    for (size_t i = 0; i < LINE_HISTORY_COUNT + 3; i++, text[0]++) {
        enter(text);
        line_start(&line);
    }
    for (size_t i = 0; i < LINE_HISTORY_COUNT; i++) {
        text[0]--;
        type(UP);
        check(text, 1);
    }
    type(UP);
    check(text, 1);
}

/* Whatever is typed, screen and line agree and nothing is out of bounds. */
static void test_random_keys_keep_screen_and_line_alike([[maybe_unused]] void **state)
{
    static const char *const keys[] = {"a",  "b",    " ",    " ",    "\x7f", "\x01", "\x05", "\x17",
                                       UP,   DOWN,   LEFT,   LEFT,   RIGHT,  "\x15", "\x0b", "\x0c",
                                       "xy", "\x04", "\x1b", "\x03", "[",    "O",    "3",    "~"};

    for (unsigned i = 0; i < 30000; i++) {
        if (test_random_below(40) == 0) {
            assert_true(line_feed(&line, '\r'));
            line_start(&line);
        } else {
            type(keys[test_random_below(sizeof keys / sizeof keys[0])]);
        }
    }
    assert_int_equal(line.history_count, LINE_HISTORY_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_typing_and_inserting, setup),
        cmocka_unit_test_setup(test_deleting, setup),
        cmocka_unit_test_setup(test_deleting_words_and_ends, setup),
        cmocka_unit_test_setup(test_moving_stops_at_the_ends, setup),
        cmocka_unit_test_setup(test_home_and_end_in_every_spelling, setup),
        cmocka_unit_test_setup(test_line_ends_once_for_each_spelling, setup),
        cmocka_unit_test_setup(test_line_ends_whole_with_cursor_inside, setup),
        cmocka_unit_test_setup(test_length_is_bounded, setup),
        cmocka_unit_test_setup(test_other_bytes_are_ignored, setup),
        cmocka_unit_test_setup(test_escape_begins_anew, setup),
        cmocka_unit_test_setup(test_interrupt_drops_the_line, setup),
        cmocka_unit_test_setup(test_clearing_the_screen_keeps_the_line, setup),
        cmocka_unit_test_setup(test_history_goes_back_and_forth, setup),
        cmocka_unit_test_setup(test_history_line_can_be_edited_and_stays, setup),
        cmocka_unit_test_setup(test_history_leaves_out_empty_and_repeated, setup),
        cmocka_unit_test_setup(test_history_forgets_the_oldest, setup),
        cmocka_unit_test_setup(test_random_keys_keep_screen_and_line_alike, setup),
    };

    return cmocka_run_group_tests_name("line", tests, nullptr, nullptr);
}
