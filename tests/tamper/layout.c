#include "tests/tamper/layout.h"

#include "crypto/bytes.h"
#include "tests/tamper/campaign.h"
#include "tests/tamper/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum rule_index {
#define RULE(id, name, effect, why, ...) RULE_##id,
#include "tests/tamper/layout.def"
#undef RULE
};

const struct rule layout_rules[] = {
#define RULE(id, name, effect, why, ...) {name, EFFECT_##effect, why, {__VA_ARGS__}},
#include "tests/tamper/layout.def"
#undef RULE
};
const size_t layout_rule_count = sizeof(layout_rules) / sizeof(layout_rules[0]);

/* A field of a header: its length, and its rule. */
struct part {
    size_t len;
    enum rule_index rule;
};

static const struct part elf_header[] = {
    {4, RULE_MAGIC},   {1, RULE_CLASS},         {1, RULE_BYTE_ORDER}, {1, RULE_IDENT_VERSION},
    {2, RULE_ABI},     {7, RULE_IDENT_PADDING}, {2, RULE_TYPE},       {2, RULE_MACHINE},
    {4, RULE_VERSION}, {8, RULE_ENTRY},         {8, RULE_PHOFF},      {8, RULE_SHOFF},
    {4, RULE_FLAGS},   {4, RULE_HEADER_SIZES},  {2, RULE_PHNUM},      {2, RULE_SECTION_HEADER},
    {2, RULE_SHNUM},   {2, RULE_SHSTRNDX},
};
static const struct part load_header[] = {
    {4, RULE_P_TYPE},  {4, RULE_P_FLAGS},  {8, RULE_P_OFFSET}, {8, RULE_P_VADDR},
    {8, RULE_P_PADDR}, {8, RULE_P_FILESZ}, {8, RULE_P_MEMSZ},  {8, RULE_P_ALIGN},
};
static const struct part note_header[] = {{4, RULE_P_TYPE}, {52, RULE_NOTE_HEADER}};
static const struct part stack_header[] = {
    {4, RULE_P_TYPE}, {4, RULE_STACK_FLAGS}, {48, RULE_STACK_REST}};
static const struct part null_section[] = {{64, RULE_NULL_SECTION}};
static const struct part allocated_section[] = {
    {4, RULE_S_NAME}, {4, RULE_S_TYPE},      {8, RULE_S_FLAGS},
    {8, RULE_S_ADDR}, {8, RULE_S_OFFSET},    {8, RULE_S_SIZE},
    {8, RULE_S_LINK}, {8, RULE_S_ALIGNMENT}, {8, RULE_S_ENTSIZE}};
static const struct part manifest_section[] = {{4, RULE_M_NAME},      {12, RULE_M_TYPE},
                                               {24, RULE_M_RANGE},    {8, RULE_S_LINK},
                                               {8, RULE_S_ALIGNMENT}, {8, RULE_S_ENTSIZE}};
static const struct part signature_section[] = {{4, RULE_SIG_NAME},
                                                {36, RULE_SIG_REST},
                                                {8, RULE_S_LINK},
                                                {8, RULE_SIG_REST},
                                                {8, RULE_S_ENTSIZE}};
static const struct part names_section[] = {{4, RULE_NAMES_NAME},   {20, RULE_NAMES_TYPE},
                                            {16, RULE_NAMES_RANGE}, {8, RULE_S_LINK},
                                            {8, RULE_NAMES_TYPE},   {8, RULE_S_ENTSIZE}};

static struct field fields[2000];
static size_t field_count;

static void add(size_t offset, size_t len, enum rule_index rule)
{
    if (len == 0)
        return;
    campaign_require(field_count < sizeof(fields) / sizeof(fields[0]));
    fields[field_count++] = (struct field){offset, len, &layout_rules[rule]};
}

#define ADD_PARTS(offset, parts) add_parts(offset, parts, sizeof(parts) / sizeof((parts)[0]))

static size_t add_parts(size_t offset, const struct part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(offset, parts[i].len, parts[i].rule);
        offset += parts[i].len;
    }
    return offset;
}

static size_t add_headers(void)
{
    size_t at = ADD_PARTS(0, elf_header);
    for (unsigned i = 0; i < subject.original[56]; i++) {
        uint32_t type = load_le32(subject.original + at);
        if (type == 1)
            at = ADD_PARTS(at, load_header);
        else if (type == 4)
            at = ADD_PARTS(at, note_header);
        else
            at = ADD_PARTS(at, stack_header);
    }
    return at;
}

static bool key_is(const char *line, const char *key)
{
    return strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == '=';
}

