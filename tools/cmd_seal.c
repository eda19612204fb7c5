#include "tools/command.h"
#include "tools/file.h"
#include "tools/image_file.h"
#include "tools/report.h"
#include "tools/seal.h"

static int seal_file(const char *input, const char *output)
{
    struct file_bytes elf;
    enum nonos_error error = file_read(input, SEAL_INPUT_MAX_LEN, &elf);
    if (error == NONOS_E_SIZE)
        return report_error(input, error, "at most %u MiB; strip what it does not need",
                            SEAL_INPUT_MAX_LEN / 1024 / 1024);
    if (error != NONOS_OK)
        return report_file_error(input, error);
    struct file_bytes image;
    unsigned line = 0;
    error = seal_elf(elf.bytes, elf.len, &image, &line);
    file_free(&elf);
    if (error != NONOS_OK && line != 0)
        return image_file_report(input, error, line);
    if (error != NONOS_OK)
        return report_error(input, error,
                            "sealed, it would not be an image that verifies; the "
                            "rules are in docs/image-format.md");
    error = file_write(output, image.bytes, image.len);
    file_free(&image);
    return error == NONOS_OK ? 0 : report_file_error(output, error);
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
            command_common_option(&command_seal, option, argv, &status);
            return status;
        }
    }
    if (argc - optind != 1)
        return command_usage(&command_seal, "it takes one ELF file");
    if (output == nullptr)
        return command_usage(&command_seal, "-o IMAGE is missing");
    return seal_file(argv[optind], output);
}

const struct command command_seal = {
    .name = "seal",
    .arguments = "ELF -o IMAGE",
    .summary = "turn a linked ELF file into an unsigned image",
    .help = "Writes the final layout: the segments of the ELF file, the sections that are in\n"
            "memory, and two signature fields of zeroes. Symbols, debug information and all else\n"
            "stay behind. A sealed file comes out as it is. The result has passed every check of\n"
            "structure and manifest that an image has to pass.\n"
            "\n"
            "  -o, --output IMAGE  where to\n",
    .run = run,
};
