#include "tools/command.h"
#include "tools/key.h"
#include "tools/key_file.h"
#include "tools/passphrase.h"
#include "tools/report.h"

#include "image/text.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
    const char *uri;  /* of a key in a token, or null */
    const char *path; /* of the new file */
    bool has_path;    /* it was given */
    const char *from; /* of the key that it gets, or null: a new one */
    bool wrap;
    struct wrapping_cost cost;
};

static int read_seed(const struct request *request, uint8_t seed[ED25519_SEED_LEN])
{
    if (request->from != nullptr) {
        enum nonos_error error = key_file_read(request->from, seed);
        return error == NONOS_OK ? 0 : key_file_report(request->from, error);
    }
    if (getentropy(seed, ED25519_SEED_LEN) != 0)
        return report_error(request->path, NONOS_E_NO_ENTROPY, nullptr);
    return 0;
}

static int write_seed(const struct request *request, const uint8_t seed[ED25519_SEED_LEN])
{
    const char *variable = request->from != nullptr ? PASSPHRASE_NEW_VARIABLE : PASSPHRASE_VARIABLE;
    if (request->wrap)
        return key_file_wrap(request->path, seed, request->cost, variable);
    return key_file_write(request->path, seed, ED25519_SEED_LEN);
}

/* What would refuse the file in the end is looked at before anybody types a passphrase. */
static int check_path(const struct request *request)
{
    struct stat status;
    if (lstat(request->path, &status) == 0)
        return key_file_report(request->path, NONOS_E_EXISTS);
    return request->wrap ? key_file_check_wrap(request->path) : 0;
}

static int make_key(const struct request *request)
{
    struct signing_key key = {.token = nullptr};
    struct identity identity;
    int status = check_path(request);
    if (status == 0)
        status = read_seed(request, key.seed);
    if (status == 0) {
        enum nonos_error error =
            key_identity(&key, "key", NONOS_IMAGE_KERNEL, NONOS_PROFILE_DEV, &identity);
        status = error == NONOS_OK ? write_seed(request, key.seed)
                                   : report_error(request->path, error, nullptr);
    }
    key_wipe(&key);
    if (status != 0)
        return status;
    char id[2 * NONOS_IDENTITY_ID_LEN + 1] = {0};
    text_write_hex(identity.id, sizeof(identity.id), id);
    report_notice("made the key %s (mode 0600%s); keep it secret and keep a copy", request->path,
                  request->wrap ? ", under a passphrase" : "");
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
    report_notice("next: `nonos keygen --wrap -o FILE` for the ML-DSA-65 half, then `nonos pubkey "
                  "-k URI --key-pq FILE` for the identity of both");
    printf("%s\n", digits);
    return 0;
}

static int check_request(struct request *request, const char *cost)
{
    if (request->uri != nullptr &&
        (request->has_path || request->from != nullptr || request->wrap || cost != nullptr))
        return command_usage(&command_keygen,
                             "-o, --from and --wrap are for a key in a file, --hsm for one in a "
                             "token");
    if (cost != nullptr && !request->wrap)
        return command_usage(&command_keygen, "--wrap-cost goes with --wrap");
    if ((request->wrap || request->from != nullptr) && !request->has_path)
        return command_usage(&command_keygen, "--wrap and --from need -o FILE, a new one");
    if (!wrapping_cost_read(cost != nullptr ? cost : WRAPPING_COST_DEFAULT, &request->cost))
        return command_usage(&command_keygen,
                             "%s is no cost; there are interactive, moderate and sensitive", cost);
    return 0;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"hsm", required_argument, nullptr, OPTION_HSM},
        {"output", required_argument, nullptr, 'o'},
        {"from", required_argument, nullptr, OPTION_FROM},
        {"wrap", no_argument, nullptr, OPTION_WRAP},
        {"wrap-cost", required_argument, nullptr, OPTION_WRAP_COST},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct request request = {.path = NONOS_DEV_KEY_FILE};
    const char *cost = nullptr;
    int option = 0;
    int status = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:h", options, nullptr)) != -1) {
        if (option == 'o') {
            request.path = optarg;
            request.has_path = true;
        } else if (option == OPTION_HSM) {
            request.uri = optarg;
        } else if (option == OPTION_FROM) {
            request.from = optarg;
        } else if (option == OPTION_WRAP) {
            request.wrap = true;
        } else if (option == OPTION_WRAP_COST) {
            cost = optarg;
        } else {
            command_common_option(&command_keygen, option, argv, &status);
            return status;
        }
    }
    if (optind != argc)
        return command_usage(&command_keygen, "%s is one argument too many", argv[optind]);
    status = check_request(&request, cost);
    if (status != 0)
        return status;
    return request.uri != nullptr ? make_in_token(request.uri) : make_key(&request);
}

const struct command command_keygen = {
    .name = "keygen",
    .arguments = "[--wrap [--wrap-cost COST]] [--from FILE] [-o FILE] | --hsm URI",
    .summary = "make a signing key",
    .help =
        "Makes a file of 32 random bytes with mode 0600, from which the Ed25519 and the\n"
        "ML-DSA-65 key are derived, and prints the id of its identity. An existing file is\n"
        "never overwritten.\n"
        "\n"
        "  -o, --output FILE     where to (default: " NONOS_DEV_KEY_FILE ")\n"
        "      --from FILE       take the key in this file instead of a new one; with --wrap\n"
        "                        this puts it under a passphrase or changes that, without\n"
        "                        --wrap it takes the passphrase away\n"
        "      --wrap            encrypt the new file under a passphrase, which is asked for\n"
        "                        twice, or taken from " PASSPHRASE_VARIABLE " (with --from: from\n"
        "                        " PASSPHRASE_NEW_VARIABLE ", the other one opens FILE)\n"
        "      --wrap-cost COST  what opening it costs, and each guess: interactive (64 MiB of\n"
        "                        memory), moderate (256 MiB; the default), sensitive (1 GiB)\n"
        "      --hsm URI         make an Ed25519 key in a token instead, which cannot leave it,\n"
        "                        and print its public key; pkcs11:token=...;object=NAME\n",
    .run = run,
};
