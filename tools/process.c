#include "tools/process.h"

#include "tools/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 20
#define SAY_AFTER_MS 10000
#define PATIENCE_MS 5000 /* for a process that was asked to end */

/* Names that end in a * stand for all that begin so. */
static const char *const passed_on[] = {
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TZ",
    "PYTHON",
    "LLVM",
    "LLVM_BIN",
    "LLD_BIN",
    "SUFFIX",
    "CONSOLE_FONT",
    "npm_config_*",
    "NPM_CONFIG_*",
    "NODE_EXTRA_CA_CERTS",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "PKG_CONFIG_PATH",
};

static bool is_passed_on(const char *line)
{
    size_t len = strcspn(line, "=");
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
        size_t name_len = strlen(passed_on[i]);
        bool is_start = passed_on[i][name_len - 1] == '*';
        name_len -= is_start ? 1 : 0;
        if ((is_start ? len >= name_len : len == name_len) &&
            strncmp(line, passed_on[i], name_len) == 0)
            return true;
    }
    return false;
}

char **process_environment(const char *const *more)
{
    size_t count = 1, used = 0;
    for (char **line = environ; *line != nullptr; line++)
        count++;
    for (size_t i = 0; more[i] != nullptr; i++)
        count++;
    char **lines = calloc(count, sizeof(*lines));
    if (lines == nullptr)
        return nullptr;
    for (char **line = environ; *line != nullptr; line++)
        if (is_passed_on(*line))
            lines[used++] = *line;
    for (size_t i = 0; more[i] != nullptr; i++)
        memcpy(&lines[used++], &more[i], sizeof(*lines));
    return lines;
}

static bool must_end(void)
{
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
           sigismember(&pending, SIGHUP) == 1 || sigismember(&pending, SIGQUIT) == 1;
}

static void pause_shortly(void)
{
    struct timespec wait = {.tv_nsec = POLL_MS * 1000L * 1000L};
    nanosleep(&wait, nullptr);
}

/* Without taking its status: until that is done, its number is nobody else's. */
static bool has_ended(pid_t pid)
{
    siginfo_t information = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &information, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           information.si_pid != 0;
}

/* Its group is its own: what it has started ends with it, whatever that makes of the first signal.
 */
static void end_process(pid_t pid)
{
    int status = 0;
    kill(-pid, SIGTERM);
    for (unsigned waited = 0; waited < PATIENCE_MS && !has_ended(pid); waited += POLL_MS)
        pause_shortly();
    kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
}

static enum process_end wait_for(pid_t pid, const char *doing)
{
    for (unsigned waited = 0;; waited += POLL_MS) {
        int status = 0;
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? PROCESS_SUCCEEDED
                                                                 : PROCESS_FAILED;
        if (ended < 0 && errno != EINTR)
            return PROCESS_FAILED;
        if (must_end()) {
            end_process(pid);
            return PROCESS_INTERRUPTED;
        }
        if (doing != nullptr && waited > 0 && waited % SAY_AFTER_MS == 0)
            report_notice("%s: %u s", doing, waited / 1000);
        pause_shortly();
    }
}

static int set_files(const struct process *process, posix_spawn_file_actions_t *actions)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, process->log,
                                                 O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (error == 0 && process->output == nullptr)
        error = posix_spawn_file_actions_adddup2(actions, STDERR_FILENO, STDOUT_FILENO);
    if (error == 0 && process->output != nullptr)
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, process->output,
                                                 O_WRONLY | O_CREAT | O_TRUNC, 0600);
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    return error;
}

static int spawn(const struct process *process, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char *const *argv = nullptr;
    memcpy(&argv, &process->argv, sizeof(argv)); /* not written to: POSIX has no word for that */
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = set_files(process, &actions);
        if (error == 0)
            error = set_attributes(&attributes);
        if (error == 0)
            error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, process->environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

enum process_end process_run(const struct process *process)
{
    if (must_end())
        return PROCESS_INTERRUPTED;
    pid_t pid = 0;
    int error = spawn(process, &pid);
    if (error != 0)
        return error == ENOENT ? PROCESS_MISSING : PROCESS_FAILED;
    return wait_for(pid, process->doing);
}
