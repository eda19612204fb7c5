#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/offline.h"
#include "tools/print.h"
#include "tools/report.h"
#include "tools/verification.h"

#include <stdio.h>

struct request {
    struct verification whom;
    enum message_half half;
    const char *signature;
    const char *output;
    const char *image;
};

/* Room for a signature in hexadecimal or the like, so that its length can be told. */
#define SIGNATURE_FILE_MAX_LEN 65536u

static int read_signature(const struct request *request, struct file_bytes *out)
{
    size_t len = message_signature_len(request->half);
    enum nonos_error error = file_read(request->signature, SIGNATURE_FILE_MAX_LEN, out);
    if (error != NONOS_OK && error != NONOS_E_SIZE)
        return report_file_error(request->signature, error);
    if (error == NONOS_OK && out->len == len)
        return 0;
    return report_error(request->signature, NONOS_E_SIZE,
                        "an %s signature has %zu bytes, as they are and nothing else",
                        message_half_name(request->half), len);
}

static int report_attach(const struct request *request, enum nonos_error error)
{
    if (error == NONOS_E_SIGNATURE)
        return report_error(request->signature, error,
                            "it was made for another image, with another key or for another type: "
                            "compare the digest, and give the signer's identity with -i or --keys");
    if (error == NONOS_E_REVOKED)
        return report_error(request->signature, error, "sign with a key that is not revoked");
    if (error == NONOS_E_UNSIGNED)
        return report_error(request->image, error,
                            "the ML-DSA-65 signature comes first: `nonos digest` writes what it is "
                            "made of");
    return image_file_report(request->image, error, 0);
}

static int write_image(const struct request *request, const struct file_bytes *image,
                       const struct identity *signer)
{
    enum nonos_error error = file_write(request->output, image->bytes, image->len);
    if (error != NONOS_OK)
        return report_file_error(request->output, error);
    bool is_last = request->half == MESSAGE_ED25519;
    print_line("attached", message_half_name(request->half));
    print_line("image", request->output);
    print_line("signer", signer->name);
    print_line("verdict", is_last ? "verified"
                                  : "half signed: `nonos digest` writes what Ed25519 has to sign");
    return 0;
}

static int attach_file(struct request *request)
{
    struct trust trust;
    struct file_bytes image = {nullptr, 0};
    struct file_bytes signature = {nullptr, 0};
    struct structure structure;
    int status = verification_gather(&request->whom, &trust);
    if (status == 0)
        status = read_signature(request, &signature);
    if (status == 0) {
        enum nonos_error error = image_file_read(request->image, &image);
        if (error == NONOS_OK) {
            error = structure_read(image.bytes, image.len, &structure);
            if (error != NONOS_OK)
                status = image_file_report(request->image, error, structure.manifest_line);
        } else {
            status = image_file_report(request->image, error, 0);
        }
    }
    if (status == 0) {
        const struct identity *signer = nullptr;
        enum nonos_error error = offline_attach(image.bytes, image.len, &structure.manifest,
                                                request->half, signature.bytes, &trust, &signer);
        status = error == NONOS_OK ? write_image(request, &image, signer)
                                   : report_attach(request, error);
    }
    file_free(&signature);
    file_free(&image);
    trust_free(&trust);
    return status;
}

static int read_option(int option, char **argv, struct request *request, bool *done)
{
    int status = 0;
    switch (option) {
    case OPTION_MLDSA65:
    case OPTION_ED25519:
        if (request->signature != nullptr) {
            *done = true;
            return command_usage(&command_attach, "it takes one signature, and then the next");
        }
        request->half = option == OPTION_MLDSA65 ? MESSAGE_MLDSA65 : MESSAGE_ED25519;
        request->signature = optarg;
        return 0;
    case 'o':
        request->output = optarg;
        return 0;
    case OPTION_KEYS:
        request->whom.keys = optarg;
        return 0;
    case 'i':
        if (verification_add_identity(&request->whom, optarg))
            return 0;
        *done = true;
        return command_usage(&command_attach, "%s: -i is taken at most 64 times", optarg);
    default:
        *done = true;
        command_common_option(&command_attach, option, argv, &status);
        return status;
    }
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"mldsa65", required_argument, nullptr, OPTION_MLDSA65},
        {"ed25519", required_argument, nullptr, OPTION_ED25519},
        {"output", required_argument, nullptr, 'o'},
        {"identity", required_argument, nullptr, 'i'},
        {"keys", required_argument, nullptr, OPTION_KEYS},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct request request = {.whom = {.floor = 1}};
    int option = 0;
    bool done = false;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:i:h", options, nullptr)) != -1) {
        int status = read_option(option, argv, &request, &done);
        if (done)
            return status;
    }
    if (argc - optind != 1 || request.signature == nullptr || request.output == nullptr)
        return command_usage(&command_attach,
                             "it takes one image, --mldsa65 or --ed25519, and -o says where to");
    request.image = argv[optind];
    return attach_file(&request);
}

const struct command command_attach = {
    .name = "attach",
    .arguments = "--mldsa65 FILE | --ed25519 FILE [-i IDENTITY]... [--keys DIR] -o OUT IMAGE",
    .summary = "put a signature that was made elsewhere into an image",
    .help = "Takes a signature over what `nonos digest` wrote, checks that it is by a trusted\n"
            "identity, and only then writes the image: after the first half half signed, after\n"
            "the second one verified as a loader would. The result is, byte for byte, what\n"
            "`nonos sign` makes with the same key.\n"
            "\n"
            "      --mldsa65 FILE       the ML-DSA-65 signature, 3309 bytes: the first half\n"
            "      --ed25519 FILE       the Ed25519 signature, 64 bytes: the second\n"
            "  -o, --output OUT         where to; it may be the image itself\n"
            "  -i, --identity IDENTITY  the signer is this one, or another one given so\n"
            "      --keys DIR           the folder of trusted and revoked identities\n"
            "                           (default: keys)\n",
    .run = run,
};
