/*
 * The line for what takes long: once after two seconds, and not at all when it was quicker.
 */
#include "tools/progress.h"

#include "tests/support/vectors.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define LINE "still at it\n"

static int ends[2];
static int real_stderr;

static int take_stderr(void **state)
{
    (void)state;
    real_stderr = dup(STDERR_FILENO);
    return pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0 ? 0 : -1;
}

static int give_stderr_back(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return dup2(real_stderr, STDERR_FILENO) >= 0 ? close(real_stderr) : -1;
}

static void test_progress_says_a_line_after_two_seconds(void **state)
{
    (void)state;
    char text[64] = {0};
    progress_begin(LINE);
    unsigned left = alarm(0);
    assert_in_range(left, 1, 2);
    alarm(1);
    struct pollfd wait = {ends[0], POLLIN, 0};
    int ready = 0;
    while ((ready = poll(&wait, 1, 20000)) < 0)
        continue; /* the signal itself */
    assert_int_equal(ready, 1);
    assert_int_equal(read(ends[0], text, sizeof(text) - 1), sizeof(LINE) - 1);
    assert_string_equal(text, LINE);
    progress_end();
}

static void test_progress_says_nothing_when_it_was_quicker(void **state)
{
    (void)state;
    struct pollfd wait = {ends[0], POLLIN, 0};
    struct sigaction before, after;
    sigaction(SIGALRM, nullptr, &before);
    progress_begin(LINE);
    progress_end();
    sigaction(SIGALRM, nullptr, &after);
    assert_int_equal(alarm(0), 0);
    assert_ptr_equal(before.sa_handler, after.sa_handler);
    assert_int_equal(poll(&wait, 1, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_progress_says_a_line_after_two_seconds, take_stderr,
                                        give_stderr_back),
        cmocka_unit_test_setup_teardown(test_progress_says_nothing_when_it_was_quicker, take_stderr,
                                        give_stderr_back),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
