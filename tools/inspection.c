#include "tools/inspection.h"

#include "crypto/bytes.h"
#include "image/digest.h"
#include "image/error.h"
#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/json.h"
#include "tools/print.h"
#include "tools/verification.h"

#include <inttypes.h>

void inspection_read(struct inspection *it)
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

static void permissions(uint32_t flags, char text[4])
{
    text[0] = (flags & IMAGE_SEGMENT_R) != 0 ? 'r' : '-';
    text[1] = (flags & IMAGE_SEGMENT_W) != 0 ? 'w' : '-';
    text[2] = (flags & IMAGE_SEGMENT_X) != 0 ? 'x' : '-';
    text[3] = 0;
}

void inspection_print_text(const struct inspection *it)
{
    print_image(it->path, it->image.len);
    print_digest("body", it->d0);
    print_digest("digest", it->d1);
    if (it->verdict != nullptr && it->verdict->signer != nullptr) {
        verification_print_signer(it->verdict);
    } else {
        bool is_foreign = it->verdict != nullptr && it->verdict->error == NONOS_E_ED25519;
        const char *present =
            is_foreign ? "present, by nobody who is trusted" : "present, not verified";
        print_line("ed25519", it->ed25519_present ? present : "absent");
        print_line("ml-dsa-65", it->mldsa65_present ? "present, not verified" : "absent");
    }
    if (it->verdict != nullptr)
        verification_print_verdict(it->verdict);
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
    json_put_string(json, "type", command_type_name(manifest->type));
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

static void write_error(struct json_output *json, const char *key, enum nonos_error error,
                        unsigned manifest_line)
{
    if (error == NONOS_OK) {
        json_put_null(json, key);
        return;
    }
    json_begin_object(json, key);
    json_put_number(json, "code", (uint64_t)error);
    json_put_string(json, "name", error_name(error));
    json_put_string(json, "text", error_text(error));
    if (manifest_line != 0)
        json_put_number(json, "manifest_line", manifest_line);
    json_end_object(json);
}

static void write_verdict(struct json_output *json, const struct image_verdict *verdict)
{
    json_put_bool(json, "verified", verdict != nullptr && image_is_verified(verdict));
    if (verdict == nullptr)
        return;
    write_error(json, "refusal", verdict->error, verdict->manifest_line);
    if (verdict->signer == nullptr)
        return;
    json_begin_object(json, "signer");
    json_put_string(json, "name", verdict->signer->name);
    json_put_hex(json, "id", verdict->signer->id, sizeof(verdict->signer->id));
    json_put_string(json, "profile", command_profile_name(verdict->signer->profile));
    json_end_object(json);
}

void inspection_print_json(const struct inspection *it)
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
    write_verdict(&json, it->verdict);
    write_error(&json, "error", it->error, it->structure.manifest_line);
    if (it->error == NONOS_OK) {
        json_put_address(&json, "entry", it->structure.elf.entry);
        write_segments(&json, &it->structure.elf);
        write_manifest(&json, &it->structure.manifest);
    }
    json_end_object(&json);
}
