#include "tools/command.h"
#include "tools/file.h"
#include "tools/report.h"
#include "tools/trust.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct request {
    const char *keys;
    const char *dev; /* or null */
    const char *output;
    enum nonos_profile profile;
    uint32_t floor;
};

static void write_bytes(FILE *out, const char *field, const uint8_t *bytes, size_t len)
{
    fprintf(out, "        .%s = {", field);
    for (size_t i = 0; i < len; i++)
        fprintf(out, "%s0x%02x,", i % 16 == 0 ? "\n            " : " ", bytes[i]);
    fputs("\n        },\n", out);
}

static void write_identity(FILE *out, const struct identity *identity)
{
    fprintf(out,
            "    {\n        .name = \"%s\",\n        .roles = %" PRIu32
            ",\n        .profile = %" PRIu32 ",\n",
            identity->name, identity->roles, identity->profile);
    write_bytes(out, "id", identity->id, sizeof(identity->id));
    write_bytes(out, "ed25519", identity->ed25519, sizeof(identity->ed25519));
    write_bytes(out, "mldsa65", identity->mldsa65, sizeof(identity->mldsa65));
    fputs("    },\n", out);
}

static void write_list(FILE *out, const char *name, const struct trust_list *list)
{
    if (list->count == 0)
        return;
    fprintf(out, ".%s = {\n", name);
    for (size_t i = 0; i < list->count; i++)
        write_identity(out, &list->identities[i]);
    fputs("},\n", out);
}

static void write_member(FILE *out, const char *name, const struct trust_list *list)
{
    if (list->count > 0)
        fprintf(out, "    struct identity %s[%zu];\n", name, list->count);
}

/* What can be read in the loader's file (image/policy_record.h). */
static void write_record(FILE *out, const struct request *request, const struct trust *trust)
{
    fputs("static const struct {\n    struct policy_record head;\n", out);
    write_member(out, "trusted", &trust->trusted);
    write_member(out, "revoked", &trust->revoked);
    fprintf(out,
            "} record [[gnu::section(POLICY_RECORD_SECTION), gnu::used]] = {\n"
            ".head = {\n    .magic = POLICY_RECORD_MAGIC,\n"
            "    .floor = %" PRIu32 ",\n    .allow_dev = %d,\n    .trusted_count = %zu,\n"
            "    .revoked_count = %zu,\n    .identity_len = sizeof(struct identity),\n},\n",
            request->floor, request->profile == NONOS_PROFILE_DEV, trust->trusted.count,
            trust->revoked.count);
    write_list(out, "trusted", &trust->trusted);
    write_list(out, "revoked", &trust->revoked);
    fputs("};\n\n", out);
}

static void write_source(FILE *out, const struct request *request, const struct trust *trust)
{
    fputs("/* Whom the loader trusts: made from keys/ by `nonos policy`. */\n"
          "#include \"boot/policy.h\"\n\n",
          out);
    write_record(out, request, trust);
    fprintf(out,
            "const struct image_policy boot_policy = {\n"
            "    .wanted = NONOS_IMAGE_KERNEL,\n"
            "    .trusted = %s,\n    .trusted_count = %zu,\n"
            "    .revoked = %s,\n    .revoked_count = %zu,\n"
            "    .security_version_floor = %" PRIu32 ",\n    .allow_dev = %s,\n};\n\n"
            "[[gnu::section(POLICY_PROFILE_SECTION)]] const uint32_t boot_profile = %s;\n",
            trust->trusted.count > 0 ? "record.trusted" : "nullptr", trust->trusted.count,
            trust->revoked.count > 0 ? "record.revoked" : "nullptr", trust->revoked.count,
            request->floor, request->profile == NONOS_PROFILE_DEV ? "true" : "false",
            request->profile == NONOS_PROFILE_DEV ? "NONOS_PROFILE_DEV" : "NONOS_PROFILE_RELEASE");
}

/* A release loader that trusts a development key, or nobody, is a mistake to be found now and not
 * on the machine. */
