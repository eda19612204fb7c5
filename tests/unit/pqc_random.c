#include "crypto/pqc_random.h"

#include "crypto/pqclean/randombytes.h"
#include "tests/support/vectors.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};

static void test_gives_the_armed_bytes_in_order(void **state)
{
    uint8_t out[sizeof bytes];

    (void)state;
    pqc_random_arm(bytes, sizeof bytes);
    assert_int_equal(PQCLEAN_randombytes(out, 3), 0);
    assert_int_equal(PQCLEAN_randombytes(out + 3, 0), 0);
    assert_int_equal(PQCLEAN_randombytes(out + 3, 5), 0);
    assert_memory_equal(out, bytes, sizeof bytes);
    assert_true(pqc_random_disarm());
}

static void test_tells_when_bytes_were_left(void **state)
{
    uint8_t out[sizeof bytes];

    (void)state;
    pqc_random_arm(bytes, sizeof bytes);
    assert_int_equal(PQCLEAN_randombytes(out, sizeof bytes - 1), 0);
    assert_false(pqc_random_disarm());
    pqc_random_arm(bytes, sizeof bytes);
    assert_false(pqc_random_disarm());
}

static void test_disarming_twice_is_told(void **state)
{
    (void)state;
    pqc_random_arm(bytes, 0);
    assert_true(pqc_random_disarm());
    assert_false(pqc_random_disarm());
}

static void take_unarmed(void)
{
    uint8_t out;
    (void)PQCLEAN_randombytes(&out, sizeof out);
}

static void take_nothing_unarmed(void)
{
    uint8_t out;
    (void)PQCLEAN_randombytes(&out, 0);
}

static void take_past_the_end(void)
{
    uint8_t out[sizeof bytes + 1];
    pqc_random_arm(bytes, sizeof bytes);
    (void)PQCLEAN_randombytes(out, sizeof bytes);
    (void)PQCLEAN_randombytes(out, 1);
}

static void take_more_than_armed(void)
{
    uint8_t out[sizeof bytes + 1];
    pqc_random_arm(bytes, sizeof bytes);
    (void)PQCLEAN_randombytes(out, sizeof out);
}

static void take_after_disarming(void)
{
    uint8_t out;
    pqc_random_arm(bytes, sizeof bytes);
    (void)pqc_random_disarm();
    (void)PQCLEAN_randombytes(&out, 1);
}

/* Runs take in a child, which must be stopped by abort() after saying so on standard error. */
static void assert_stops(void (*take)(void))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        take();
        _exit(0);
    }
    (void)close(ends[1]);

    char text[256] = "";
    size_t len = 0;
    for (ssize_t got; len < sizeof text - 1; len += (size_t)got) {
        got = read(ends[0], text + len, sizeof text - 1 - len);
        if (got <= 0)
            break;
    }
    (void)close(ends[0]);

    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "asked for randomness it was not given"));
}

static void test_stops_when_unarmed(void **state)
{
    (void)state;
    assert_stops(take_unarmed);
    assert_stops(take_nothing_unarmed);
    assert_stops(take_after_disarming);
}

static void test_stops_past_the_end(void **state)
{
    (void)state;
    assert_stops(take_past_the_end);
    assert_stops(take_more_than_armed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_the_armed_bytes_in_order),
        cmocka_unit_test(test_tells_when_bytes_were_left),
        cmocka_unit_test(test_disarming_twice_is_told),
        cmocka_unit_test(test_stops_when_unarmed),
        cmocka_unit_test(test_stops_past_the_end),
    };

    return cmocka_run_group_tests_name("pqc_random", tests, nullptr, nullptr);
}
