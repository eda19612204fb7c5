#include "tools/prompt_secret.h"

#include "crypto/bytes.h"
#include "tools/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT};
#define WATCHED_COUNT (sizeof(watched) / sizeof(watched[0]))

static volatile sig_atomic_t caught;

static void note_signal(int signal)
{
    caught = signal;
}

struct terminal {
    int fd;
    struct termios before;
    sigset_t mask_before; /* what is let through while it waits */
    struct sigaction actions_before[WATCHED_COUNT];
};

static enum nonos_error take_variable(const char *variable, char *value, char *out, size_t size,
                                      size_t *len)
{
    size_t value_len = strlen(value);
    bool fits = value_len > 0 && value_len < size;
    if (fits) {
        memcpy(out, value, value_len);
        *len = value_len;
    }
    bytes_wipe(value, value_len);
    unsetenv(variable);
    return fits ? NONOS_OK : NONOS_E_SIZE;
}

/* The signals are held back but for the moments in which it waits: none comes unseen between a
 * look at `caught` and the wait. One that was ignored before (nohup) stays ignored. */
static void watch_signals(struct terminal *terminal)
{
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaddset(&mask, watched[i]);
    sigprocmask(SIG_BLOCK, &mask, &terminal->mask_before);
    caught = 0;
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        struct sigaction action = {.sa_handler = note_signal};
        sigfillset(&action.sa_mask);
        sigaction(watched[i], nullptr, &terminal->actions_before[i]);
        if (terminal->actions_before[i].sa_handler != SIG_IGN)
            sigaction(watched[i], &action, nullptr);
    }
}

static void forget_signals(const struct terminal *terminal)
{
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaction(watched[i], &terminal->actions_before[i], nullptr);
    sigprocmask(SIG_SETMASK, &terminal->mask_before, nullptr);
}

/* The line feed that ends the answer is shown: the next line then starts where lines do. */
static bool hide(const struct terminal *terminal)
{
    struct termios hidden = terminal->before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
    hidden.c_lflag |= ICANON | ECHONL | ISIG;
    return tcsetattr(terminal->fd, TCSAFLUSH, &hidden) == 0;
}

static void write_text(int fd, const char *text)
{
    for (; *text != 0; text++) {
        bool printable = *text >= 0x20 && *text <= 0x7E;
        if (write(fd, printable ? text : "?", 1) != 1)
            return;
    }
}

/* One byte: 1, at the end of what is typed 0, on a failure or a signal -1. */
static int read_byte(const struct terminal *terminal, char *out)
{
    struct pollfd wait = {.fd = terminal->fd, .events = POLLIN};
    while (caught == 0) {
        int ready = ppoll(&wait, 1, nullptr, &terminal->mask_before);
        if (ready < 0 && errno != EINTR)
            return -1;
        if (ready > 0 && caught == 0)
            return (int)read(terminal->fd, out, 1);
    }
    errno = EINTR;
    return -1;
}

/* A line that is too long is read to its end, so that the rest of it is no command afterwards. */
static enum nonos_error read_line(const struct terminal *terminal, char *out, size_t size,
                                  size_t *len)
{
    size_t typed_len = 0;
    char byte = 0;
    int got = 0;
    while ((got = read_byte(terminal, &byte)) > 0 && byte != '\n') {
        if (typed_len < size - 1)
            out[typed_len] = byte;
        typed_len += typed_len < size;
    }
    byte = 0;
    if (got < 0)
        return NONOS_E_READ;
    if (typed_len == 0 || typed_len >= size)
        return NONOS_E_SIZE;
    out[typed_len] = 0;
    *len = typed_len;
    return NONOS_OK;
}

/* Asks once. *signal: the one that interrupted it, or 0. */
static enum nonos_error ask_once(struct terminal *terminal, const char *what, char *out,
                                 size_t size, size_t *len, int *signal)
{
    watch_signals(terminal);
    enum nonos_error error = NONOS_E_READ;
    if (hide(terminal)) {
        write_text(terminal->fd, "nonos: ");
        write_text(terminal->fd, what);
        write_text(terminal->fd, ": ");
        error = read_line(terminal, out, size, len);
    }
    int reason = errno;
    *signal = caught;
    if (error != NONOS_OK)
        bytes_wipe(out, size);
    (void)tcsetattr(terminal->fd, TCSAFLUSH, &terminal->before);
    if (*signal != 0)
        (void)!write(terminal->fd, "\n", 1);
    forget_signals(terminal);
    errno = reason;
    return error;
}

/* A signal does here what it would have done anywhere else: it ends or stops the program. After a
 * stop the question is asked again. */
static enum nonos_error ask(struct terminal *terminal, const char *what, char *out, size_t size,
                            size_t *len)
{
    for (;;) {
        int signal = 0;
        enum nonos_error error = ask_once(terminal, what, out, size, len, &signal);
        if (signal == 0)
            return error;
        bytes_wipe(out, size);
        *len = 0;
        raise(signal);
        if (signal != SIGTSTP && signal != SIGCONT) {
            errno = EINTR;
            return NONOS_E_READ;
        }
    }
}

enum nonos_error prompt_secret(const struct secret_question *question, char *out, size_t size,
                               size_t *len)
{
    bytes_wipe(out, size);
    *len = 0;
    char *value = question->variable == nullptr ? nullptr : getenv(question->variable);
    if (value != nullptr)
        return take_variable(question->variable, value, out, size, len);
    struct terminal terminal = {.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)};
    if (terminal.fd < 0) {
        errno = ENOTTY;
        return NONOS_E_READ;
    }
    enum nonos_error error = NONOS_E_READ;
    if (tcgetattr(terminal.fd, &terminal.before) == 0)
        error = ask(&terminal, question->what, out, size, len);
    int reason = errno;
    close(terminal.fd);
    errno = reason;
    return error;
}

int prompt_secret_report(const struct secret_question *question, enum nonos_error error,
                         size_t size)
{
    if (error == NONOS_E_SIZE)
        return report_error(question->what, error, "it has 1 to %zu bytes", size - 1);
    if (error != NONOS_E_READ || errno != ENOTTY)
        return report_file_error(question->what, error);
    if (question->variable == nullptr)
        return report_error(question->what, error, "there is no terminal to ask for it on");
    return report_error(question->what, error,
                        "there is no terminal to ask for it on: set %s, for this command alone",
                        question->variable);
}
