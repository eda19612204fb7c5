#include "tools/command.h"
#include "tools/report.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const struct command *const commands[] = {
    &command_keygen, &command_pubkey, &command_seal,    &command_sign,
    &command_digest, &command_attach, &command_verify,  &command_inspect,
    &command_policy, &command_trust,  &command_measure,
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_help(void)
{
    puts("usage: nonos <command> [options] [files]\n"
         "\n"
         "Signed NONOS images: make, sign, verify and look into them.\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
    puts("\n"
         "`nonos <command> --help` tells what each one takes; nonos(1) is the manual page.\n"
         "The exit status is 0 or the code that the message names (docs/image-format.md).");
}

/* Output that did not arrive is a failure: a script may act on what it did not read. */
static int finish(int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    int failed = report_file_error("standard output", NONOS_E_WRITE);
    return status == 0 ? failed : status;
}

int main(int argc, char **argv)
{
    /* A file size limit is then an error of write(), which cleans up, and not the end. */
    signal(SIGXFSZ, SIG_IGN);
    /* A core file would hold the key that a command reads or makes. */
    if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0)
        return report_error("core files", NONOS_E_INTERNAL, "%s", strerror(errno));
    if (sodium_init() < 0)
        return report_error("libsodium", NONOS_E_INTERNAL, nullptr);
    if (argc < 2)
        return report_error("nonos", NONOS_E_USAGE, "a command is missing; try `nonos --help`");
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_help();
        return finish(0);
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("nonos " NONOS_VERSION);
        return finish(0);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(word, commands[i]->name) == 0)
            return finish(commands[i]->run(argc - 1, argv + 1));
    return report_error(word, NONOS_E_USAGE, "there is no such command; try `nonos --help`");
}
