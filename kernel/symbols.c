#include "kernel/symbols.h"

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static bool read_byte(struct reader *reader, uint8_t *byte)
{
    if (reader->at == reader->end)
        return false;
    *byte = *reader->at++;
    return true;
}

static bool read_number(struct reader *reader, uint64_t *number)
{
    uint8_t byte;
    unsigned shift = 0;

    *number = 0;
    do {
        if (shift > 28 || !read_byte(reader, &byte))
            return false;
        *number |= (uint64_t)(byte & 0x7F) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    return true;
}

/* name has the name before on entry, this one on return. */
static bool read_name(struct reader *reader, char name[SYMBOLS_NAME_LEN + 1])
{
    uint8_t byte;
    size_t len;

    if (!read_byte(reader, &byte))
        return false;
    len = byte;
    do {
        if (!read_byte(reader, &byte) || len > SYMBOLS_NAME_LEN)
            return false;
        name[len] = (char)byte;
        /* What is longer than the room for it loses its end, and keeps its NUL. */
        if (byte != '\0' && len < SYMBOLS_NAME_LEN)
            len++;
    } while (byte != '\0');
    name[len] = '\0';
    return true;
}

bool symbols_find(const uint8_t *table, size_t table_len, uint64_t text_offset,
                  struct symbol *symbol)
{
    struct reader reader = {.at = table, .end = table + table_len};
    char name[SYMBOLS_NAME_LEN + 1] = {0};
    uint64_t start = 0;
    bool found = false;

    *symbol = (struct symbol){0};
    while (reader.at != reader.end) {
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
