#include "crypto/bytes.h"
#include "tools/command.h"
#include "tools/file.h"
#include "tools/key.h"
#include "tools/report.h"

#include <sodium.h>
#include <string.h>

struct request {
    const char *key;
    const char *key_pq;
    const char *output;
    const char *name;
    uint32_t roles;
    enum nonos_profile profile;
    bool pem;
};

/* RFC 8410 §4: SubjectPublicKeyInfo of Ed25519, which is a fixed prefix and the key. */
static void format_pem(const uint8_t public_key[ED25519_PUBLIC_KEY_LEN], char *text, size_t size)
{
    static const uint8_t prefix[] = {0x30, 0x2A, 0x30, 0x05, 0x06, 0x03,
                                     0x2B, 0x65, 0x70, 0x03, 0x21, 0x00};
    uint8_t der[sizeof(prefix) + ED25519_PUBLIC_KEY_LEN];
    char base64[sodium_base64_ENCODED_LEN(sizeof(der), sodium_base64_VARIANT_ORIGINAL)];
    memcpy(der, prefix, sizeof(prefix));
    memcpy(der + sizeof(prefix), public_key, ED25519_PUBLIC_KEY_LEN);
    sodium_bin2base64(base64, sizeof(base64), der, sizeof(der), sodium_base64_VARIANT_ORIGINAL);
    snprintf(text, size, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", base64);
}

static int write_public_key(const struct request *request)
{
    struct signing_key key;
    int status = key_open(request->key, request->key_pq, request->profile, &key);
    if (status != 0)
        return status;
    struct identity identity;
    enum nonos_error error =
        key_identity(&key, request->name, request->roles, request->profile, &identity);
    if (error == NONOS_OK)
        error = key_prove(&key);
    if (key_failure(&key, error) != nullptr)
        status = report_error("token", error, "%s", key_failure(&key, error));
    key_wipe(&key);
    if (status != 0)
        return status;
    char text[IDENTITY_TEXT_MAX_LEN];
    size_t text_len = 0;
    if (error == NONOS_OK && !request->pem)
        error = identity_format(&identity, text, sizeof(text), &text_len);
    if (error != NONOS_OK)
        return report_error(request->name, error, nullptr);
    if (request->pem) {
        format_pem(identity.ed25519, text, sizeof(text));
        text_len = strlen(text);
    }
    if (request->output == nullptr) {
        fwrite(text, 1, text_len, stdout);
        return 0;
    }
    error = file_write(request->output, text, text_len);
    return error == NONOS_OK ? 0 : report_file_error(request->output, error);
}

/* Who is trusted with what in a release is a decision, so nothing about it is a default. */
static int complete(struct request *request)
{
    bool is_dev = request->profile == NONOS_PROFILE_DEV;
    if (!request->pem && !is_dev && (request->name == nullptr || request->roles == 0))
        return command_usage(&command_pubkey, "a release identity needs --name and --roles");
    if (request->name == nullptr)
        request->name = command_profile_name((uint32_t)request->profile);
    if (request->roles == 0)
        request->roles = (uint32_t)NONOS_IMAGE_KERNEL | (uint32_t)NONOS_IMAGE_CAPSULE |
                         (uint32_t)NONOS_IMAGE_BUNDLE;
    if (!identity_name_is_valid(request->name))
        return command_usage(&command_pubkey,
                             "--name is up to %u of a-z, 0-9 and -, first a letter",
                             IDENTITY_NAME_MAX_LEN);
    return 0;
}

static int read_option(int option, char **argv, struct request *request, bool *done)
{
    int status = 0;
    switch (option) {
    case 'k':
        request->key = optarg;
        return 0;
    case OPTION_KEY_PQ:
        request->key_pq = optarg;
        return 0;
    case 'o':
        request->output = optarg;
        return 0;
    case OPTION_PEM:
        request->pem = true;
        return 0;
    case OPTION_NAME:
        request->name = optarg;
        return 0;
    case OPTION_ROLES:
        if (command_read_roles(optarg, &request->roles))
            return 0;
        *done = true;
        return command_usage(&command_pubkey,
                             "%s: --roles takes kernel, capsule, bundle, or several of them "
                             "separated by commas",
                             optarg);
    case OPTION_PROFILE:
        if (command_read_profile(optarg, &request->profile))
            return 0;
        *done = true;
        return command_usage(&command_pubkey, "%s: --profile is dev or release", optarg);
    default:
        *done = true;
        command_common_option(&command_pubkey, option, argv, &status);
        return status;
    }
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"key", required_argument, nullptr, 'k'},
        {"key-pq", required_argument, nullptr, OPTION_KEY_PQ},
        {"output", required_argument, nullptr, 'o'},
        {"pem", no_argument, nullptr, OPTION_PEM},
        {"name", required_argument, nullptr, OPTION_NAME},
        {"roles", required_argument, nullptr, OPTION_ROLES},
        {"profile", required_argument, nullptr, OPTION_PROFILE},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct request request = {.profile = NONOS_PROFILE_DEV};
    int option = 0;
    bool done = false;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":k:o:h", options, nullptr)) != -1) {
        int status = read_option(option, argv, &request, &done);
        if (done)
            return status;
    }
    if (optind != argc)
        return command_usage(&command_pubkey, "%s is one argument too many", argv[optind]);
    int status = complete(&request);
    return status != 0 ? status : write_public_key(&request);
}

const struct command command_pubkey = {
    .name = "pubkey",
    .arguments = "[-k KEY [--key-pq FILE]] [--pem] [-o FILE] [--name N] [--roles R,..]\n"
                 "                    [--profile P]",
    .summary = "print the public identity of a signing key",
    .help =
        "Prints the identity of a key as text, which others put into keys/trusted, or its\n"
        "Ed25519 public key as PEM, for openssl.\n"
        "\n"
        "  -k, --key KEY      the key file, or pkcs11:..., an Ed25519 key in a token (default:\n"
        "                     what SIGNING_KEY says, or, for the dev profile,\n"
        "                     " NONOS_DEV_KEY_FILE ", made when it is not there)\n"
        "      --key-pq FILE  with a token: the key file of the ML-DSA-65 half (default: what\n"
        "                     SIGNING_KEY_PQ says)\n"
        "      --pem          the Ed25519 public key as PEM\n"
        "  -o, --output FILE  where to (default: standard output)\n"
        "      --name NAME    who this is (default for dev: dev)\n"
        "      --roles R,..   kernel, capsule, bundle: what it may sign (default for dev: all)\n"
        "      --profile P    dev or release (default: dev)\n",
    .run = run,
};
