#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/print.h"
#include "tools/rebuild.h"
#include "tools/structure.h"
#include "tools/verification.h"

/* Once both signatures hold, the text is its signer's; before that it is anybody's. */
static void print_answer(const char *path, const struct file_bytes *image,
                         const struct image_verdict *verdict)
{
    print_image(path, image->len);
    if (verdict->reached != IMAGE_STEP_DIGEST)
        print_digest("digest", verdict->d1);
    verification_print_signer(verdict);
    struct structure structure;
    if (verification_both_hold(verdict) &&
        structure_read(image->bytes, image->len, &structure) == NONOS_OK)
        print_manifest(&structure.manifest);
    verification_print_verdict(verdict);
}

static int verify_file(const struct verification *request, const char *path)
{
    struct trust trust;
    struct file_bytes image = {nullptr, 0};
    struct image_verdict verdict;
    int status = verification_gather(request, &trust);
    if (status == 0) {
        enum nonos_error error = image_file_read(path, &image);
        if (error != NONOS_OK)
            status = image_file_report(path, error, 0);
    }
    if (status == 0) {
        enum nonos_error error = verification_decide(request, &trust, &image, &verdict);
        print_answer(path, &image, &verdict);
        if (!image_is_verified(&verdict))
            status = image_file_report(path, error, verdict.manifest_line);
    }
    file_free(&image);
    trust_free(&trust);
    return status;
}

static_assert(TRUST_MAX_COUNT == 64);

/* What the option takes, where that was not it. */
static const char *expected_value(int option)
{
    return option == 't'            ? "-t takes kernel, capsule or bundle"
           : option == OPTION_FLOOR ? "--floor takes a number from 1 to 4294967295"
                                    : "-i is taken at most 64 times";
}

/* What the command line asks for besides. */
struct rebuilding {
    bool is_wanted;
    const char *source; /* null: not given */
};

static int read_option(int option, char **argv, struct verification *request,
                       struct rebuilding *rebuilding, bool *done)
{
    bool is_valid = true;
    int status = 0;
    switch (option) {
    case 'i':
        is_valid = verification_add_identity(request, optarg);
        break;
    case 't':
        is_valid = command_read_type(optarg, &request->wanted);
        break;
    case OPTION_FLOOR:
        is_valid = command_read_floor(optarg, &request->floor);
        break;
    case OPTION_KEYS:
        request->keys = optarg;
        break;
    case OPTION_ALLOW_DEV:
        request->allow_dev = true;
        break;
    case OPTION_REBUILD:
        rebuilding->is_wanted = true;
        break;
    case OPTION_SOURCE:
        rebuilding->source = optarg;
        break;
    default:
        *done = true;
        command_common_option(&command_verify, option, argv, &status);
        return status;
    }
    if (is_valid)
        return 0;
    *done = true;
    return command_usage(&command_verify, "%s: %s", optarg, expected_value(option));
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"identity", required_argument, nullptr, 'i'},
        {"type", required_argument, nullptr, 't'},
        {"keys", required_argument, nullptr, OPTION_KEYS},
        {"allow-dev", no_argument, nullptr, OPTION_ALLOW_DEV},
        {"floor", required_argument, nullptr, OPTION_FLOOR},
        {"rebuild", no_argument, nullptr, OPTION_REBUILD},
        {"source", required_argument, nullptr, OPTION_SOURCE},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct verification request = {.wanted = NONOS_IMAGE_KERNEL, .floor = 1};
    struct rebuilding rebuilding = {.is_wanted = false};
    int option = 0;
    bool done = false;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":i:t:h", options, nullptr)) != -1) {
        int status = read_option(option, argv, &request, &rebuilding, &done);
        if (done)
            return status;
    }
    if (argc - optind != 1)
        return command_usage(&command_verify, "it takes one image");
    if (rebuilding.source != nullptr && !rebuilding.is_wanted)
        return command_usage(&command_verify, "--source goes with --rebuild");
    if (rebuilding.is_wanted)
        return rebuild_verify(&request, rebuilding.source == nullptr ? "." : rebuilding.source,
                              argv[optind]);
    return verify_file(&request, argv[optind]);
}

const struct command command_verify = {
    .name = "verify",
    .arguments = "[-i IDENTITY]... [--keys DIR] [--allow-dev] [-t TYPE] [--floor N]\n"
                 "                    [--rebuild [--source DIR]] IMAGE",
    .summary = "say whether an image may run, and if not, why",
    .help =
        "Does what the loader does: both signatures, by one trusted identity, then structure,\n"
        "manifest and policy. The exit status is 0 for a verified image and nothing else.\n"
        "\n"
        "  -i, --identity FILE  trust this identity, and those given so alone\n"
        "      --keys DIR       the folder of trusted and revoked identities (default: keys);\n"
        "                       what it revokes stays revoked with -i\n"
        "      --allow-dev      accept a development image\n"
        "  -t, --type TYPE      kernel, capsule or bundle: what it has to be (default: kernel)\n"
        "      --floor N        lowest security version accepted (default: 1)\n"
        "      --rebuild        build the commit that the manifest names, and compare all but the\n"
        "                       signatures: for those who do not have its key. The signatures are\n"
        "                       judged only where -i or --keys says by whom they are to be\n"
        "      --source DIR     a clone of the source, which is only read (default: this folder)\n"
        "\n"
        "Without -i, the identity of " NONOS_DEV_KEY_FILE " in the current folder takes part\n"
        "where that file is; its images are refused as such unless --allow-dev is given.\n",
    .run = run,
};
