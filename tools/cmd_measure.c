#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/measure_print.h"
#include "tools/report.h"

#include <stdlib.h>
#include <string.h>

#define LOADER_NAME "BOOTX64.EFI"
#define LOG_MAX_LEN ((size_t)16 * 1024 * 1024)

struct request {
    const char *image;
    const char *loader; /* null: LOADER_NAME beside the image */
    const char *log;    /* then there is no image */
    bool json;
};

static char *beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    char *made = nullptr;
    int folder_len = slash == nullptr ? 0 : (int)(slash - path + 1);
    return asprintf(&made, "%.*s%s", folder_len, path, name) < 0 ? nullptr : made;
}

static int report_loader(const char *path, enum nonos_error error, bool was_named)
{
    if (error == NONOS_E_NOT_FOUND && !was_named)
        return report_error(path, error,
                            "the loader is part of what is measured: --loader says where it is");
    if (error == NONOS_E_LOADER)
        return report_error(path, error,
                            "give the BOOTX64.EFI that will start the image, as `make` built it "
                            "or as it was signed for Secure Boot");
    return report_file_error(path, error);
}

/* An image that its loader refuses has no prediction. */
static int predict(const struct request *request, const struct loader_file *loader,
                   const struct file_bytes *image, const char *loader_path)
{
    struct image_verdict verdict;
    struct prediction prediction = {.policy = nullptr};
    enum nonos_error error =
        image_verify(image->bytes, image->len, &loader->policy, nullptr, nullptr, &verdict);
    if (!image_is_verified(&verdict)) {
        report_notice("%s refuses this image: no kernel is measured", loader_path);
        return image_file_report(request->image, error, verdict.manifest_line);
    }
    error = prediction_make(loader, &verdict, &prediction);
    if (error != NONOS_OK)
        return report_error(request->image, error, nullptr);
    struct measure_answer answer = {
        .image_path = request->image,
        .image_len = image->len,
        .loader_path = loader_path,
        .loader_len = loader->file.len,
        .verdict = &verdict,
        .prediction = &prediction,
    };
    if (request->json)
        measure_print_prediction_json(&answer);
    else
        measure_print_prediction(&answer);
    prediction_free(&prediction);
    return 0;
}

static int measure_image(const struct request *request)
{
    char *own = request->loader == nullptr ? beside(request->image, LOADER_NAME) : nullptr;
    const char *path = request->loader == nullptr ? own : request->loader;
    if (path == nullptr)
        return report_error(request->image, NONOS_E_NO_MEMORY, nullptr);
    struct file_bytes image = {nullptr, 0};
    struct loader_file loader = {.identities = nullptr};
    int status = 0;
    enum nonos_error error = image_file_read(request->image, &image);
    if (error != NONOS_OK)
        status = image_file_report(request->image, error, 0);
    if (status == 0) {
        error = loader_file_read(path, &loader);
        if (error != NONOS_OK)
            status = report_loader(path, error, request->loader != nullptr);
    }
    if (status == 0)
        status = predict(request, &loader, &image, path);
    loader_file_free(&loader);
    file_free(&image);
    free(own);
    return status;
}

/* Whatever the log gives is shown; the status says whether it is that of a start. */
static int measure_log(const struct request *request)
{
    struct file_bytes file = {nullptr, 0};
    enum nonos_error error = file_read(request->log, LOG_MAX_LEN, &file);
    if (error != NONOS_OK)
        return report_file_error(request->log, error);
    struct replay replay;
    enum replay_end end = replay_log(file.bytes, file.len, &replay);
    if (request->json)
        measure_print_log_json(request->log, file.len, &replay);
    else
        measure_print_log(request->log, file.len, &replay);
    file_free(&file);
    return end == REPLAY_STARTED
               ? 0
               : report_error(request->log, NONOS_E_EVENT_LOG, "%s", replay_end_text(end));
}

static bool read_option(int option, struct request *request)
{
    switch (option) {
    case OPTION_LOADER:
        request->loader = optarg;
        return true;
    case OPTION_LOG:
        request->log = optarg;
        return true;
    case OPTION_JSON:
        request->json = true;
        return true;
    default:
        return false;
    }
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"loader", required_argument, nullptr, OPTION_LOADER},
        {"log", required_argument, nullptr, OPTION_LOG},
        {"json", no_argument, nullptr, OPTION_JSON},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct request request = {.image = nullptr};
    int option = 0;
    int status = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, nullptr)) != -1) {
        if (read_option(option, &request))
            continue;
        command_common_option(&command_measure, option, argv, &status);
        return status;
    }
    if (request.log != nullptr && (request.loader != nullptr || optind != argc))
        return command_usage(&command_measure, "--log takes no image and no loader");
    if (request.log != nullptr)
        return measure_log(&request);
    if (argc - optind != 1)
        return command_usage(&command_measure, "it takes one image, or --log and a file");
    request.image = argv[optind];
    return measure_image(&request);
}

const struct command command_measure = {
    .name = "measure",
    .arguments = "[--json] [--loader FILE] IMAGE | [--json] --log FILE",
    .summary = "say what a boot leaves in a TPM, or what an event log says it left",
    .help =
        "Predicts PCR 11, which the loader extends by kernel, manifest and its own policy, and\n"
        "PCR 4, which firmware extends by the loader; prints what to seal a secret to. The\n"
        "policy is read out of the loader's file, and the image is verified under it: one that\n"
        "the loader refuses has no prediction, and the exit status is the code of the refusal.\n"
        "\n"
        "With --log, replays a TCG event log: the value that each PCR has by it, and whether it\n"
        "is the log of a NONOS boot that was measured and capped, which exit status 0 stands\n"
        "for. A log proves nothing by itself: compare the values with a quote of the TPM.\n"
        "\n"
        "      --loader FILE  the loader that will start the image, signed for Secure Boot or\n"
        "                     not (default: " LOADER_NAME " in the image's folder)\n"
        "      --log FILE     a binary event log, crypto-agile\n"
        "      --json         as JSON\n",
    .run = run,
};
