#include "image/digest.h"
#include "image/text.h"
#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/message.h"
#include "tools/print.h"
#include "tools/report.h"
#include "tools/sign.h"
#include "tools/structure.h"

static int write_signed(const struct file_bytes *image, const char *output,
                        const struct identity *signer)
{
    uint8_t d0[NONOS_DIGEST_LEN], d1[NONOS_DIGEST_LEN];
    char digest[2 * NONOS_DIGEST_LEN + 1] = {0};
    char id[2 * NONOS_IDENTITY_ID_LEN + 1] = {0};
    enum nonos_error error = file_write(output, image->bytes, image->len);
    if (error != NONOS_OK)
        return report_file_error(output, error);
    image_digest(image->bytes, image->len, d0, d1);
    text_write_hex(d1, sizeof(d1), digest);
    text_write_hex(signer->id, sizeof(signer->id), id);
    printf("signed     ");
    report_text(stdout, output);
    printf("\ndigest     blake3:%s\nsigner     %s (%s)\n", digest, id,
           command_profile_name(signer->profile));
    return 0;
}

/* Which key: the first of a pair, and the file of the second, both null where not given. */
struct key_words {
    const char *first;
    const char *pq;
};

static int report_signing(const struct signing_key *key, const char *input, enum nonos_error error)
{
    const char *failure = key_failure(key, error);
    return failure != nullptr ? report_error("token", error, "%s", failure)
                              : image_file_report(input, error, 0);
}

static int sign_file(const struct key_words *words, const char *input, const char *output)
{
    struct file_bytes image;
    enum nonos_error error = image_file_read(input, &image);
    if (error != NONOS_OK)
        return image_file_report(input, error, 0);
    struct structure structure;
    struct signing_key key = {.token = nullptr};
    struct identity signer;
    int status = 0;
    error = structure_read(image.bytes, image.len, &structure);
    if (error != NONOS_OK)
        status = image_file_report(input, error, structure.manifest_line);
    if (status == 0)
        status = key_open(words->first, words->pq, structure.manifest.profile, &key);
    if (status == 0) {
        error = sign_image(image.bytes, image.len, &key, &signer);
        if (error != NONOS_OK)
            status = report_signing(&key, input, error);
        key_wipe(&key);
    }
    if (status == 0)
        status = write_signed(&image, output, &signer);
    file_free(&image);
    return status;
}

/* What is signed is all that comes here: no image, so no profile, and never a development key. */
static int read_message(const char *path, enum nonos_image_type wanted, struct message *out)
{
    struct file_bytes file;
    enum nonos_error error = file_read(path, MESSAGE_MAX_LEN, &file);
    if (error == NONOS_E_SIZE)
        error = NONOS_E_MESSAGE;
    else if (error != NONOS_OK)
        return report_file_error(path, error);
    if (error == NONOS_OK)
        error = message_read(file.bytes, file.len, out);
    file_free(&file);
    if (error != NONOS_OK)
        return report_error(path, error, "`nonos digest` writes it; carry the file as it is");
    if (out->type == wanted)
        return 0;
    const char *type = command_type_name(out->type);
    return report_error(path, NONOS_E_POLICY_TYPE,
                        "its signature would be one for a %s: sign it only if that is what you "
                        "mean, with -t %s",
                        type, type);
}

/* Asked of the verifiers before it leaves, under the public half of the key that made it. */
static enum nonos_error make_signature(const struct message *message, const struct signing_key *key,
                                       uint8_t *signature, struct identity *signer)
{
    enum nonos_error error =
        key_identity(key, "signer", (uint32_t)message->type, NONOS_PROFILE_RELEASE, signer);
    if (error == NONOS_OK)
        error = message_sign(message, key, signature);
    if (error == NONOS_OK)
        error = message_verify(message, signer, signature);
    return error == NONOS_E_SIGNATURE ? NONOS_E_DISAGREE : error;
}

