#include "image/elf.h"

#include "image/elf_internal.h"

#include <string.h>

#define ELF_TYPE_EXEC 2u
#define ELF_MACHINE_X86_64 62u

static enum nonos_error parse_ident(const uint8_t *bytes)
{
    static const uint8_t magic[4] = {0x7F, 'E', 'L', 'F'};
    if (memcmp(bytes, magic, sizeof(magic)) != 0)
        return NONOS_E_ELF_MAGIC;
    if (bytes[4] != 2)
        return NONOS_E_ELF_CLASS;
    if (bytes[5] != 1)
        return NONOS_E_ELF_BYTE_ORDER;
    if (bytes[6] != 1)
        return NONOS_E_ELF_VERSION;
    if (bytes[7] != 0 || bytes[8] != 0)
        return NONOS_E_ELF_ABI;
    return bytes_are_zero(bytes + 9, 7) ? NONOS_OK : NONOS_E_PADDING;
}

static enum nonos_error parse_header(struct elf_file *file, struct image_elf *out)
{
    const uint8_t *header = file->bytes;
    enum nonos_error error = parse_ident(header);
    if (error != NONOS_OK)
        return error;
    if (load_le16(header + 16) != ELF_TYPE_EXEC)
        return NONOS_E_ELF_TYPE;
    if (load_le16(header + 18) != ELF_MACHINE_X86_64)
        return NONOS_E_ELF_MACHINE;
    if (load_le32(header + 20) != 1)
        return NONOS_E_ELF_VERSION;
    if (load_le32(header + 48) != 0)
        return NONOS_E_ELF_FLAGS;
    if (load_le16(header + 52) != ELF_HEADER_LEN ||
        load_le16(header + 54) != ELF_PROGRAM_HEADER_LEN ||
        load_le16(header + 58) != ELF_SECTION_HEADER_LEN)
        return NONOS_E_ELF_HEADER_SIZE;

    out->entry = load_le64(header + 24);
    file->program_count = load_le16(header + 56);
    file->headers_len = ELF_HEADER_LEN + file->program_count * ELF_PROGRAM_HEADER_LEN;
    if (load_le64(header + 32) != ELF_HEADER_LEN ||
        file->program_count > IMAGE_MAX_PROGRAM_HEADERS ||
        !range_is_inside(0, file->headers_len, 0, file->body_len))
        return NONOS_E_PROGRAM_TABLE;

    file->section_table_offset = load_le64(header + 40);
    file->section_count = load_le16(header + 60);
    file->name_section = load_le16(header + 62);
    return NONOS_OK;
}

static enum nonos_error parse_file(struct elf_file *file, struct image_elf *out)
{
    /* A bundle's body is not ELF, and this version of the format does not define it. */
    if (file->wanted != NONOS_IMAGE_KERNEL && file->wanted != NONOS_IMAGE_CAPSULE)
        return NONOS_E_BUNDLE;
    enum nonos_error error = parse_header(file, out);
    if (error == NONOS_OK)
        error = elf_parse_segments(file, out);
    if (error == NONOS_OK)
        error = elf_parse_sections(file, out);
    return error;
}

enum nonos_error image_parse_elf(const uint8_t *bytes, size_t len, enum nonos_image_type wanted,
                                 struct image_elf *out)
{
    memset(out, 0, sizeof(*out));
    if (len < NONOS_IMAGE_MIN_LEN)
        return NONOS_E_IMAGE_SHORT;
    if (len > NONOS_IMAGE_MAX_LEN)
        return NONOS_E_IMAGE_LONG;
    struct elf_file file = {
        .bytes = bytes, .len = len, .body_len = len - NONOS_TRAILER_LEN, .wanted = wanted};
    enum nonos_error error = parse_file(&file, out);
    if (error != NONOS_OK)
        memset(out, 0, sizeof(*out));
    return error;
}