static int check_release(const struct request *request, const struct trust *trust)
{
    bool boots_kernels = false;
    for (size_t i = 0; i < trust->trusted.count; i++) {
        const struct identity *identity = &trust->trusted.identities[i];
        if (identity->profile != NONOS_PROFILE_RELEASE)
            return report_error(identity->name, NONOS_E_POLICY_DEV,
                                "it is a development identity in %s/trusted, which a release "
                                "does not take",
                                request->keys);
        boots_kernels = boots_kernels || (identity->roles & (uint32_t)NONOS_IMAGE_KERNEL) != 0;
    }
    if (boots_kernels)
        return 0;
    return report_error(request->keys, NONOS_E_NO_IDENTITY,
                        "a release needs a trusted identity with the role kernel: `nonos pubkey "
                        "--profile release` makes it from its key (docs/keys.md)");
}

static int gather(const struct request *request, struct trust *trust)
{
    int status = trust_add_folder(trust, request->keys, true, true);
    if (status == 0 && request->dev != nullptr)
        status = trust_add_file(trust, request->dev);
    if (status == 0)
        status = trust_check(trust, true);
    if (status == 0 && request->profile == NONOS_PROFILE_RELEASE)
        status = check_release(request, trust);
    return status;
}

static int write_policy(const struct request *request)
{
    struct trust trust = {0};
    char *text = nullptr;
    size_t text_len = 0;
    int status = gather(request, &trust);
    FILE *out = status == 0 ? open_memstream(&text, &text_len) : nullptr;
    if (out != nullptr) {
        write_source(out, request, &trust);
        enum nonos_error error = ferror(out) != 0 ? NONOS_E_NO_MEMORY : NONOS_OK;
        if (fclose(out) != 0)
            error = NONOS_E_NO_MEMORY;
        if (error == NONOS_OK)
            error = file_write(request->output, text, text_len);
        if (error != NONOS_OK)
            status = report_file_error(request->output, error);
        free(text);
    } else if (status == 0) {
        status = report_error(request->output, NONOS_E_NO_MEMORY, nullptr);
    }
    trust_free(&trust);
    return status;
}

static int read_option(int option, char **argv, struct request *request, bool *done)
{
    int status = 0;
    switch (option) {
    case 'o':
        request->output = optarg;
        return 0;
    case OPTION_KEYS:
        request->keys = optarg;
        return 0;
    case OPTION_DEV:
        request->dev = optarg;
        return 0;
    case OPTION_PROFILE:
        if (!command_read_profile(optarg, &request->profile))
            break;
        return 0;
    case OPTION_FLOOR:
        if (!command_read_floor(optarg, &request->floor))
            break;
        return 0;
    default:
        *done = true;
        command_common_option(&command_policy, option, argv, &status);
        return status;
    }
    *done = true;
    return command_usage(&command_policy, "%s: %s", optarg,
                         option == OPTION_PROFILE ? "--profile is dev or release"
                                                  : "--floor takes a number from 1 to 4294967295");
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, nullptr, 'o'},
        {"keys", required_argument, nullptr, OPTION_KEYS},
        {"dev", required_argument, nullptr, OPTION_DEV},
        {"profile", required_argument, nullptr, OPTION_PROFILE},
        {"floor", required_argument, nullptr, OPTION_FLOOR},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct request request = {.profile = 0, .floor = 1};
    int option = 0;
    bool done = false;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:h", options, nullptr)) != -1) {
        int status = read_option(option, argv, &request, &done);
        if (done)
            return status;
    }
    if (optind != argc)
        return command_usage(&command_policy, "%s is one argument too many", argv[optind]);
    if (request.profile == 0 || request.keys == nullptr || request.output == nullptr)
        return command_usage(&command_policy, "--profile, --keys and -o are needed");
    if (request.dev != nullptr && request.profile == NONOS_PROFILE_RELEASE)
        return command_usage(&command_policy, "a release takes no --dev identity");
    return write_policy(&request);
}

const struct command command_policy = {
    .name = "policy",
    .arguments = "--profile P --keys DIR [--dev IDENTITY] [--floor N] -o FILE",
    .summary = "write the policy that a loader is built with, as C source",
    .help = "Reads the folder of trusted and revoked identities, checks that each is pinned by\n"
            "its id, and writes what the loader compiles in. A release refuses development\n"
            "identities.\n"
            "\n"
            "      --profile P     dev or release\n"
            "      --keys DIR      the folder of identities\n"
            "      --dev IDENTITY  for the dev profile: one more to trust, not pinned\n"
            "      --floor N       lowest security version accepted (default: 1)\n"
            "  -o, --output FILE   where to\n",
    .run = run,
};
