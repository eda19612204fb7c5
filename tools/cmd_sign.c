#include "image/digest.h"
#include "image/text.h"
#include "tools/command.h"
#include "tools/image_file.h"
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

static int sign_file(const char *key_source, const char *input, const char *output)
{
    struct file_bytes image;
    enum nonos_error error = image_file_read(input, &image);
    if (error != NONOS_OK)
        return image_file_report(input, error, 0);
    struct structure structure;
    struct signing_key key = {0};
    struct identity signer;
    int status = 0;
    error = structure_read(image.bytes, image.len, &structure);
    if (error != NONOS_OK)
        status = image_file_report(input, error, structure.manifest_line);
    if (status == 0)
        status = key_open(key_source, structure.manifest.profile, &key);
    if (status == 0) {
        error = sign_image(image.bytes, image.len, &key, &signer);
        key_wipe(&key);
        if (error != NONOS_OK)
            status = image_file_report(input, error, 0);
    }
    if (status == 0)
        status = write_signed(&image, output, &signer);
    file_free(&image);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"key", required_argument, nullptr, 'k'},
        {"output", required_argument, nullptr, 'o'},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    const char *key_source = nullptr;
    const char *output = nullptr;
    int option = 0;
    int status = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":k:o:h", options, nullptr)) != -1) {
        if (option == 'k') {
            key_source = optarg;
        } else if (option == 'o') {
            output = optarg;
        } else {
            command_common_option(&command_sign, option, argv, &status);
            return status;
        }
    }
    if (argc - optind != 1)
        return command_usage(&command_sign, "it takes one image");
    return sign_file(key_source, argv[optind], output == nullptr ? argv[optind] : output);
}

const struct command command_sign = {
    .name = "sign",
    .arguments = "[-k KEY] [-o OUT] IMAGE",
    .summary = "sign a sealed image with ML-DSA-65 and Ed25519",
    .help = "Fills in both signatures, replacing those that are there, verifies the result as a\n"
            "loader would, and only then writes it, in one step. The same key gives the same\n"
            "bytes. The image's manifest says whether it is a development or a release image; a\n"
            "release is never signed with a development key.\n"
            "\n"
            "  -k, --key KEY     the key file (default: what SIGNING_KEY says, or, for a\n"
            "                    development image, " NONOS_DEV_KEY_FILE ", made when it is not\n"
            "                    there)\n"
            "  -o, --output OUT  where to (default: the image itself)\n"
            "\n"
            "SIGNING_KEY is the path of a key file, or 64 hexadecimal digits.\n",
    .run = run,
};
