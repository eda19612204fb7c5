/* The prompt: keys typed on the console, up to the commands they run, which are only counted. */
#include "tests/fuzz/fuzz.h"

#include "kernel/console.h"
#include "kernel/dev/platform.h"
#include "kernel/dev/power.h"
#include "kernel/generator.h"
#include "kernel/input.h"
#include "kernel/line.h"
#include "kernel/panic.h"
#include "kernel/prompt.h"
#include "kernel/provoke.h"
#include "kernel/report.h"
#include "kernel/selftest.h"

#include <setjmp.h>
#include <stdarg.h>

#define RANDOM_MAX_LEN 4096u /* the most that one command gives */

static struct fuzz_input keys;
static jmp_buf left; /* prompt_run() never returns */
static size_t random_len;

int console_read_byte(void)
{
    if (keys.len == 0)
        longjmp(left, 1);
    random_len = 0;
    return fuzz_take8(&keys);
}

/* There is always a byte, or the end. */
void input_wait(void)
{
    fuzz_require(false);
}

void console_write(const char *bytes, size_t len)
{
    fuzz_require(len <= LINE_MAX_LEN);
    for (size_t i = 0; i < len; i++)
        fuzz_require((unsigned char)bytes[i] < 0x7F);
}

/* What the formats of the prompt ask for is read: a text without its end would be seen. */
void console_printf(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fuzz_require(len >= 0 && (size_t)len < sizeof text);
}

void generator_bytes(void *out, size_t len)
{
    memset(out, 0xA5, len);
    random_len += len;
    fuzz_require(random_len <= RANDOM_MAX_LEN);
}

void panic_stop_system(void)
{
}

void power_off(void)
{
    longjmp(left, 1);
}

void power_reboot(void)
{
    longjmp(left, 1);
}

void panic([[maybe_unused]] const char *format, ...)
{
    longjmp(left, 1);
}

bool provoke_fault(const char *name)
{
    fuzz_require(strlen(name) > 0 && strlen(name) <= LINE_MAX_LEN);
    return false;
}

void provoke_list(void)
{
}

void platform_print(void)
{
}

void report_print_info(void)
{
}

void report_print_manifest(void)
{
}

void report_print_measured(void)
{
}

void report_print_memory(void)
{
}

void report_print_mappings(void)
{
}

void report_print_timeline(void)
{
}

void report_print_selftests(void)
{
}

void selftest_run(void)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    keys = (struct fuzz_input){bytes, len};
    if (setjmp(left) == 0)
        prompt_run();
    return 0;
}
