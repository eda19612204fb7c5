#include "image/error.h"
#include "image/text.h"
#include "image/verify.h"
#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/key.h"
#include "tools/print.h"
#include "tools/report.h"
#include "tools/structure.h"
#include "tools/trust.h"

#define DEFAULT_KEYS "keys"

struct request {
    const char *image;
    const char *identities[TRUST_MAX_COUNT];
    size_t identity_count;
    const char *keys; /* null: the default folder */
    enum nonos_image_type wanted;
    uint32_t floor;
    bool allow_dev;
};

/* The development key takes part when it lies in the current folder, which is the project's: never
 * a file beside the image, which whoever places the image could place too. Without --allow-dev it
 * only makes the refusal say why. Nothing is made here. */
static int add_dev_identity(const struct request *request, struct trust *trust)
{
    struct signing_key key;
    struct identity dev;
    enum nonos_error error = key_read_file(NONOS_DEV_KEY_FILE, &key);
    if (error == NONOS_E_NOT_FOUND || (error != NONOS_OK && !request->allow_dev))
        return 0;
    if (error != NONOS_OK)
        return key_report(NONOS_DEV_KEY_FILE, error);
    error = key_identity(&key, "dev",
                         (uint32_t)NONOS_IMAGE_KERNEL | (uint32_t)NONOS_IMAGE_CAPSULE |
                             (uint32_t)NONOS_IMAGE_BUNDLE,
                         NONOS_PROFILE_DEV, &dev);
    key_wipe(&key);
    return error == NONOS_OK ? trust_add(trust, &dev)
                             : report_error(NONOS_DEV_KEY_FILE, error, nullptr);
}

static int gather_trust(const struct request *request, struct trust *trust)
{
    bool given = request->identity_count > 0;
    int status = 0;
    for (size_t i = 0; i < request->identity_count && status == 0; i++)
        status = trust_add_file(trust, request->identities[i]);
    /* What is revoked stays revoked, whoever is trusted. */
    if (status == 0)
        status = trust_add_folder(trust, request->keys == nullptr ? DEFAULT_KEYS : request->keys,
                                  !given, request->keys != nullptr);
    if (status == 0)
        status = trust_check(trust, !given);
    /* Only now: a development key that the folder revokes is for the verifier to call revoked. */
    if (status == 0 && !given)
        status = add_dev_identity(request, trust);
    return status == 0 ? trust_check(trust, false) : status;
}

static void print_signer(const struct identity *signer)
{
    char id[2 * NONOS_IDENTITY_ID_LEN + 1] = {0};
    text_write_hex(signer->id, sizeof(signer->id), id);
    printf("%-10s %s (%s)\n%-10s %s\n", "signer", signer->name,
           command_profile_name(signer->profile), "id", id);
}

/* Once both signatures hold, the text is its signer's; before that it is anybody's. */
static void print_verdict(const struct request *request, const struct file_bytes *image,
                          const struct image_verdict *verdict)
{
    bool both_hold = verdict->reached == IMAGE_STEP_PARSED || verdict->error == NONOS_E_REVOKED;
    print_image(request->image, image->len);
    if (verdict->reached != IMAGE_STEP_DIGEST)
        print_digest("digest", verdict->d1);
    if (verdict->signer != nullptr) {
        print_signer(verdict->signer);
        print_line("ed25519", "valid");
        print_line("ml-dsa-65", both_hold ? "valid" : "not valid");
    }
    struct structure structure;
    if (both_hold && structure_read(image->bytes, image->len, &structure) == NONOS_OK)
        print_manifest(&structure.manifest);
    if (image_is_verified(verdict))
        print_line("verdict", "verified");
    else
        printf("%-10s refused: %s (%s, code %d)\n", "verdict", error_text(verdict->error),
               error_name(verdict->error), (int)verdict->error);
}

static int verify_file(const struct request *request)
{
    struct trust trust = {0};
    struct file_bytes image = {nullptr, 0};
    struct image_verdict verdict;
    int status = gather_trust(request, &trust);
    if (status == 0) {
        enum nonos_error error = image_file_read(request->image, &image);
        if (error != NONOS_OK)
            status = image_file_report(request->image, error, 0);
    }
    if (status == 0) {
        struct image_policy policy = {
            .wanted = request->wanted,
            .trusted = trust.trusted.identities,
            .trusted_count = trust.trusted.count,
            .revoked = trust.revoked.identities,
            .revoked_count = trust.revoked.count,
            .security_version_floor = request->floor,
            .allow_dev = request->allow_dev,
        };
        enum nonos_error error =
            image_verify(image.bytes, image.len, &policy, nullptr, nullptr, &verdict);
        print_verdict(request, &image, &verdict);
        if (!image_is_verified(&verdict))
            status = image_file_report(request->image, error, verdict.manifest_line);
    }
    file_free(&image);
    trust_free(&trust);
    return status;
}

static int read_option(int option, char **argv, struct request *request, bool *done)
{
    int status = 0;
    switch (option) {
    case 'i':
        if (request->identity_count == TRUST_MAX_COUNT)
            break;
        request->identities[request->identity_count++] = optarg;
        return 0;
    case 't':
        if (!command_read_type(optarg, &request->wanted))
            break;
        return 0;
    case OPTION_FLOOR:
        if (!command_read_floor(optarg, &request->floor))
            break;
        return 0;
    case OPTION_KEYS:
        request->keys = optarg;
        return 0;
    case OPTION_ALLOW_DEV:
        request->allow_dev = true;
        return 0;
    default:
        *done = true;
        command_common_option(&command_verify, option, argv, &status);
        return status;
    }
    *done = true;
    return command_usage(&command_verify, "%s is not a value of that option", optarg);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"identity", required_argument, nullptr, 'i'},
        {"type", required_argument, nullptr, 't'},
        {"keys", required_argument, nullptr, OPTION_KEYS},
        {"allow-dev", no_argument, nullptr, OPTION_ALLOW_DEV},
        {"floor", required_argument, nullptr, OPTION_FLOOR},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct request request = {.wanted = NONOS_IMAGE_KERNEL, .floor = 1};
    int option = 0;
    bool done = false;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":i:t:h", options, nullptr)) != -1) {
        int status = read_option(option, argv, &request, &done);
        if (done)
            return status;
    }
    if (argc - optind != 1)
        return command_usage(&command_verify, "it takes one image");
    request.image = argv[optind];
    return verify_file(&request);
}

const struct command command_verify = {
    .name = "verify",
    .arguments = "[-i IDENTITY]... [--keys DIR] [--allow-dev] [-t TYPE] [--floor N] IMAGE",
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
        "\n"
        "Without -i, the identity of " NONOS_DEV_KEY_FILE " in the current folder takes part\n"
        "where that file is; its images are refused as such unless --allow-dev is given.\n",
    .run = run,
};
