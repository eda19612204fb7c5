#include "tools/elf_symbols.h"

#include "image/elf_internal.h"
#include "image/text.h"

#include <string.h>

#define SHT_SYMTAB 2u
#define SYMBOL_LEN 24u
#define SHN_LORESERVE 0xFF00u
#define STT_FUNC 2u /* after NOTYPE and OBJECT; what follows are sections and files */

/* Entry index of the section header table, where it is inside the file and so are its bytes. */
static const uint8_t *find_section(const uint8_t *elf, size_t len, uint32_t index)
{
    uint64_t table = load_le64(elf + 40);
    if (index >= load_le16(elf + 60) ||
        !range_is_inside(table, (uint64_t)load_le16(elf + 60) * ELF_SECTION_HEADER_LEN, 0, len))
        return nullptr;
    const uint8_t *header = elf + table + (size_t)index * ELF_SECTION_HEADER_LEN;
    return range_is_inside(load_le64(header + 24), load_le64(header + 32), 0, len) ? header
                                                                                   : nullptr;
}

static bool read_table(const uint8_t *elf, size_t len, const uint8_t *header,
                       struct elf_symbols *out)
{
    const uint8_t *names = find_section(elf, len, load_le32(header + 40));
    if (names == nullptr || load_le32(names + 4) != ELF_SHT_STRTAB ||
        load_le64(header + 56) != SYMBOL_LEN)
        return false;
    *out = (struct elf_symbols){
        .entries = elf + load_le64(header + 24),
        .count = (size_t)(load_le64(header + 32) / SYMBOL_LEN),
        .names = (const char *)elf + load_le64(names + 24),
        .names_len = (size_t)load_le64(names + 32),
    };
    return true;
}

enum nonos_error elf_symbols_open(const uint8_t *elf, size_t len, struct elf_symbols *out)
{
    *out = (struct elf_symbols){0};
    if (len < ELF_HEADER_LEN || memcmp(elf, "\177ELF", 4) != 0)
        return NONOS_E_ELF_MAGIC;
    if (elf[4] != 2)
        return NONOS_E_ELF_CLASS;
    if (elf[5] != 1)
        return NONOS_E_ELF_BYTE_ORDER;
    if (load_le16(elf + 58) != ELF_SECTION_HEADER_LEN)
        return NONOS_E_SECTION_TABLE;
    for (uint32_t i = 0; i < load_le16(elf + 60); i++) {
        const uint8_t *header = find_section(elf, len, i);
        if (header != nullptr && load_le32(header + 4) == SHT_SYMTAB)
            return read_table(elf, len, header, out) ? NONOS_OK : NONOS_E_SECTION_TABLE;
    }
    return NONOS_E_SECTION_TABLE;
}

/* False where the entry is not of a function, an object or a label with a name. */
static bool read_symbol(const struct elf_symbols *symbols, const uint8_t *entry,
                        struct elf_symbol *out)
{
    uint32_t name = load_le32(entry), section = load_le16(entry + 6);
    if ((entry[4] & 15u) > STT_FUNC || section == 0 || section >= SHN_LORESERVE ||
        name >= symbols->names_len)
        return false;
    out->name = symbols->names + name;
    out->name_len = text_find(out->name, symbols->names_len - name, 0);
    return out->name_len > 0 && out->name_len < symbols->names_len - name;
}

bool elf_symbols_find(const struct elf_symbols *symbols, uint64_t address, struct elf_symbol *out)
{
    bool found = false;
    *out = (struct elf_symbol){0};
    for (size_t i = 0; i < symbols->count; i++) {
        const uint8_t *entry = symbols->entries + i * SYMBOL_LEN;
        uint64_t value = load_le64(entry + 8);
        struct elf_symbol symbol = {.offset = address - value};
        if (value > address || !read_symbol(symbols, entry, &symbol))
            continue;
        symbol.is_inside = symbol.offset < load_le64(entry + 16);
        bool is_better =
            symbol.is_inside != out->is_inside ? symbol.is_inside : symbol.offset < out->offset;
        if (!found || is_better)
            *out = symbol;
        found = true;
    }
    return found;
}
