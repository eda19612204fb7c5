/*
 * linux_pairs.c - one way from a thread to another, of the same process and of another one.
 *
 * Both are real-time threads, so that the scheduler has no choice: of equal priority one runs when
 * the other yields or blocks; a higher one runs at once when it is woken.
 */
#include "tests/bench/linux_init.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOW 10
#define HIGH 20

/* In memory that both see, whether threads or processes. */
static struct shared {
    struct samples samples;
    volatile uint32_t start; // when the one who hands over began to
    uint32_t word;           // what the sleeper waits on; counts wake-ups
    int there[2], back[2];   // pipes
} *shared;

/* The other half of a pair. */
struct partner {
    int priority;
    void (*run)(void);
};

static void become(int priority)
{
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = priority}) != 0) {
        stop("no real-time priority");
    }
}

static void *partner_run(void *argument)
{
    const struct partner *partner = argument;

    become(partner->priority);
    partner->run();
    return nullptr;
}

static bool is_full(void)
{
    return *(volatile uint32_t *)&shared->samples.count == SAMPLES_MAX;
}

static void yielded_to(void)
{
    while (!is_full()) {
        (void)linux_call_0(LINUX_SCHED_YIELD);
        samples_add(&shared->samples, samples_now() - shared->start);
    }
}

static void yield(void)
{
    while (!is_full()) {
        shared->start = samples_now();
        (void)linux_call_0(LINUX_SCHED_YIELD);
    }
}

static void woken(void)
{
    while (!is_full()) {
        (void)linux_call(LINUX_FUTEX, (long)&shared->word, FUTEX_WAIT, shared->word, 0, 0, 0);
        samples_add(&shared->samples, samples_now() - shared->start);
    }
}

static void wake(void)
{
    while (!is_full()) {
        shared->word++;
        shared->start = samples_now();
        (void)linux_call(LINUX_FUTEX, (long)&shared->word, FUTEX_WAKE, 1, 0, 0, 0);
    }
}

static void answer(void)
{
    uint8_t byte = 0;

    while (linux_call(LINUX_READ, shared->there[0], (long)&byte, 1, 0, 0, 0) == 1 && byte != 0) {
        (void)linux_call(LINUX_WRITE, shared->back[1], (long)&byte, 1, 0, 0, 0);
    }
}

static void ask(void)
{
    uint8_t byte = 1;

    while (!is_full()) {
        uint32_t start = samples_now();

        (void)linux_call(LINUX_WRITE, shared->there[1], (long)&byte, 1, 0, 0, 0);
        (void)linux_call(LINUX_READ, shared->back[0], (long)&byte, 1, 0, 0, 0);
        samples_add(&shared->samples, samples_now() - start);
    }
    byte = 0;
    (void)linux_call(LINUX_WRITE, shared->there[1], (long)&byte, 1, 0, 0, 0);
}

static void measure_threads(const char *name, struct partner partner, void (*work)(void))
{
    pthread_t thread;

    shared->samples.count = 0;
    if (pthread_create(&thread, nullptr, partner_run, &partner) != 0) {
        stop("no second thread");
    }
    sched_yield(); // lets it become what it shall be, and wait
    work();
    if (pthread_join(thread, nullptr) != 0) {
        stop("the second thread did not end");
    }
    report(name, &shared->samples);
}

static void measure_processes(const char *name, struct partner partner, void (*work)(void))
{
    shared->samples.count = 0;
    pid_t child = fork();

    if (child < 0) {
        stop("no second process");
    }
    if (child == 0) {
        partner_run(&partner);
        _exit(0);
    }
    sched_yield();
    work();
    if (waitpid(child, nullptr, 0) != child) {
        stop("the second process did not end");
    }
    report(name, &shared->samples);
}

void pairs_measure(void)
{
    shared =
        mmap(nullptr, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || pipe(shared->there) != 0 || pipe(shared->back) != 0) {
        stop("no memory and pipes for two");
    }
    become(LOW);
    measure_threads("switch-threads", (struct partner){LOW, yielded_to}, yield);
    measure_processes("switch-processes", (struct partner){LOW, yielded_to}, yield);
    measure_threads("wake-threads", (struct partner){HIGH, woken}, wake);
    measure_processes("wake-processes", (struct partner){HIGH, woken}, wake);
    measure_threads("pipe-threads", (struct partner){LOW, answer}, ask);
    measure_processes("pipe-processes", (struct partner){LOW, answer}, ask);
}
