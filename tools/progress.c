#include "tools/progress.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_S 2u

static const char *volatile waiting_line;
static struct sigaction before;

static void print_line([[maybe_unused]] int signal)
{
    int reason = errno;
    const char *line = waiting_line;
    (void)!write(STDERR_FILENO, line, strlen(line));
    errno = reason;
}

void progress_begin(const char *line)
{
    struct sigaction action = {.sa_handler = print_line, .sa_flags = SA_RESTART};
    waiting_line = line;
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, &before);
    alarm(PATIENCE_S);
}

void progress_end(void)
{
    alarm(0);
    sigaction(SIGALRM, &before, nullptr);
}
