/*
 * symbols.h - from an address to the function it is in.
 *
 * The table is made by scripts/symbols out of the first link and carried by the second. For each
 * function, in ascending order: how far its start is from the one before (the first: from
 * kernel_text_start); how many letters its name shares with the one before; the rest of the name;
 * an end. All of it in units of 5 bits, from the top bit of the first byte down. A number has 4
 * bits in each unit, least significant first, and the top bit on all units but the last. A letter
 * is a unit: 1 to 26 are a to z, 27 is an underscore, 0 is the end; behind 28 comes the place of a
 * capital letter in the alphabet, behind 29 a digit.
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
