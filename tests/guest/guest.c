#include "tests/guest/guest.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/io.h"
#include "kernel/prompt.h"

#define EXIT_PORT 0x501u
#define EXIT_GOOD 0u
#define EXIT_BAD 1u

static unsigned failures;

bool guest_check(bool condition, const char *text, const char *file, int line)
{
    if (!condition) {
        __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
        console_printf("  %s:%d: %s\n", file, line, text);
    }
    return condition;
}

unsigned guest_failures(void)
{
    return __atomic_load_n(&failures, __ATOMIC_RELAXED);
}

void prompt_run(void)
{
    unsigned failed = 0;

    for (size_t i = 0; i < guest_test_count; i++) {
        failures = 0;
        guest_tests[i].run();
        failed += guest_failures() != 0;
        console_printf(guest_failures() == 0 ? "ok %s\n" : "FAIL %s\n", guest_tests[i].name);
    }
    console_printf("suite: %u tests, %u failed\n", (unsigned)guest_test_count, failed);
    io_write_8(EXIT_PORT, failed == 0 && guest_test_count > 0 ? EXIT_GOOD : EXIT_BAD);
    control_halt();
}
