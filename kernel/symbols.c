#include "kernel/symbols.h"

#define UNIT_BITS 5u
#define UNIT_MORE 16u /* of a number */
#define UNIT_UNDERSCORE 27u
#define UNIT_CAPITAL 28u
#define UNIT_DIGIT 29u

struct reader {
    const uint8_t *table;
    size_t bit;
    size_t end; /* in bits */
};

static bool read_unit(struct reader *reader, unsigned *unit)
{
    *unit = 0;
    if (reader->end - reader->bit < UNIT_BITS)
        return false;
    for (unsigned i = 0; i < UNIT_BITS; i++, reader->bit++)
        *unit = *unit << 1 | (reader->table[reader->bit / 8] >> (7 - reader->bit % 8) & 1);
    return true;
}

static bool read_number(struct reader *reader, uint64_t *number)
{
    unsigned unit;
    unsigned shift = 0;

    *number = 0;
    do {
        if (shift > 28 || !read_unit(reader, &unit))
            return false;
        *number |= (uint64_t)(unit % UNIT_MORE) << shift;
        shift += 4;
    } while (unit >= UNIT_MORE);
    return true;
}

/* The next letter, 0 at the end of a name. */
static bool read_letter(struct reader *reader, char *letter)
{
    unsigned unit;
    unsigned base = 'a' - 1;

    if (!read_unit(reader, &unit))
        return false;
    if (unit == UNIT_CAPITAL || unit == UNIT_DIGIT) {
        base = unit == UNIT_CAPITAL ? 'A' : '0';
        if (!read_unit(reader, &unit))
            return false;
    } else if (unit == 0) {
        base = 0;
    } else if (unit == UNIT_UNDERSCORE) {
        base = '_' - UNIT_UNDERSCORE;
    }
    *letter = (char)(base + unit);
    return true;
}

/* name has the name before on entry, this one on return. */
static bool read_name(struct reader *reader, char name[SYMBOLS_NAME_LEN + 1])
{
    uint64_t len;
    char letter;

    if (!read_number(reader, &len))
        return false;
    do {
        if (!read_letter(reader, &letter) || len > SYMBOLS_NAME_LEN)
            return false;
        name[len] = letter;
        /* What is longer than the room for it loses its end, and keeps its NUL. */
        if (letter != '\0' && len < SYMBOLS_NAME_LEN)
            len++;
    } while (letter != '\0');
    name[len] = '\0';
    return true;
}

bool symbols_find(const uint8_t *table, size_t table_len, uint64_t text_offset,
                  struct symbol *symbol)
{
    struct reader reader = {.table = table, .end = table_len * 8};
    char name[SYMBOLS_NAME_LEN + 1] = {0};
    uint64_t start = 0;
    bool found = false;

    *symbol = (struct symbol){0};
    /* The last byte is filled up with zeros: less than two units. */
    while (reader.end - reader.bit >= 8) {
        uint64_t step;

        if (!read_number(&reader, &step) || !read_name(&reader, name)) {
            *symbol = (struct symbol){0};
            return false;
        }
        start += step;
        if (start > text_offset)
            break;
        for (size_t i = 0; i < sizeof name; i++)
            symbol->name[i] = name[i];
        symbol->offset = text_offset - start;
        found = true;
    }
    return found;
}
