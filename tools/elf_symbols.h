/*
 * elf_symbols.h - which function or object of a linked ELF file an address belongs to (System V
 * gABI, chapter 4, "Symbol Table").
 */
#ifndef NONOS_TOOLS_ELF_SYMBOLS_H
#define NONOS_TOOLS_ELF_SYMBOLS_H

#include "abi/error.h"

#include <stddef.h>
#include <stdint.h>

/* The symbols of a file; points into its bytes. */
struct elf_symbols {
    const uint8_t *entries;
    size_t count;
    const char *names;
    size_t names_len;
};

struct elf_symbol {
    const char *name; /* in the file, name_len bytes of any value, at least one */
    size_t name_len;
    uint64_t offset; /* of the address, from the symbol's */
    bool is_inside;  /* the symbol is that long; false: it ends before, or has no length */
};

/* Finds the table of a little-endian ELF64 file. NONOS_E_ELF_MAGIC, NONOS_E_ELF_CLASS,
 * NONOS_E_ELF_BYTE_ORDER, NONOS_E_SECTION_TABLE (there is none, or it is not inside the file);
 * *out is empty on failure. */
[[nodiscard]] enum nonos_error elf_symbols_open(const uint8_t *elf, size_t len,
                                                struct elf_symbols *out);

/* The symbol that the address is in, the innermost; else the last one before it. False where there
 * is none. Files, sections and what has no section are not meant. */
[[nodiscard]] bool elf_symbols_find(const struct elf_symbols *symbols, uint64_t address,
                                    struct elf_symbol *out);

#endif
