#include "tools/command.h"
#include "tools/key.h"
#include "tools/key_file.h"
#include "tools/report.h"

#include "image/text.h"

#include <stdio.h>

static int make_key(const char *path)
{
    struct signing_key key = {.token = nullptr};
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

/* Only the Ed25519 half, so there is no id yet: that is of both. */
static int make_in_token(const char *uri)
{
    uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
    char digits[2 * ED25519_PUBLIC_KEY_LEN + 1] = {0};
    int status = key_make_in_token(uri, public_key);
    if (status != 0)
        return status;
    text_write_hex(public_key, sizeof(public_key), digits);
    report_notice("made an Ed25519 key in the token; it cannot leave it");
    report_notice("next: `nonos keygen -o FILE` for the ML-DSA-65 half, then `nonos pubkey -k URI "
                  "--key-pq FILE` for the identity of both");
    printf("%s\n", digits);
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"hsm", required_argument, nullptr, OPTION_HSM},
        {"output", required_argument, nullptr, 'o'},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    const char *path = nullptr;
    const char *uri = nullptr;
    int option = 0;
    int status = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:h", options, nullptr)) != -1) {
        if (option == 'o') {
            path = optarg;
        } else if (option == OPTION_HSM) {
            uri = optarg;
        } else {
            command_common_option(&command_keygen, option, argv, &status);
            return status;
        }
    }
    if (optind != argc)
        return command_usage(&command_keygen, "%s is one argument too many", argv[optind]);
    if (uri == nullptr)
        return make_key(path == nullptr ? NONOS_DEV_KEY_FILE : path);
    if (path != nullptr)
        return command_usage(&command_keygen,
                             "-o is for a key in a file, --hsm for one in a token");
    return make_in_token(uri);
}

const struct command command_keygen = {
    .name = "keygen",
    .arguments = "[-o FILE | --hsm URI]",
    .summary = "make a signing key",
    .help =
        "Makes a file of 32 random bytes with mode 0600, from which the Ed25519 and the\n"
        "ML-DSA-65 key are derived, and prints the id of its identity. An existing file is\n"
        "never overwritten.\n"
        "\n"
        "  -o, --output FILE  where to (default: " NONOS_DEV_KEY_FILE ")\n"
        "      --hsm URI      make an Ed25519 key in a token instead, which cannot leave it, and\n"
        "                     print its public key. URI: pkcs11:token=...;object=NAME\n",
    .run = run,
};
