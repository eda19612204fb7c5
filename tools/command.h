/*
 * command.h - the commands of nonos(1), one file each.
 *
 * A command reports its own errors and returns the exit status: 0, or a code of abi/errors.def.
 */
#ifndef NONOS_TOOLS_COMMAND_H
#define NONOS_TOOLS_COMMAND_H

#include "abi/error.h"
#include "abi/image.h"

#include <getopt.h>
#include <stdint.h>

struct command {
    const char *name;
    const char *arguments; /* what follows the name in a synopsis */
    const char *summary;   /* one line */
    const char *help;      /* options and what else there is to know */
    int (*run)(int argc, char **argv);
};

extern const struct command command_keygen;
extern const struct command command_pubkey;
extern const struct command command_seal;
extern const struct command command_sign;
extern const struct command command_verify;
extern const struct command command_inspect;
extern const struct command command_policy;
extern const struct command command_digest;
extern const struct command command_attach;
extern const struct command command_trust;
extern const struct command command_measure;

#define NONOS_DEV_KEY_FILE "dev_signing_key.bin"

/* getopt_long() values of long options that have no letter. */
enum {
    OPTION_HELP = 256,
    OPTION_PEM,
    OPTION_NAME,
    OPTION_ROLES,
    OPTION_PROFILE,
    OPTION_KEYS,
    OPTION_ALLOW_DEV,
    OPTION_FLOOR,
    OPTION_JSON,
    OPTION_DEV,
    OPTION_SVG,
    OPTION_NO_DIGEST,
    OPTION_DIGEST,
    OPTION_MLDSA65,
    OPTION_ED25519,
    OPTION_ID,
    OPTION_REBUILD,
    OPTION_SOURCE,
    OPTION_KEY_PQ,
    OPTION_HSM,
    OPTION_LOADER,
    OPTION_LOG,
    OPTION_FROM,
    OPTION_WRAP,
    OPTION_WRAP_COST,
};

/* To standard output: usage, summary and help. */
void command_print_help(const struct command *command);

/* What every command does with --help, an unknown option or a missing argument: *status is the
 * exit status. */
void command_common_option(const struct command *command, int option, char **argv, int *status);

/* Reports a command line that is not understood; returns the code. */
[[gnu::format(printf, 2, 3)]] int command_usage(const struct command *command, const char *why,
                                                ...);

/* The words of command lines; roles are types with commas between them, a floor is a number from 1
 * to 2^32 - 1. False when they are none of them. */
[[nodiscard]] bool command_read_profile(const char *word, enum nonos_profile *out);
[[nodiscard]] bool command_read_type(const char *word, enum nonos_image_type *out);
[[nodiscard]] bool command_read_roles(const char *words, uint32_t *out);
[[nodiscard]] bool command_read_floor(const char *digits, uint32_t *out);

/* The word for a value: of any number that is none, that of the weakest, "dev" and "bundle". */
const char *command_profile_name(uint32_t profile);
const char *command_type_name(enum nonos_image_type type);

#endif
