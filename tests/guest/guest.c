#include "tests/guest/guest.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/io.h"
#include "kernel/prompt.h"

#define EXIT_PORT 0x501u
#define EXIT_GOOD 0u
#define EXIT_BAD 1u

static unsigned failures;

void guest_check(bool condition, const char *text, const char *file, int line)
{
    if (condition)
        return;
    failures++;
    console_printf("  %s:%d: %s\n", file, line, text);
}

void prompt_run(void)
{
    unsigned failed = 0;

    for (size_t i = 0; i < guest_test_count; i++) {
        failures = 0;
        guest_tests[i].run();
        failed += failures != 0;
        console_printf(failures == 0 ? "ok %s\n" : "FAIL %s\n", guest_tests[i].name);
    }
    console_printf("suite: %u tests, %u failed\n", (unsigned)guest_test_count, failed);
    io_write_8(EXIT_PORT, failed == 0 && guest_test_count > 0 ? EXIT_GOOD : EXIT_BAD);
    control_halt();
}
