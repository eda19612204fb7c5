#include "crypto/bytes.h"
#include "image/digest.h"
#include "image/error.h"
#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/json.h"
#include "tools/print.h"
#include "tools/report.h"
#include "tools/structure.h"

#include <inttypes.h>
#include <string.h>

/* What there is to say about a file; digests only where error is not about its length. */
struct inspection {
    const char *path;
    struct file_bytes image;
    uint8_t d0[NONOS_DIGEST_LEN];
    uint8_t d1[NONOS_DIGEST_LEN];
    bool ed25519_present;
    bool mldsa65_present;
    struct structure structure;
    enum nonos_error error;
};

static const char *type_name(enum nonos_image_type type)
{
    return type == NONOS_IMAGE_KERNEL    ? "kernel"
           : type == NONOS_IMAGE_CAPSULE ? "capsule"
                                         : "bundle";
}

static void permissions(uint32_t flags, char text[4])
{
    text[0] = (flags & IMAGE_SEGMENT_R) != 0 ? 'r' : '-';
    text[1] = (flags & IMAGE_SEGMENT_W) != 0 ? 'w' : '-';
    text[2] = (flags & IMAGE_SEGMENT_X) != 0 ? 'x' : '-';
    text[3] = 0;
}

static void inspect(struct inspection *it)
{
    it->error = image_file_read(it->path, &it->image);
    if (it->error != NONOS_OK)
        return;
    const uint8_t *end = it->image.bytes + it->image.len;
    image_digest(it->image.bytes, it->image.len, it->d0, it->d1);
    it->ed25519_present = !bytes_are_zero(end - NONOS_SIG_LEN, NONOS_SIG_LEN);
    it->mldsa65_present = !bytes_are_zero(end - NONOS_TRAILER_LEN, NONOS_PQSIG_LEN);
    it->error = structure_read(it->image.bytes, it->image.len, &it->structure);
}

static void print_plain(const struct inspection *it)
{
    print_image(it->path, it->image.len);
    print_digest("body", it->d0);
    print_digest("digest", it->d1);
    print_line("ed25519", it->ed25519_present ? "present, not verified" : "absent");
    print_line("ml-dsa-65", it->mldsa65_present ? "present, not verified" : "absent");
    if (it->error != NONOS_OK)
        return;
    const struct image_elf *elf = &it->structure.elf;
    printf("%-10s 0x%" PRIx64 "\n", "entry", elf->entry);
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct image_segment *segment = &elf->segments[i];
        char flags[4];
        permissions(segment->flags, flags);
        printf("%-10s %s  file 0x%06" PRIx64 " +%-8" PRIu64 " memory 0x%" PRIx64 " at 0x%" PRIx64
               " +%" PRIu64 "\n",
               "segment", flags, segment->offset, segment->file_len, segment->vaddr, segment->paddr,
               segment->mem_len);
    }
    print_manifest(&it->structure.manifest);
}

