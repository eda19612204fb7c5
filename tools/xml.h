/*
 * xml.h - text from outside inside of an XML 1.0 document.
 */
#ifndef NONOS_TOOLS_XML_H
#define NONOS_TOOLS_XML_H

#include <stddef.h>
#include <stdio.h>

/* Writes len bytes as character data or inside of a quoted attribute: the five characters with a
 * meaning as entities (XML 1.0 §4.6), every byte that is not printable ASCII as '?', since XML
 * allows few control characters in any form. Of more than max_len bytes, which is at least 3, the
 * last that are shown are "...". */
void xml_put_text(FILE *stream, const char *text, size_t len, size_t max_len);

/* The same for a NUL-terminated text. */
void xml_put_string(FILE *stream, const char *text, size_t max_len);

#endif
