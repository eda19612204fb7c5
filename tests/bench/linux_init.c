/*
 * linux_init.c - the first and only program of a Linux that is compared with this kernel: says what
 * a start and the cheapest operations cost there, and ends the machine.
 *
 * A library's function around a system call would be counted with it, so what is measured calls the
 * kernel directly. Lines on the console, for tests/bench/peer_linux.py:
 *
 *     bench: cost NAME LEAST MEDIAN MOST COUNT
 *     bench: state NAME TEXT
 *     bench: done
 */
#include "tests/bench/linux_init.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PAGE_LEN 4096u
/* Where the machine has the device that ends it. */
#define EXIT_PORT 0x501

static struct samples samples;
static uint8_t *pages;
static uint32_t overhead;

static uint64_t counter_read(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

[[noreturn]] static void leave(void)
{
    fflush(stdout);
    if (ioperm(EXIT_PORT, 1, 1) == 0) {
        outb(0, EXIT_PORT);
    }
    abort(); // the end of the first program: Linux panics, and with panic=-1 resets
}

void stop(const char *why)
{
    printf("bench: failed: %s\n", why);
    leave();
}

void report(const char *name, struct samples *taken)
{
    struct summary sum = samples_summarize(taken, overhead);

    if (sum.count != SAMPLES_MAX) {
        stop(name);
    }
    printf("bench: cost %s %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", name, sum.least,
           sum.median, sum.most, sum.count);
}

static void call_null(size_t i)
{
    (void)i;
    (void)linux_call_0(LINUX_GETPPID);
}

static void call_yield(size_t i)
{
    (void)i;
    (void)linux_call_0(LINUX_SCHED_YIELD);
}

static void call_clock(size_t i)
{
    static uint64_t time[2];

    (void)i;
    (void)linux_call(LINUX_CLOCK_GETTIME, 1, (long)time, 0, 0, 0, 0);
}

static void call_random(size_t i)
{
    static uint8_t bytes[32];

    (void)i;
    (void)linux_call(LINUX_GETRANDOM, (long)bytes, sizeof bytes, 0, 0, 0, 0);
}

/* Eight bytes of a set of signals are taken from where nothing is mapped. */
static void call_bad_pointer(size_t i)
{
    (void)i;
    (void)linux_call(LINUX_RT_SIGPROCMASK, 0, LINUX_NOWHERE, 0, 8, 0, 0);
}

static void touch(size_t i)
{
    *(volatile uint8_t *)(pages + i * PAGE_LEN) = 1;
}

static inline __attribute__((always_inline)) long map(void)
{
    return linux_call(LINUX_MMAP, 0, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
}

static void map_unmap(size_t i)
{
    (void)i;
    (void)linux_call(LINUX_MUNMAP, map(), PAGE_LEN, 0, 0, 0, 0);
}

static void map_touch_unmap(size_t i)
{
    long page = map();

    (void)i;
    *(volatile uint8_t *)page = 1; // NOLINT(performance-no-int-to-ptr): the kernel gave it
    (void)linux_call(LINUX_MUNMAP, page, PAGE_LEN, 0, 0, 0, 0);
}

static inline __attribute__((always_inline)) void measure(const char *name, void (*work)(size_t))
{
    samples_take(&samples, work);
    report(name, &samples);
}

static void measure_memory(void)
{
    pages = mmap(nullptr, SAMPLES_MAX * PAGE_LEN, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || madvise(pages, SAMPLES_MAX * PAGE_LEN, MADV_NOHUGEPAGE) != 0) {
        stop("no memory for page faults");
    }
    measure("page-fault", touch);
    measure("bad-pointer", call_bad_pointer);
    // These pages stay, so that none of the tables below comes and goes with a single page.
    measure("map-unmap", map_unmap);
    measure("map-touch-unmap", map_touch_unmap);
}

/* The first line of a file, cut off at a hundred characters. */
static void tell_file(const char *name, const char *path)
{
    char line[101] = "";
    FILE *file = fopen(path, "r");

    if (!file || !fgets(line, sizeof line, file)) {
        stop(path);
    }
    (void)fclose(file);
    line[strcspn(line, "\n")] = '\0';
    printf("bench: state %s %s\n", name, line);
}

#define VULNERABILITY "/sys/devices/system/cpu/vulnerabilities/"

static void tell_state(void)
{
    struct utsname names;

    if (uname(&names) != 0) {
        stop("uname");
    }
    printf("bench: state version %s %s\n", names.release, names.version);
    tell_file("meltdown", VULNERABILITY "meltdown");
    tell_file("spectre-v1", VULNERABILITY "spectre_v1");
    tell_file("spectre-v2", VULNERABILITY "spectre_v2");
    tell_file("clock", "/sys/devices/system/clocksource/clocksource0/current_clocksource");
}

int main(void)
{
    uint64_t start = counter_read();

    if (mkdir("/proc", S_IRWXU) != 0 || mkdir("/sys", S_IRWXU) != 0 ||
        mount("proc", "/proc", "proc", 0, "") != 0 || mount("sysfs", "/sys", "sysfs", 0, "") != 0) {
        stop("proc and sysfs");
    }
    tell_file("uptime", "/proc/uptime");
    tell_state();
    overhead = samples_overhead();
    printf("bench: cost start %" PRIu64 " %" PRIu64 " %" PRIu64 " 1\n", start, start, start);
    measure("null-call", call_null);
    measure("yield", call_yield);
    measure("clock", call_clock);
    measure("random-32", call_random);
    measure_memory();
    pairs_measure();
    ends_measure();
    printf("bench: done\n");
    leave();
}
