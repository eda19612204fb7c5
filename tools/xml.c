#include "tools/xml.h"

#include <string.h>

static void put_character(FILE *stream, char c)
{
    switch (c) {
    case '&':
        fputs("&amp;", stream);
        break;
    case '<':
        fputs("&lt;", stream);
        break;
    case '>':
        fputs("&gt;", stream);
        break;
    case '"':
        fputs("&quot;", stream);
        break;
    case '\'':
        fputs("&apos;", stream);
        break;
    default:
        fputc(c >= 0x20 && c <= 0x7E ? c : '?', stream);
    }
}

void xml_put_text(FILE *stream, const char *text, size_t len, size_t max_len)
{
    size_t shown_len = len <= max_len ? len : max_len - 3;
    for (size_t i = 0; i < shown_len; i++)
        put_character(stream, text[i]);
    if (shown_len < len)
        fputs("...", stream);
}

void xml_put_string(FILE *stream, const char *text, size_t max_len)
{
    xml_put_text(stream, text, strlen(text), max_len);
}
