#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/offline.h"
#include "tools/print.h"
#include "tools/report.h"

#include <stdio.h>

static void print_text(const char *label, const struct manifest_text *text)
{
    printf("%-10s %.*s\n", label, (int)text->len, text->bytes);
}

static void print_message(const char *path, const struct file_bytes *image,
                          const struct manifest *manifest, const struct message *message,
                          const char *output)
{
    bool is_first = message->half == MESSAGE_MLDSA65;
    print_image(path, image->len);
    print_line("type", command_type_name(message->type));
    print_text("name", &manifest->name);
    print_text("version", &manifest->version);
    print_line("profile", command_profile_name((uint32_t)manifest->profile));
    print_line("half", is_first ? "ML-DSA-65, the first: Ed25519 covers it, and comes when it is "
                                  "attached"
                                : "Ed25519, the second and last");
    print_digest("digest", message->digest);
    printf("%-10s ", "message");
    report_text(stdout, output);
    printf(", %zu bytes\n", message->len);
    printf("%-10s where the key is: nonos sign -k KEY --digest MESSAGE -t %s -o SIGNATURE\n"
           "%-10s then here: nonos attach IMAGE %s SIGNATURE -o OUT\n",
           "next", command_type_name(message->type), "", is_first ? "--mldsa65" : "--ed25519");
}

static int write_message(const char *input, const char *output)
{
    struct file_bytes image;
    enum nonos_error error = image_file_read(input, &image);
    if (error != NONOS_OK)
        return image_file_report(input, error, 0);
    struct structure structure;
    struct message message = {.len = 0};
    int status = 0;
    error = structure_read(image.bytes, image.len, &structure);
    if (error == NONOS_OK)
        error = offline_next(image.bytes, image.len, structure.manifest.type, &message);
    if (error != NONOS_OK)
        status = image_file_report(input, error, structure.manifest_line);
    if (status == 0) {
        error = file_write(output, message.bytes, message.len);
        if (error != NONOS_OK)
            status = report_file_error(output, error);
    }
    if (status == 0)
        print_message(input, &image, &structure.manifest, &message, output);
    file_free(&image);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, nullptr, 'o'},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    const char *output = nullptr;
    int option = 0;
    int status = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:h", options, nullptr)) != -1) {
        if (option == 'o') {
            output = optarg;
        } else {
            command_common_option(&command_digest, option, argv, &status);
            return status;
        }
    }
    if (argc - optind != 1 || output == nullptr)
        return command_usage(&command_digest, "it takes one image, and -o says where to");
    return write_message(argv[optind], output);
}

const struct command command_digest = {
    .name = "digest",
    .arguments = "-o MESSAGE IMAGE",
    .summary = "write what has to be signed, for a key on another machine",
    .help = "Writes the bytes that the next signature is made of: of an unsigned image those for\n"
            "ML-DSA-65, and once that signature is attached those for Ed25519, which cover it.\n"
            "Prints type, name and digest, to be compared where the key is.\n"
            "\n"
            "  -o, --output MESSAGE  where to\n",
    .run = run,
};
