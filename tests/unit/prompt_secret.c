/*
 * PINs and passphrases: from the environment, and typed at a terminal that shows nothing of them
 * and is itself again afterwards.
 */
#include "tools/prompt_secret.h"

#include "crypto/bytes.h"
#include "tests/support/vectors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SIZE 9u
#define VARIABLE "NONOS_PASSPHRASE"
static const struct secret_question question = {"the passphrase of a\x1B[2Jkey", VARIABLE};

static char shown[4096]; /* what the terminal showed */

/* A process on a terminal of its own that asks; it ends with the error, or 100 when the answer is
 * not "secret12". *terminal: the other side. */
static pid_t start(int *terminal, bool hangups_ignored)
{
    pid_t pid = forkpty(terminal, nullptr, nullptr, nullptr);
    assert_true(pid >= 0);
    if (pid > 0) {
        memset(shown, 0, sizeof(shown));
        return pid;
    }
    if (hangups_ignored)
        signal(SIGHUP, SIG_IGN);
    char out[SIZE];
    size_t len = 0;
    /* Not by standard input and output. */
    close(0);
    close(1);
    enum nonos_error error = prompt_secret(&question, out, sizeof(out), &len);
    bool right = len == 8 && strcmp(out, "secret12") == 0;
    bool cleared = len == 0 && bytes_are_zero(out, sizeof(out));
    _exit(error == NONOS_OK ? (right ? 0 : 100) : cleared ? (int)error : 101);
}

/* Reads what the terminal shows until the text has come as often as that. */
static void expect_shown(int terminal, const char *text, unsigned times)
{
    for (;;) {
        unsigned found = 0;
        for (const char *at = shown; (at = strstr(at, text)) != nullptr; at++)
            found++;
        if (found >= times)
            return;
        struct pollfd wait = {terminal, POLLIN, 0};
        assert_int_equal(poll(&wait, 1, 20000), 1);
        size_t used = strlen(shown);
        ssize_t got = read(terminal, shown + used, sizeof(shown) - 1 - used);
        assert_true(got > 0);
    }
}

static bool shows_input(int terminal)
{
    struct termios now;
    assert_int_equal(tcgetattr(terminal, &now), 0);
    return (now.c_lflag & ECHO) != 0;
}

static void type(int terminal, const char *text)
{
    assert_int_equal(write(terminal, text, strlen(text)), strlen(text));
}

static int wait_for(pid_t pid, int options)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, options), pid);
    return status;
}

static void test_prompt_secret_shows_nothing_of_the_answer(void **state)
{
    (void)state;
    int terminal = -1;
    pid_t pid = start(&terminal, false);
    expect_shown(terminal, "nonos: the passphrase of a?[2Jkey: ", 1);
    assert_false(shows_input(terminal));
    type(terminal, "secret12\n");
    assert_int_equal(wait_for(pid, 0), 0);
    expect_shown(terminal, "\n", 1);
    assert_null(strstr(shown, "secret"));
    assert_true(shows_input(terminal));
    close(terminal);
}

static void expect_refused(const char *typed)
{
    int terminal = -1;
    pid_t pid = start(&terminal, false);
    expect_shown(terminal, ": ", 2);
    type(terminal, typed);
    int status = wait_for(pid, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), NONOS_E_SIZE);
    assert_true(shows_input(terminal));
    close(terminal);
}

static void test_prompt_secret_refuses_an_empty_or_long_answer(void **state)
{
    (void)state;
    expect_refused("\n");
    expect_refused("\x04"); /* the end of the input */
    expect_refused("secret123\n");
    expect_refused("secret12 and what would be cut off\n");
}

/* Asks, sends the signal, and expects it to end the program with the terminal in order. */
static void expect_ended_by(int sent, const char *typed)
{
    int terminal = -1;
    pid_t pid = start(&terminal, false);
    expect_shown(terminal, ": ", 2);
    assert_false(shows_input(terminal));
    type(terminal, "sec");
    if (typed != nullptr)
        type(terminal, typed);
    else
        assert_int_equal(kill(pid, sent), 0);
    int status = wait_for(pid, 0);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), sent);
    assert_true(shows_input(terminal));
    close(terminal);
}

