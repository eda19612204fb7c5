/*
 * xml_check.h - whether a text is a well-formed XML document of the plain kind that this project
 * writes: elements, attributes in double quotes, the five entities; printable ASCII and line feeds;
 * no comments, no declarations, no CDATA (XML 1.0 §2, §3).
 */
#ifndef NONOS_TESTS_SUPPORT_XML_CHECK_H
#define NONOS_TESTS_SUPPORT_XML_CHECK_H

#include <string.h>

#define XML_CHECK_MAX_DEPTH 16u

/* The entity at text, with its length; 0 where there is none. */
static inline size_t xml_entity_len(const char *text)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
        if (strncmp(text, entities[i], strlen(entities[i])) == 0)
            return strlen(entities[i]);
    return 0;
}

static inline size_t xml_name_len(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
}

/* Up to one of the characters in end; null where something stands there that may not. */
static inline const char *xml_skip_text(const char *text, const char *end)
{
    while (*text != 0 && strchr(end, *text) == nullptr) {
        size_t len = *text == '&' ? xml_entity_len(text) : 1;
        bool is_allowed = *text == '\n' || (*text >= 0x20 && *text <= 0x7E);
        if (len == 0 || !is_allowed || *text == '<')
            return nullptr;
        text += len;
    }
    return text;
}

/* Behind the attributes of a start tag, each once: at its '>' or '/'. */
static inline const char *xml_skip_attributes(const char *text)
{
    const char *first = text;
    while (*text == ' ') {
        size_t len = xml_name_len(++text);
        if (len == 0 || text[len] != '=' || text[len + 1] != '"')
            return nullptr;
        for (const char *other = first; other < text; other++)
            if (other[0] == ' ' && strncmp(other + 1, text, len + 2) == 0 && other + 1 != text)
                return nullptr;
        text = xml_skip_text(text + len + 2, "\"");
        if (text == nullptr || *text != '"')
            return nullptr;
        text++;
    }
    return text;
}

struct xml_element {
    const char *name;
    size_t len;
};

/* Whether the NUL-terminated text is one element, whole, and a line feed. */
static inline bool xml_is_well_formed(const char *text)
{
    struct xml_element open[XML_CHECK_MAX_DEPTH];
    unsigned depth = 0;
    do {
        if (*text != '<')
            return false;
        bool closes = text[1] == '/';
        text += closes ? 2 : 1;
        struct xml_element element = {text, xml_name_len(text)};
        text += element.len;
        if (element.len == 0 || depth == XML_CHECK_MAX_DEPTH)
            return false;
        if (closes) {
            if (depth == 0 || *text != '>' || open[depth - 1].len != element.len ||
                memcmp(open[depth - 1].name, element.name, element.len) != 0)
                return false;
            depth--;
        } else {
            text = xml_skip_attributes(text);
            if (text == nullptr)
                return false;
            if (*text == '/')
                text++;
            else
                open[depth++] = element;
        }
        if (*text++ != '>')
            return false;
        text = xml_skip_text(text, "<");
        if (text == nullptr)
            return false;
    } while (depth > 0);
    return *text == 0;
}

#endif
