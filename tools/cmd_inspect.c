#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/image_svg.h"
#include "tools/inspection.h"
#include "tools/report.h"
#include "tools/verification.h"

#include <stdlib.h>
#include <string.h>

enum form { FORM_PLAIN, FORM_JSON, FORM_SVG };

/* The command line. */
struct request {
    const char *path;
    const char *output; /* of a picture; null: standard output */
    enum form form;
    bool without_digest;
    struct verification verification;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == nullptr ? path : slash + 1;
}

static void draw(FILE *stream, const struct inspection *it, bool without_digest)
{
    struct image_map map;
    bool is_image = it->error == NONOS_OK;
    image_map_make(it->image.bytes, it->image.len, is_image ? &it->structure.elf : nullptr, &map);
    struct image_picture picture = {
        .file = base_name(it->path),
        .len = it->image.len,
        .map = &map,
        .structure = is_image ? &it->structure : nullptr,
        .error = it->error,
        .mldsa65_present = it->mldsa65_present,
        .ed25519_present = it->ed25519_present,
        .digest = without_digest ? nullptr : it->d1,
        .verdict = it->verdict,
    };
    image_svg_write(stream, &picture);
}

static int write_svg(const struct inspection *it, const struct request *request)
{
    if (request->output == nullptr) {
        draw(stdout, it, request->without_digest);
        return 0;
    }
    char *text = nullptr;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    if (stream == nullptr)
        return report_error(request->output, NONOS_E_NO_MEMORY, nullptr);
    draw(stream, it, request->without_digest);
    bool failed = ferror(stream) != 0;
    failed = fclose(stream) != 0 || failed;
    int status = 0;
    if (failed)
        status = report_error(request->output, NONOS_E_NO_MEMORY, nullptr);
    if (status == 0) {
        enum nonos_error error = file_write(request->output, text, len);
        if (error != NONOS_OK)
            status = report_file_error(request->output, error);
    }
    free(text);
    return status;
}

static bool is_asked(const struct request *request)
{
    return request->verification.identity_count > 0 || request->verification.keys != nullptr;
}

/* Of what says that it is an image, the type that it says; else a kernel. */
static int verify(const struct request *request, struct inspection *it,
                  struct image_verdict *verdict)
{
    struct verification asked = request->verification;
    if (it->error == NONOS_OK)
        asked.wanted = it->structure.manifest.type;
    enum nonos_error error = verification_decide(&asked, &it->trust, &it->image, verdict);
    it->verdict = verdict;
    return image_is_verified(verdict) ? 0
                                      : image_file_report(it->path, error, verdict->manifest_line);
}

static int show(const struct inspection *it, const struct request *request)
{
    if (request->form == FORM_JSON)
        inspection_print_json(it);
    else if (it->image.bytes == nullptr)
        return 0;
    else if (request->form == FORM_SVG)
        return write_svg(it, request);
    else
        inspection_print_text(it);
    return 0;
}

/* The status is that of the first thing that went wrong: structure, verification, output. */
static int inspect_file(const struct request *request)
{
    struct inspection it = {.path = request->path};
    struct image_verdict verdict;
    int status = is_asked(request) ? verification_gather(&request->verification, &it.trust) : 0;
    if (status == 0) {
        inspection_read(&it);
        if (it.error != NONOS_OK)
            status = image_file_report(it.path, it.error, it.structure.manifest_line);
        if (is_asked(request) && it.image.bytes != nullptr) {
            int refused = verify(request, &it, &verdict);
            status = status == 0 ? refused : status;
        }
        int failed = show(&it, request);
        status = status == 0 ? failed : status;
    }
    file_free(&it.image);
    trust_free(&it.trust);
    return status;
}

/* False: it is none of the options of this command, or one time too many. */
static bool read_option(int option, struct request *request)
{
    switch (option) {
    case OPTION_JSON:
        request->form = FORM_JSON;
        return true;
    case OPTION_SVG:
        request->form = FORM_SVG;
        return true;
    case OPTION_NO_DIGEST:
        request->without_digest = true;
        return true;
    case OPTION_KEYS:
        request->verification.keys = optarg;
        return true;
    case OPTION_ALLOW_DEV:
        request->verification.allow_dev = true;
        return true;
    case 'o':
        request->output = optarg;
        return true;
    case 'i':
        return verification_add_identity(&request->verification, optarg);
    default:
        return false;
    }
}

/* What does not go together; null where all does. */
static const char *find_conflict(const struct request *request, bool json, bool svg)
{
    if (json && svg)
        return "--json and --svg are two answers; ask twice";
    if (!svg && request->output != nullptr)
        return "-o goes with --svg; the rest is printed";
    if (!svg && request->without_digest)
        return "--no-digest goes with --svg";
    if (request->verification.allow_dev && !is_asked(request))
        return "--allow-dev goes with -i or --keys: without one of these nothing is verified";
    return nullptr;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, nullptr, OPTION_JSON},
        {"svg", no_argument, nullptr, OPTION_SVG},
        {"no-digest", no_argument, nullptr, OPTION_NO_DIGEST},
        {"output", required_argument, nullptr, 'o'},
        {"identity", required_argument, nullptr, 'i'},
        {"keys", required_argument, nullptr, OPTION_KEYS},
        {"allow-dev", no_argument, nullptr, OPTION_ALLOW_DEV},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct request request = {.verification = {.wanted = NONOS_IMAGE_KERNEL, .floor = 1}};
    bool json = false, svg = false;
    int option = 0;
    int status = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":o:i:h", options, nullptr)) != -1) {
        json = json || option == OPTION_JSON;
        svg = svg || option == OPTION_SVG;
        if (read_option(option, &request))
            continue;
        if (option == 'i')
            return command_usage(&command_inspect, "%s: -i is taken at most %u times", optarg,
                                 TRUST_MAX_COUNT);
        command_common_option(&command_inspect, option, argv, &status);
        return status;
    }
    const char *conflict = find_conflict(&request, json, svg);
    if (conflict != nullptr)
        return command_usage(&command_inspect, "%s", conflict);
    if (argc - optind != 1)
        return command_usage(&command_inspect, "it takes one image");
    request.path = argv[optind];
    return inspect_file(&request);
}

const struct command command_inspect = {
    .name = "inspect",
    .arguments = "[--json | --svg [-o FILE]] [-i IDENTITY]... [--keys DIR] [--allow-dev] IMAGE",
    .summary = "show what an image says about itself",
    .help =
        "Shows digests, segments and manifest, signed or not. It verifies nothing unless -i or\n"
        "--keys says whom to trust. The exit status is 0 when the structure is that of an image\n"
        "and, where asked, it is verified; else it is the code, and what can be had is shown.\n"
        "\n"
        "      --json           as JSON (addresses are strings)\n"
        "      --svg            as a picture: what each byte is, and which signature covers it\n"
        "  -o, --output FILE    where the picture goes (default: standard output)\n"
        "      --no-digest      leave the digest out of the picture, which then is the same for\n"
        "                       images of the same layout\n"
        "  -i, --identity FILE  verify: trust this identity, and those given so alone\n"
        "      --keys DIR       verify: the folder of trusted and revoked identities\n"
        "      --allow-dev      verify: accept a development image\n",
    .run = run,
};