static int sign_digest(const struct key_words *words, enum nonos_image_type wanted,
                       const char *input, const char *output)
{
    struct message message = {.len = 0};
    struct signing_key key;
    struct identity signer;
    uint8_t signature[NONOS_PQSIG_LEN];
    int status = read_message(input, wanted, &message);
    if (status == 0)
        status = key_open(words->first, words->pq, NONOS_PROFILE_RELEASE, &key);
    if (status != 0)
        return status;
    enum nonos_error error = make_signature(&message, &key, signature, &signer);
    const char *failure = key_failure(&key, error);
    if (failure != nullptr)
        status = report_error("token", error, "%s", failure);
    else if (error != NONOS_OK)
        status = report_error(input, error, nullptr);
    key_wipe(&key);
    if (status != 0)
        return status;
    size_t len = message_signature_len(message.half);
    error = file_write(output, signature, len);
    if (error != NONOS_OK)
        return report_file_error(output, error);
    char id[2 * NONOS_IDENTITY_ID_LEN + 1] = {0};
    text_write_hex(signer.id, sizeof(signer.id), id);
    print_line("half", message_half_name(message.half));
    print_line("type", command_type_name(message.type));
    print_digest("digest", message.digest);
    print_line("signer", id);
    printf("%-10s ", "signature");
    report_text(stdout, output);
    printf(", %zu bytes\n", len);
    return 0;
}

struct request {
    struct key_words key;
    const char *output;
    const char *digest; /* the file, or null: an image is signed */
    enum nonos_image_type type;
    bool has_type;
};

static int read_option(int option, char **argv, struct request *request, bool *done)
{
    int status = 0;
    switch (option) {
    case 'k':
        request->key.first = optarg;
        return 0;
    case OPTION_KEY_PQ:
        request->key.pq = optarg;
        return 0;
    case 'o':
        request->output = optarg;
        return 0;
    case OPTION_DIGEST:
        request->digest = optarg;
        return 0;
    case 't':
        request->has_type = command_read_type(optarg, &request->type);
        if (request->has_type)
            return 0;
        *done = true;
        return command_usage(&command_sign, "%s: -t takes kernel, capsule or bundle", optarg);
    default:
        *done = true;
        command_common_option(&command_sign, option, argv, &status);
        return status;
    }
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"key", required_argument, nullptr, 'k'},
        {"key-pq", required_argument, nullptr, OPTION_KEY_PQ},
        {"output", required_argument, nullptr, 'o'},
        {"digest", required_argument, nullptr, OPTION_DIGEST},
        {"type", required_argument, nullptr, 't'},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct request request = {.output = nullptr};
    int option = 0;
    bool done = false;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":k:o:t:h", options, nullptr)) != -1) {
        int status = read_option(option, argv, &request, &done);
        if (done)
            return status;
    }
    if (request.digest != nullptr) {
        if (argc != optind || !request.has_type || request.output == nullptr)
            return command_usage(&command_sign, "with --digest it takes -t and -o, and no image");
        return sign_digest(&request.key, request.type, request.digest, request.output);
    }
    if (argc - optind != 1)
        return command_usage(&command_sign, "it takes one image");
    if (request.has_type)
        return command_usage(&command_sign, "-t goes with --digest; an image says what it is");
    return sign_file(&request.key, argv[optind],
                     request.output == nullptr ? argv[optind] : request.output);
}

const struct command command_sign = {
    .name = "sign",
    .arguments = "[-k KEY [--key-pq FILE]] [-o OUT] IMAGE |\n"
                 "       nonos sign [-k KEY [--key-pq FILE]] --digest MESSAGE -t TYPE -o SIGNATURE",
    .summary = "sign a sealed image with ML-DSA-65 and Ed25519",
    .help =
        "Fills in both signatures, replacing those that are there, verifies the result as a\n"
        "loader would, and only then writes it, in one step. The same key gives the same\n"
        "bytes. The image's manifest says whether it is a development or a release image; a\n"
        "release is never signed with a development key.\n"
        "\n"
        "  -k, --key KEY         the key file, or pkcs11:..., an Ed25519 key in a token\n"
        "                        (default: what SIGNING_KEY says, or, for a development\n"
        "                        image, " NONOS_DEV_KEY_FILE ", made when it is not there)\n"
        "      --key-pq FILE     with a token: the key file of the ML-DSA-65 half (default:\n"
        "                        what SIGNING_KEY_PQ says)\n"
        "  -o, --output OUT      where to (default: the image itself)\n"
        "      --digest MESSAGE  make one signature, over what `nonos digest` wrote: which\n"
        "                        half, for what type and of which digest is printed. Never\n"
        "                        with a development key\n"
        "  -t, --type TYPE       with --digest: kernel or capsule, what you mean to sign\n"
        "\n"
        "SIGNING_KEY is the path of a key file, 64 hexadecimal digits, or pkcs11:... The PIN of\n"
        "a token comes from pin-source in the URI, from NONOS_PIN, or is asked for.\n",
    .run = run,
};