static enum rule_index value_rule(const char *line)
{
    static const struct {
        const char *key;
        enum rule_index rule;
    } values[] = {
        {"name", RULE_VALUE_WORD},
        {"version", RULE_VALUE_WORD},
        {"epoch", RULE_VALUE_NUMBER},
        {"source", RULE_VALUE_DIGEST},
        {"commit", RULE_VALUE_DIGEST},
        {"bundle", RULE_VALUE_DIGEST},
        {"sbom", RULE_VALUE_DIGEST},
        {"compiler", RULE_VALUE_PRINT},
        {"pqc", RULE_VALUE_PRINT},
        {"target", RULE_VALUE_TARGET},
        {"security-version", RULE_VALUE_FLOOR},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (key_is(line, values[i].key))
            return values[i].rule;
    return RULE_VALUE_CHOICE;
}

/* Each line in three: key, "=", value; the LF with the next line's key. */
static void add_manifest(void)
{
    size_t at = (size_t)subject.elf.manifest_offset;
    size_t end = at + (size_t)subject.elf.manifest_len - 2; /* the last LF and the NUL */
    const char *text = (const char *)subject.original;
    const char *line_end = memchr(text + at, '\n', end - at);
    campaign_require(line_end != nullptr);
    size_t first_end = (size_t)(line_end - text);
    add(at, first_end - at, RULE_MANIFEST_HEADER);
    for (at = first_end; at < end;) {
        const char *line = text + at + 1;
        size_t equals = (size_t)((const char *)memchr(line, '=', end - at) - text);
        line_end = memchr(line, '\n', end - at);
        size_t value_end = line_end != nullptr ? (size_t)(line_end - text) : end;
        add(at, 1, RULE_LINE_FEED);
        add(at + 1, equals + 1 - (at + 1), RULE_KEY);
        add(equals + 1, value_end - (equals + 1), value_rule(line));
        at = value_end;
    }
    add(end, 2, RULE_MANIFEST_END);
}

/* The bytes of PT_NOTE: sizes and padding bind, type and words are contents. */
static void add_notes(void)
{
    for (unsigned i = 0; i < subject.original[56]; i++) {
        const uint8_t *header = subject.original + 64 + 56 * i;
        if (load_le32(header) != 4)
            continue;
        size_t at = (size_t)load_le64(header + 8), end = at + (size_t)load_le64(header + 32);
        while (at < end) {
            add(at, 8, RULE_NOTE_SIZES);
            size_t body = (load_le32(subject.original + at) + 3u) / 4 * 4 +
                          (load_le32(subject.original + at + 4) + 3u) / 4 * 4;
            at += 12 + body;
        }
    }
}

static void add_padding(size_t headers_end, size_t names, size_t names_end, size_t table)
{
    size_t end = headers_end;
    for (unsigned i = 0; i < subject.elf.segment_count; i++) {
        const struct image_segment *segment = &subject.elf.segments[i];
        if (segment->file_len == 0)
            continue;
        add(end, (size_t)segment->offset - end, RULE_PADDING);
        end = (size_t)(segment->offset + segment->file_len);
    }
    add(end, names - end, RULE_PADDING);
    add(names_end, table - names_end, RULE_PADDING);
}

static void add_section(const uint8_t *header, size_t at, const char *name)
{
    static const uint8_t null_header[64];
    if (memcmp(header, null_header, sizeof(null_header)) == 0)
        ADD_PARTS(at, null_section);
    else if (strcmp(name, ".nonos.sig") == 0 || strcmp(name, ".nonos.pqsig") == 0)
        ADD_PARTS(at, signature_section);
    else if (strcmp(name, ".nonos.manifest") == 0)
        ADD_PARTS(at, manifest_section);
    else if (strcmp(name, ".shstrtab") == 0)
        ADD_PARTS(at, names_section);
    else
        ADD_PARTS(at, allocated_section);
}

static void add_sections(size_t table, size_t names)
{
    for (size_t at = table; at < subject.body_len; at += 64) {
        const uint8_t *header = subject.original + at;
        add_section(header, at, (const char *)subject.original + names + load_le32(header));
    }
}

/* The names that have a meaning, and the rest. */
static void add_names(size_t names, size_t len)
{
    const char *text = (const char *)subject.original + names;
    add(names, 1, RULE_NAMES_START);
    for (size_t at = 1; at < len;) {
        size_t name_len = strlen(text + at);
        bool has_meaning =
            strncmp(text + at, ".nonos.", 7) == 0 || strcmp(text + at, ".shstrtab") == 0;
        add(names + at, name_len, has_meaning ? RULE_NAME_OURS : RULE_NAME_OTHER);
        at += name_len + 1;
        add(names + at - 1, 1, at == len ? RULE_NAMES_END : RULE_NAME_END);
    }
}

static int compare(const void *a, const void *b)
{
    const struct field *left = a, *right = b;
    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

const struct field *layout_list(size_t *count, size_t *contents_len)
{
    const uint8_t *file = subject.original;
    size_t table = (size_t)load_le64(file + 40);
    const uint8_t *names_header = file + table + 64 * (size_t)(file[62] | file[63] << 8);
    size_t names = (size_t)load_le64(names_header + 24);
    size_t names_len = (size_t)load_le64(names_header + 32);
    field_count = 0;
    size_t headers_end = add_headers();
    add_manifest();
    add_notes();
    add_padding(headers_end, names, names + names_len, table);
    add_names(names, names_len);
    add_sections(table, names);
    qsort(fields, field_count, sizeof(*fields), compare);
    size_t end = 0, covered = 0;
    for (size_t i = 0; i < field_count; i++) {
        campaign_require(fields[i].offset >= end);
        end = fields[i].offset + fields[i].len;
        covered += fields[i].len;
    }
    campaign_require(end == subject.body_len);
    *contents_len = subject.body_len - covered;
    *count = field_count;
    return fields;
}
