/*
 * symbols.h - from an address to the function it is in.
 *
 * The table is made by scripts/symbols out of the first link and carried by the second. For each
 * function, in ascending order: how far its start is from the one before (the first: from
 * kernel_text_start), 7 bits a byte, least significant first, top bit set on all bytes but the
 * last; one byte that says how many bytes its name shares with the one before; the rest of the
 * name; a NUL.
 */
#ifndef NONOS_KERNEL_SYMBOLS_H
#define NONOS_KERNEL_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#define SYMBOLS_NAME_LEN 64u /* longer names are cut off */

struct symbol {
    char name[SYMBOLS_NAME_LEN + 1];
    uint64_t offset; /* from the start of the function */
};

/* Finds the function that the byte at text_offset (from kernel_text_start) belongs to. False, and
 * an empty name, when there is none before it or the table is malformed. */
[[nodiscard]] bool symbols_find(const uint8_t *table, size_t table_len, uint64_t text_offset,
                                struct symbol *symbol);

#endif
