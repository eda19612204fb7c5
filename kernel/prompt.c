#include "kernel/prompt.h"

#include "crypto/bytes.h"
#include "image/text.h"
#include "kernel/console.h"
#include "kernel/dev/platform.h"
#include "kernel/dev/power.h"
#include "kernel/generator.h"
#include "kernel/input.h"
#include "kernel/line.h"
#include "kernel/panic.h"
#include "kernel/provoke.h"
#include "kernel/report.h"
#include "kernel/selftest.h"

#include <string.h>

#define PROMPT "nonos> "
#define RANDOM_DEFAULT_LEN 32u
#define RANDOM_MAX_LEN 4096u
#define RANDOM_LINE_LEN 32u

struct command {
    const char *name;
    const char *argument; /* what help calls it; null when the command takes none */
    const char *help;
    void (*run)(const char *argument); /* "" when none was given */
};

static void run_help(const char *argument);

static void run_info([[maybe_unused]] const char *argument)
{
    report_print_info();
}

static void run_manifest([[maybe_unused]] const char *argument)
{
    report_print_manifest();
}

static void run_measured([[maybe_unused]] const char *argument)
{
    report_print_measured();
}

static void run_memory([[maybe_unused]] const char *argument)
{
    report_print_memory();
}

static void run_machine([[maybe_unused]] const char *argument)
{
    platform_print();
}

static void run_timeline([[maybe_unused]] const char *argument)
{
    report_print_timeline();
}

static void run_mappings([[maybe_unused]] const char *argument)
{
    report_print_mappings();
}

static void run_selftest([[maybe_unused]] const char *argument)
{
    selftest_run();
    report_print_selftests();
}

/* A decimal number from 1 to max, and nothing after it. */
static bool read_number(const char *text, unsigned max, unsigned *number)
{
    unsigned value = 0;

    if (*text == '\0')
        return false;
    for (; *text >= '0' && *text <= '9' && value <= max; text++)
        value = value * 10 + (unsigned)(*text - '0');
    *number = value;
    return *text == '\0' && value >= 1 && value <= max;
}

static void run_random(const char *argument)
{
    uint8_t bytes[RANDOM_LINE_LEN];
    unsigned left = RANDOM_DEFAULT_LEN;
    unsigned len;

    if (*argument != '\0' && !read_number(argument, RANDOM_MAX_LEN, &left)) {
        console_printf("random: '%s' is not a number of bytes from 1 to %u\n", argument,
                       RANDOM_MAX_LEN);
        return;
    }
    for (; left > 0; left -= len) {
        len = left < RANDOM_LINE_LEN ? left : RANDOM_LINE_LEN;
        generator_bytes(bytes, len);
        for (unsigned i = 0; i < len; i++)
            console_printf("%02x", bytes[i]);
        console_printf("\n");
    }
    bytes_wipe(bytes, sizeof bytes);
}

static void run_panic(const char *argument)
{
    if (*argument == '\0')
        panic("asked for on the console");
    if (text_is(argument, strlen(argument), "list"))
        provoke_list();
    else if (!provoke_fault(argument))
        console_printf("panic: there is no fault '%s'; 'panic list' names them\n", argument);
}

static void run_reboot([[maybe_unused]] const char *argument)
{
    panic_stop_system();
    power_reboot();
}

static void run_poweroff([[maybe_unused]] const char *argument)
{
    panic_stop_system();
    power_off();
}

static const struct command commands[] = {
    {"help", nullptr, "this list", run_help},
    {"info", nullptr, "how this system came to run, and on what", run_info},
    {"manifest", nullptr, "the manifest in the running image", run_manifest},
    {"measured", nullptr, "what was measured into the TPM, from its event log", run_measured},
    {"selftest", nullptr, "run the known-answer tests again", run_selftest},
    {"memory", nullptr, "frames, heap and page tables", run_memory},
    {"mappings", nullptr, "what the page tables in use map", run_mappings},
    {"machine", nullptr, "what firmware says about this machine", run_machine},
    {"timeline", nullptr, "what each step of this start took", run_timeline},
    {"random", "[count]", "random bytes, 32 unless told otherwise", run_random},
    {"panic", "[fault]", "stop; or break a protection: 'panic list' names them", run_panic},
    {"reboot", nullptr, "start the machine anew", run_reboot},
    {"poweroff", nullptr, "switch the machine off", run_poweroff},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void run_help([[maybe_unused]] const char *argument)
{
    const struct command *command;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        command = &commands[i];
        console_printf("  %-8s %-8s %s\n", command->name,
                       command->argument == nullptr ? "" : command->argument, command->help);
    }
}

/* Cuts the line into its first word and the rest, both without spaces around them. */
static char *split(char *text, char **rest)
{
    size_t len;

    while (*text == ' ')
        text++;
    len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
    *rest = text;
    while (**rest != '\0' && **rest != ' ')
        (*rest)++;
    while (**rest == ' ')
        *(*rest)++ = '\0';
    return text;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (text_is(name, strlen(name), commands[i].name))
            return &commands[i];
    }
    return nullptr;
}

static void run_line(char *text)
{
    char *argument;
    const char *name = split(text, &argument);
    const struct command *command = find_command(name);

    if (*name == '\0')
        return;
    if (command == nullptr)
        console_printf("'%s' is not a command; help lists them\n", name);
    else if (*argument != '\0' && command->argument == nullptr)
        console_printf("%s takes no argument\n", name);
    else
        command->run(argument);
}

static void echo([[maybe_unused]] void *context, const char *bytes, size_t len)
{
    console_write(bytes, len);
}

void prompt_run(void)
{
    static struct line line;
    int byte;

    line_init(&line, PROMPT, echo, nullptr);
    line_start(&line);
    for (;;) {
        byte = console_read_byte();
        if (byte < 0) {
            input_wait();
            continue;
        }
        if (line_feed(&line, (uint8_t)byte)) {
            run_line(line.text);
            line_start(&line);
        }
    }
}
