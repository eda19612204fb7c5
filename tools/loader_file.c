#include "tools/loader_file.h"

#include "crypto/bytes.h"
#include "image/policy_record.h"
#include "tools/trust.h"

#include <stdlib.h>
#include <string.h>

#define LOADER_MAX_LEN ((size_t)4 * 1024 * 1024)

static bool head_is_valid(const struct policy_record *head)
{
    static const char magic[POLICY_RECORD_MAGIC_LEN] = POLICY_RECORD_MAGIC;
    return memcmp(head->magic, magic, sizeof(magic)) == 0 && head->floor > 0 &&
           head->allow_dev <= 1 && head->trusted_count > 0 &&
           head->trusted_count <= TRUST_MAX_COUNT && head->revoked_count <= TRUST_MAX_COUNT &&
           head->identity_len == sizeof(struct identity);
}

/* The name ends inside of its field, and nothing comes behind its end. */
static bool name_is_whole(const struct identity *identity)
{
    size_t len = strnlen(identity->name, sizeof(identity->name));
    for (size_t i = len; i < sizeof(identity->name); i++)
        if (identity->name[i] != 0)
            return false;
    return len < sizeof(identity->name);
}

static enum nonos_error check_identities(const struct identity *identities, size_t count)
{
    enum nonos_error error = NONOS_OK;
    for (size_t i = 0; i < count && error == NONOS_OK; i++)
        error = name_is_whole(&identities[i]) ? identity_check(&identities[i]) : NONOS_E_LOADER;
    return error;
}

static enum nonos_error read_record(const struct pe_section *section, struct loader_file *out)
{
    struct policy_record head;
    if (section->len < sizeof(head))
        return NONOS_E_LOADER;
    memcpy(&head, section->bytes, sizeof(head));
    if (!head_is_valid(&head))
        return NONOS_E_LOADER;
    size_t count = (size_t)head.trusted_count + head.revoked_count;
    size_t identities_len = count * sizeof(struct identity);
    if (section->len != sizeof(head) + identities_len)
        return NONOS_E_LOADER;
    out->identities = malloc(identities_len);
    if (out->identities == nullptr)
        return NONOS_E_NO_MEMORY;
    memcpy(out->identities, section->bytes + sizeof(head), identities_len);
    out->policy = (struct image_policy){
        .wanted = NONOS_IMAGE_KERNEL,
        .trusted = out->identities,
        .trusted_count = head.trusted_count,
        .revoked = out->identities + head.trusted_count,
        .revoked_count = head.revoked_count,
        .security_version_floor = head.floor,
        .allow_dev = head.allow_dev != 0,
    };
    return check_identities(out->identities, count);
}

/* The word that the loader itself goes by; it starts nothing where the policy says otherwise. */
static bool read_profile(struct loader_file *out)
{
    struct pe_section section;
    if (!pe_find_section(&out->pe, POLICY_PROFILE_SECTION, &section) ||
        section.len != sizeof(out->profile))
        return false;
    out->profile = load_le32(section.bytes);
    return out->profile == NONOS_PROFILE_DEV || out->profile == NONOS_PROFILE_RELEASE;
}

enum nonos_error loader_file_parse(const uint8_t *bytes, size_t len, struct loader_file *out)
{
    struct pe_section section;
    *out = (struct loader_file){0};
    if (!pe_read(bytes, len, &out->pe) || !read_profile(out) ||
        !pe_find_section(&out->pe, POLICY_RECORD_SECTION, &section))
        return NONOS_E_LOADER;
    enum nonos_error error = read_record(&section, out);
    if (error == NONOS_OK)
        error = identity_check_set(out->policy.trusted, out->policy.trusted_count);
    return error == NONOS_OK ? identity_check_set(out->policy.revoked, out->policy.revoked_count)
                             : error;
}

enum nonos_error loader_file_read(const char *path, struct loader_file *out)
{
    struct file_bytes file = {nullptr, 0};
    *out = (struct loader_file){0};
    enum nonos_error error = file_read(path, LOADER_MAX_LEN, &file);
    if (error == NONOS_E_SIZE)
        return NONOS_E_LOADER;
    if (error != NONOS_OK)
        return error;
    error = loader_file_parse(file.bytes, file.len, out);
    out->file = file;
    return error;
}

void loader_file_free(struct loader_file *loader)
{
    free(loader->identities);
    file_free(&loader->file);
    *loader = (struct loader_file){0};
}