static void test_prompt_secret_mends_the_terminal_before_a_signal_ends_it(void **state)
{
    (void)state;
    expect_ended_by(SIGINT, "\x03");
    expect_ended_by(SIGQUIT, "\x1C");
    expect_ended_by(SIGTERM, nullptr);
    expect_ended_by(SIGHUP, nullptr);
}

static void test_prompt_secret_asks_again_after_a_stop(void **state)
{
    (void)state;
    int terminal = -1;
    pid_t pid = start(&terminal, false);
    expect_shown(terminal, "key: ", 1);
    type(terminal, "sec");
    /* Not by Ctrl-Z: the system lets no process group without a shell stop itself that way. */
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_true(WIFSTOPPED(wait_for(pid, WUNTRACED)));
    assert_int_equal(kill(pid, SIGCONT), 0);
    expect_shown(terminal, "key: ", 2);
    assert_false(shows_input(terminal));
    type(terminal, "secret12\n");
    assert_int_equal(wait_for(pid, 0), 0);
    close(terminal);
}

static void test_prompt_secret_leaves_ignored_signals_ignored(void **state)
{
    (void)state;
    int terminal = -1;
    pid_t pid = start(&terminal, true);
    expect_shown(terminal, "key: ", 1);
    assert_int_equal(kill(pid, SIGHUP), 0);
    type(terminal, "secret12\n");
    assert_int_equal(wait_for(pid, 0), 0);
    close(terminal);
}

/* In a session without a terminal. */
static void test_prompt_secret_needs_a_terminal_or_the_variable(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char out[SIZE] = "before";
        size_t len = 1;
        setsid();
        enum nonos_error error = prompt_secret(&question, out, sizeof(out), &len);
        bool right = error == NONOS_E_READ && errno == ENOTTY && len == 0 &&
                     bytes_are_zero(out, sizeof(out)) &&
                     prompt_secret_report(&question, error, sizeof(out)) == NONOS_E_READ;
        _exit(right ? 0 : 1);
    }
    assert_int_equal(wait_for(pid, 0), 0);
}

static void expect_from_variable(const char *value, enum nonos_error expected)
{
    char out[SIZE] = "before";
    size_t len = 1;
    assert_int_equal(setenv(VARIABLE, value, 1), 0);
    char *in_environment = getenv(VARIABLE);
    assert_int_equal(prompt_secret(&question, out, sizeof(out), &len), expected);
    assert_null(getenv(VARIABLE));
    assert_true(bytes_are_zero(in_environment, strlen(value)));
    assert_string_equal(out, expected == NONOS_OK ? value : "");
    assert_int_equal(len, strlen(out));
}

static void test_prompt_secret_takes_the_variable_first_and_wipes_it(void **state)
{
    (void)state;
    expect_from_variable("secret12", NONOS_OK);
    expect_from_variable("s", NONOS_OK);
    expect_from_variable("", NONOS_E_SIZE);
    expect_from_variable("secret123", NONOS_E_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prompt_secret_shows_nothing_of_the_answer),
        cmocka_unit_test(test_prompt_secret_refuses_an_empty_or_long_answer),
        cmocka_unit_test(test_prompt_secret_mends_the_terminal_before_a_signal_ends_it),
        cmocka_unit_test(test_prompt_secret_asks_again_after_a_stop),
        cmocka_unit_test(test_prompt_secret_leaves_ignored_signals_ignored),
        cmocka_unit_test(test_prompt_secret_needs_a_terminal_or_the_variable),
        cmocka_unit_test(test_prompt_secret_takes_the_variable_first_and_wipes_it),
    };
    unsetenv(VARIABLE);
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