static void write_segments(struct json_output *json, const struct image_elf *elf)
{
    json_begin_array(json, "segments");
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct image_segment *segment = &elf->segments[i];
        char flags[4];
        permissions(segment->flags, flags);
        json_begin_object(json, nullptr);
        json_put_string(json, "permissions", flags);
        json_put_number(json, "file_offset", segment->offset);
        json_put_number(json, "file_length", segment->file_len);
        json_put_address(json, "virtual_address", segment->vaddr);
        json_put_address(json, "physical_address", segment->paddr);
        json_put_number(json, "memory_length", segment->mem_len);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_text(struct json_output *json, const char *key, struct manifest_text text)
{
    json_put_text(json, key, text.bytes, text.len);
}

static void write_manifest(struct json_output *json, const struct manifest *manifest)
{
    json_begin_object(json, "manifest");
    json_put_string(json, "type", type_name(manifest->type));
    write_text(json, "name", manifest->name);
    write_text(json, "version", manifest->version);
    json_put_number(json, "security_version", manifest->security_version);
    write_text(json, "target", manifest->target);
    json_put_string(json, "profile", command_profile_name((uint32_t)manifest->profile));
    write_text(json, "source", manifest->source);
    write_text(json, "commit", manifest->commit);
    json_put_bool(json, "dirty", manifest->dirty);
    json_put_number(json, "epoch", manifest->epoch);
    write_text(json, "compiler", manifest->compiler);
    write_text(json, "pqc", manifest->pqc);
    write_text(json, "bundle", manifest->bundle);
    write_text(json, "sbom", manifest->sbom);
    json_begin_array(json, "grants");
    struct manifest_text rest = manifest->grants;
    struct manifest_text capability, rights;
    while (manifest_next_grant(&rest, &capability, &rights)) {
        json_begin_object(json, nullptr);
        write_text(json, "capability", capability);
        write_text(json, "rights", rights);
        json_end_object(json);
    }
    json_end_array(json);
    write_text(json, "text", manifest->all);
    json_end_object(json);
}

static void write_error(struct json_output *json, const struct inspection *it)
{
    if (it->error == NONOS_OK) {
        json_put_null(json, "error");
        return;
    }
    json_begin_object(json, "error");
    json_put_number(json, "code", (uint64_t)it->error);
    json_put_string(json, "name", error_name(it->error));
    json_put_string(json, "text", error_text(it->error));
    if (it->structure.manifest_line != 0)
        json_put_number(json, "manifest_line", it->structure.manifest_line);
    json_end_object(json);
}

/* Members that could not be had are absent. */
static void print_json(const struct inspection *it)
{
    struct json_output json = {.stream = stdout};
    json_begin_object(&json, nullptr);
    json_put_string(&json, "file", it->path);
    if (it->image.bytes != nullptr) {
        json_put_number(&json, "length", it->image.len);
        json_put_hex(&json, "d0", it->d0, sizeof(it->d0));
        json_put_hex(&json, "d1", it->d1, sizeof(it->d1));
        json_begin_object(&json, "signatures");
        json_put_string(&json, "ed25519", it->ed25519_present ? "present" : "absent");
        json_put_string(&json, "mldsa65", it->mldsa65_present ? "present" : "absent");
        json_end_object(&json);
    }
    json_put_bool(&json, "verified", false);
    write_error(&json, it);
    if (it->error == NONOS_OK) {
        json_put_address(&json, "entry", it->structure.elf.entry);
        write_segments(&json, &it->structure.elf);
        write_manifest(&json, &it->structure.manifest);
    }
    json_end_object(&json);
}

static int inspect_file(const char *path, bool as_json)
{
    struct inspection it = {.path = path};
    inspect(&it);
    int status =
        it.error == NONOS_OK ? 0 : image_file_report(path, it.error, it.structure.manifest_line);
    if (as_json)
        print_json(&it);
    else if (it.image.bytes != nullptr)
        print_plain(&it);
    file_free(&it.image);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, nullptr, OPTION_JSON},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    bool as_json = false;
    int option = 0;
    int status = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, nullptr)) != -1) {
        if (option == OPTION_JSON) {
            as_json = true;
        } else {
            command_common_option(&command_inspect, option, argv, &status);
            return status;
        }
    }
    if (argc - optind != 1)
        return command_usage(&command_inspect, "it takes one image");
    return inspect_file(argv[optind], as_json);
}

const struct command command_inspect = {
    .name = "inspect",
    .arguments = "[--json] IMAGE",
    .summary = "show what an image says about itself",
    .help = "Shows digests, segments and manifest, signed or not. It verifies nothing: `nonos\n"
            "verify` does. The exit status is 0 when the structure is that of an image; for one\n"
            "that is damaged, what can be had is shown and the status is the code.\n"
            "\n"
            "      --json  as JSON (addresses are strings)\n",
    .run = run,
};
