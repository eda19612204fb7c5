/* Any file as a loader's: the digest covers it but for twelve bytes and its signatures, and a
 * policy that is read out of it holds identities that are valid. */
#include "tests/fuzz/fuzz.h"

#include "tools/loader_file.h"

static void check_file(const struct pe_file *pe, uint8_t *file, size_t len, uint8_t choice)
{
    struct pcr_value before, after;
    fuzz_require(pe->bytes == file && pe->len == len && pe->hashed_len <= len);
    fuzz_require(pe->checksum_at + 4 <= pe->certificates_at);
    fuzz_require(pe->certificates_at + 8 <= pe->sections_at);
    fuzz_require(pe->sections_at + 40 * pe->section_count <= pe->hashed_len);
    authenticode_digest(pe, PCR_SHA256, &before);
    /* Anywhere: one more bit of a byte that counts, and of one that does not. */
    size_t at = (size_t)choice * len / 256;
    bool is_left_out = (at >= pe->checksum_at && at < pe->checksum_at + 4) ||
                       (at >= pe->certificates_at && at < pe->certificates_at + 8) ||
                       at >= pe->hashed_len;
    file[at] ^= 0x10;
    authenticode_digest(pe, PCR_SHA256, &after);
    file[at] ^= 0x10;
    fuzz_require(is_left_out == (memcmp(&before, &after, sizeof(before)) == 0));
}

static void check_sections(const struct pe_file *pe)
{
    static const char *const names[] = {".policy", ".profile", ".text", ""};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct pe_section section;
        bool is_found = pe_find_section(pe, names[i], &section);
        fuzz_require(is_found == (section.bytes != nullptr));
        fuzz_require(is_found == (section.len > 0));
        if (is_found)
            fuzz_require(section.bytes > pe->bytes &&
                         section.bytes + section.len <= pe->bytes + pe->hashed_len);
    }
}

static void check_policy(const struct loader_file *loader)
{
    const struct image_policy *policy = &loader->policy;
    fuzz_require(loader->profile == NONOS_PROFILE_DEV || loader->profile == NONOS_PROFILE_RELEASE);
    fuzz_require(policy->wanted == NONOS_IMAGE_KERNEL && policy->security_version_floor > 0);
    fuzz_require(policy->trusted_count > 0);
    for (size_t i = 0; i < policy->trusted_count; i++)
        fuzz_require(identity_check(&policy->trusted[i]) == NONOS_OK);
    for (size_t i = 0; i < policy->revoked_count; i++)
        fuzz_require(identity_check(&policy->revoked[i]) == NONOS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    uint8_t choice = fuzz_take8(&input);
    size_t file_len = 0;
    uint8_t *file = fuzz_take_rest(&input, &file_len);
    struct pe_file pe;
    struct loader_file loader;
    bool is_application = pe_read(file, file_len, &pe);
    if (is_application) {
        check_file(&pe, file, file_len, choice);
        check_sections(&pe);
    } else {
        fuzz_require(pe.bytes == nullptr && pe.len == 0);
    }
    if (loader_file_parse(file, file_len, &loader) == NONOS_OK) {
        fuzz_require(is_application);
        check_policy(&loader);
    }
    loader_file_free(&loader);
    free(file);
    return 0;
}
