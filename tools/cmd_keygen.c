#include "tools/command.h"
#include "tools/key.h"
#include "tools/key_file.h"
#include "tools/report.h"

#include "image/text.h"

static int make_key(const char *path)
{
    struct signing_key key;
    struct identity identity;
    enum nonos_error error = key_file_make(path, key.seed);
    if (error == NONOS_E_EXISTS)
        return report_error(path, error, "choose another name with -o, or move the old key away");
    if (error != NONOS_OK)
        return report_file_error(path, error);
    error = key_identity(&key, "key", NONOS_IMAGE_KERNEL, NONOS_PROFILE_DEV, &identity);
    key_wipe(&key);
    if (error != NONOS_OK)
        return report_error(path, error, nullptr);
    char id[2 * NONOS_IDENTITY_ID_LEN + 1] = {0};
    text_write_hex(identity.id, sizeof(identity.id), id);
    report_notice("made the key %s (mode 0600); keep it secret and keep a copy", path);
    printf("%s\n", id);
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, nullptr, 'o'},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    const char *path = NONOS_DEV_KEY_FILE;
    int option = 0;
    int status = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:h", options, nullptr)) != -1) {
        if (option == 'o') {
            path = optarg;
        } else {
            command_common_option(&command_keygen, option, argv, &status);
            return status;
        }
    }
    if (optind != argc)
        return command_usage(&command_keygen, "%s is one argument too many", argv[optind]);
    return make_key(path);
}

const struct command command_keygen = {
    .name = "keygen",
    .arguments = "[-o FILE]",
    .summary = "make a signing key",
    .help = "Makes a file of 32 random bytes with mode 0600, from which the Ed25519 and the\n"
            "ML-DSA-65 key are derived, and prints the id of its identity. An existing file is\n"
            "never overwritten.\n"
            "\n"
            "  -o, --output FILE  where to (default: " NONOS_DEV_KEY_FILE ")\n",
    .run = run,
};
