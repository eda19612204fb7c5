#include "tests/tamper/campaign.h"

#include "image/error.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORKERS 64u
#define SHOWN_WRONG 10u
#define PROGRESS_S 2

/* What the processes share. */
struct board {
    _Atomic uint64_t tried;
    _Atomic uint64_t wrong;
    _Atomic uint64_t by_code[CAMPAIGN_CODES];
};

void campaign_stop(const char *why)
{
    fprintf(stderr, "tamper: %s\n", why);
    exit(2);
}

static void work(const struct campaign *campaign, struct board *board, size_t first, size_t step)
{
    for (size_t i = first; i < campaign->count; i += step) {
        char text[200] = "";
        struct answer answer = campaign->run(i, text, sizeof(text));
        campaign_require((unsigned)answer.code < CAMPAIGN_CODES);
        board->by_code[answer.code]++;
        board->tried++;
        if (!answer.is_right && board->wrong++ < SHOWN_WRONG)
            printf("  WRONG: %s, case %zu: %s: %s\n", campaign->title, i, text,
                   error_name(answer.code));
    }
    fflush(stdout);
}

static size_t start_workers(const struct campaign *campaign, struct board *board)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = processors > 0 ? (size_t)processors : 1;
    count = count < MAX_WORKERS ? count : MAX_WORKERS;
    fflush(stdout);
    for (size_t i = 0; i < count; i++) {
        pid_t pid = fork();
        campaign_require(pid >= 0);
        if (pid == 0) {
            work(campaign, board, i * campaign->stride, count * campaign->stride);
            _exit(0);
        }
    }
    return count;
}

/* Waits for every worker; false where one did not end well. */
static bool wait_for_workers(const struct campaign *campaign, const struct board *board,
                             size_t count, uint64_t expected)
{
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    bool ok = true;
    time_t shown = time(nullptr);
    while (count > 0) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        campaign_require(pid >= 0);
        if (pid > 0) {
            ok = ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
            count--;
            continue;
        }
        if (time(nullptr) - shown >= PROGRESS_S) {
            shown = time(nullptr);
            printf("  ... %s: %" PRIu64 " of %" PRIu64 "\n", campaign->title, board->tried,
                   expected);
            fflush(stdout);
        }
        (void)nanosleep(&pause, nullptr);
    }
    return ok;
}

static void print_counts(const struct campaign *campaign, const struct tally *tally)
{
    printf("%s: %" PRIu64 " tried, accepted %" PRIu64, campaign->title, tally->tried,
           tally->by_code[NONOS_OK]);
    for (unsigned code = 1; code < CAMPAIGN_CODES; code++)
        if (tally->by_code[code] > 0)
            printf(", %s %" PRIu64, error_name((enum nonos_error)code), tally->by_code[code]);
    printf("%s\n", tally->wrong > 0 ? " - WRONG" : "");
    fflush(stdout);
}

bool campaign_run(const struct campaign *campaign, struct tally *tally)
{
    struct board *board =
        mmap(nullptr, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    campaign_require(board != MAP_FAILED);
    uint64_t expected = (campaign->count + campaign->stride - 1) / campaign->stride;
    bool ok = wait_for_workers(campaign, board, start_workers(campaign, board), expected);
    memset(tally, 0, sizeof(*tally));
    tally->tried = board->tried;
    tally->wrong = board->wrong;
    for (unsigned code = 0; code < CAMPAIGN_CODES; code++)
        tally->by_code[code] = board->by_code[code];
    (void)munmap(board, sizeof(*board));
    print_counts(campaign, tally);
    if (!ok)
        printf("  WRONG: %s: a process did not end well\n", campaign->title);
    return ok && tally->wrong == 0 && tally->tried == expected && expected > 0;
}
