#include "tools/authenticode.h"

#include "crypto/bytes.h"

#include <string.h>

/* Offsets of PE/COFF: DOS header, file header, optional header (PE32+), section header. */
#define DOS_HEADER_LEN 64u
#define DOS_PE_AT 60u
#define PE_SIGNATURE_LEN 4u
#define FILE_HEADER_LEN 20u
#define FILE_SECTION_COUNT 2u
#define FILE_OPTIONAL_LEN 16u
#define OPTIONAL_FIXED_LEN 112u
#define OPTIONAL_HEADERS_LEN 60u
#define OPTIONAL_CHECKSUM 64u
#define OPTIONAL_SUBSYSTEM 68u
#define OPTIONAL_DIRECTORY_COUNT 108u
#define DIRECTORY_LEN 8u
#define CERTIFICATES_INDEX 4u
#define MAX_DIRECTORIES 16u
#define SECTION_HEADER_LEN 40u
#define SECTION_NAME_LEN 8u
#define SECTION_MEMORY_LEN 8u
#define SECTION_FILE_LEN 16u
#define SECTION_FILE_AT 20u
#define MAX_SECTIONS 96u

#define MACHINE_X86_64 0x8664u
#define MAGIC_PE32_PLUS 0x20Bu
#define SUBSYSTEM_EFI_APPLICATION 10u
#define CERTIFICATE_ALIGNMENT 8u

static uint32_t load_le16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

/* Whether len bytes at `at` are inside of the file. */
static bool is_inside(const struct pe_file *pe, size_t at, size_t len)
{
    return at <= pe->len && len <= pe->len - at;
}

/* Finds the optional header: its place and length. */
static bool find_headers(struct pe_file *pe, size_t *optional_at, size_t *optional_len)
{
    if (!is_inside(pe, 0, DOS_HEADER_LEN) || memcmp(pe->bytes, "MZ", 2) != 0)
        return false;
    size_t at = load_le32(pe->bytes + DOS_PE_AT);
    if (at < DOS_HEADER_LEN || !is_inside(pe, at, PE_SIGNATURE_LEN + FILE_HEADER_LEN) ||
        memcmp(pe->bytes + at, "PE\0", PE_SIGNATURE_LEN) != 0)
        return false;
    const uint8_t *header = pe->bytes + at + PE_SIGNATURE_LEN;
    *optional_at = at + PE_SIGNATURE_LEN + FILE_HEADER_LEN;
    *optional_len = load_le16(header + FILE_OPTIONAL_LEN);
    pe->section_count = load_le16(header + FILE_SECTION_COUNT);
    pe->sections_at = *optional_at + *optional_len;
    return load_le16(header) == MACHINE_X86_64 && pe->section_count > 0 &&
           pe->section_count <= MAX_SECTIONS &&
           is_inside(pe, *optional_at, *optional_len + pe->section_count * SECTION_HEADER_LEN);
}

static bool read_optional(struct pe_file *pe, size_t at, size_t len)
{
    if (len < OPTIONAL_FIXED_LEN)
        return false;
    const uint8_t *header = pe->bytes + at;
    uint32_t directory_count = load_le32(header + OPTIONAL_DIRECTORY_COUNT);
    if (directory_count <= CERTIFICATES_INDEX || directory_count > MAX_DIRECTORIES ||
        len != OPTIONAL_FIXED_LEN + (size_t)directory_count * DIRECTORY_LEN)
        return false;
    pe->checksum_at = at + OPTIONAL_CHECKSUM;
    pe->certificates_at = at + OPTIONAL_FIXED_LEN + (size_t)CERTIFICATES_INDEX * DIRECTORY_LEN;
    return load_le16(header) == MAGIC_PE32_PLUS &&
           load_le16(header + OPTIONAL_SUBSYSTEM) == SUBSYSTEM_EFI_APPLICATION;
}

static const uint8_t *section_header(const struct pe_file *pe, size_t index)
{
    return pe->bytes + pe->sections_at + index * SECTION_HEADER_LEN;
}

/* Each section's bytes begin where those before it end; *end is behind the last. */
static bool follow_sections(const struct pe_file *pe, size_t headers_len, size_t *end)
{
    *end = headers_len;
    if (headers_len > pe->len ||
        headers_len < pe->sections_at + pe->section_count * SECTION_HEADER_LEN)
        return false;
    for (size_t i = 0; i < pe->section_count; i++) {
        const uint8_t *header = section_header(pe, i);
        size_t len = load_le32(header + SECTION_FILE_LEN);
        if (len == 0)
            continue;
        if (load_le32(header + SECTION_FILE_AT) != *end || !is_inside(pe, *end, len))
            return false;
        *end += len;
    }
    return true;
}

/* Signatures are all that may stand behind the sections, up to the end of the file. */
static bool find_end(struct pe_file *pe, size_t sections_end)
{
    const uint8_t *entry = pe->bytes + pe->certificates_at;
    size_t at = load_le32(entry);
    size_t len = load_le32(entry + 4);
    if (at == 0 && len == 0) {
        pe->hashed_len = pe->len;
        return sections_end == pe->len;
    }
    pe->hashed_len = at;
    return len > 0 && at % CERTIFICATE_ALIGNMENT == 0 && at >= sections_end &&
           at - sections_end < CERTIFICATE_ALIGNMENT && at <= pe->len && len == pe->len - at;
}

bool pe_read(const uint8_t *bytes, size_t len, struct pe_file *pe)
{
    size_t optional_at = 0, optional_len = 0, end = 0;
    *pe = (struct pe_file){.bytes = bytes, .len = len};
    if (find_headers(pe, &optional_at, &optional_len) &&
        read_optional(pe, optional_at, optional_len) &&
        follow_sections(pe, load_le32(bytes + optional_at + OPTIONAL_HEADERS_LEN), &end) &&
        find_end(pe, end))
        return true;
    *pe = (struct pe_file){0};
    return false;
}

bool pe_find_section(const struct pe_file *pe, const char *name, struct pe_section *out)
{
    char padded[SECTION_NAME_LEN + 1] = {0};
    size_t found = 0;
    *out = (struct pe_section){0};
    memcpy(padded, name, strnlen(name, SECTION_NAME_LEN));
    for (size_t i = 0; i < pe->section_count; i++) {
        const uint8_t *header = section_header(pe, i);
        if (memcmp(header, padded, SECTION_NAME_LEN) != 0)
            continue;
        size_t len = load_le32(header + SECTION_MEMORY_LEN);
        bool is_whole = len > 0 && len <= load_le32(header + SECTION_FILE_LEN);
        if (!is_whole || found > 0) {
            *out = (struct pe_section){0};
            return false;
        }
        *out = (struct pe_section){pe->bytes + load_le32(header + SECTION_FILE_AT), len};
        found++;
    }
    return found == 1;
}

void authenticode_digest(const struct pe_file *pe, enum pcr_bank bank, struct pcr_value *out)
{
    struct pcr_hash hash;
    size_t after_checksum = pe->checksum_at + 4;
    size_t after_entry = pe->certificates_at + DIRECTORY_LEN;
    pcr_hash_init(&hash, bank);
    pcr_hash_update(&hash, pe->bytes, pe->checksum_at);
    pcr_hash_update(&hash, pe->bytes + after_checksum, pe->certificates_at - after_checksum);
    pcr_hash_update(&hash, pe->bytes + after_entry, pe->hashed_len - after_entry);
    pcr_hash_final(&hash, out);
}
