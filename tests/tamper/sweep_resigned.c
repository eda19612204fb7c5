#include "tests/tamper/campaign.h"
#include "tests/tamper/layout.h"
#include "tests/tamper/subject.h"
#include "tests/tamper/sweeps.h"

#include "image/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* One byte that is not contents, and the bits of it that change. */
struct change {
    size_t at;
    const struct rule *rule;
    uint8_t mask;
};

struct changes {
    struct change *list;
    size_t count;
};

static struct changes values; /* every value, of padding every bit */
static struct changes bits;   /* every bit, of padding one */

/* By rule, shared between the processes: what was tried, what was accepted. */
static struct count {
    _Atomic uint64_t tried;
    _Atomic uint64_t accepted;
    _Atomic uint64_t by_code[CAMPAIGN_CODES];
} *counts;

static void add_change(struct changes *changes, size_t at, const struct rule *rule, uint8_t mask)
{
    changes->list[changes->count++] = (struct change){at, rule, mask};
}

/* Padding is long, and one byte of it like the next. */
static void add_byte(size_t at, const struct rule *rule)
{
    bool is_padding = rule->codes[0] == NONOS_E_PADDING && rule->codes[1] == NONOS_OK;
    if (is_padding)
        add_change(&bits, at, rule, (uint8_t)(1u << at % 8));
    for (unsigned mask = 1; mask < 256; mask++) {
        bool is_bit = (mask & (mask - 1)) == 0;
        if (is_bit || !is_padding)
            add_change(&values, at, rule, (uint8_t)mask);
        if (is_bit && !is_padding)
            add_change(&bits, at, rule, (uint8_t)mask);
    }
}

static void list_changes(void)
{
    size_t field_count, contents_len;
    const struct field *fields = layout_list(&field_count, &contents_len);
    size_t byte_count = subject.body_len - contents_len;
    values.list = calloc(255 * byte_count, sizeof(*values.list));
    bits.list = calloc(8 * byte_count, sizeof(*bits.list));
    campaign_require(values.list != nullptr && bits.list != nullptr);
    for (size_t i = 0; i < field_count; i++)
        for (size_t at = 0; at < fields[i].len; at++)
            add_byte(fields[i].offset + at, fields[i].rule);
    printf("signed again: %zu bytes of headers, names, manifest and padding; %zu are contents\n",
           byte_count, contents_len);
    counts = mmap(nullptr, layout_rule_count * sizeof(*counts), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    campaign_require(counts != MAP_FAILED);
}

static bool is_expected_code(const struct rule *rule, enum nonos_error code)
{
    for (size_t i = 0; i < LAYOUT_MAX_CODES && rule->codes[i] != NONOS_OK; i++)
        if (rule->codes[i] == code)
            return true;
    return false;
}

static bool is_in_code(const struct image_elf *elf, uint64_t address)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct image_segment *segment = &elf->segments[i];
        if (segment->flags == (IMAGE_SEGMENT_R | IMAGE_SEGMENT_X) && address >= segment->vaddr &&
            address - segment->vaddr < segment->file_len)
            return true;
    }
    return false;
}

/* Every segment from the same bytes at the same place as the original's; and, unless sizes may
 * differ, with as much memory. Else with no more than up to the next, and no less than its bytes.
 */
static bool has_same_segments(const struct image_elf *elf, bool sizes_differ)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct image_segment *a = &elf->segments[i], *b = &subject.elf.segments[i];
        if (a->offset != b->offset || a->file_len != b->file_len || a->vaddr != b->vaddr ||
            a->paddr != b->paddr || a->flags != b->flags)
            return false;
        if (!sizes_differ && a->mem_len != b->mem_len)
            return false;
        if (a->mem_len < a->file_len)
            return false;
        if (i + 1 < elf->segment_count && a->mem_len > elf->segments[i + 1].vaddr - a->vaddr)
            return false;
    }
    return elf->segment_count == subject.elf.segment_count &&
           elf->memory_vaddr == subject.elf.memory_vaddr &&
           elf->memory_paddr == subject.elf.memory_paddr &&
           (sizes_differ || elf->memory_len == subject.elf.memory_len);
}

/* Does an accepted change do what its rule says, and nothing besides? */
static bool is_allowed(const struct rule *rule, const struct image_elf *elf)
{
    bool same_text = elf->manifest_len == subject.elf.manifest_len &&
                     memcmp(subject_file() + elf->manifest_offset, subject.manifest.all.bytes,
                            (size_t)elf->manifest_len) == 0;
    bool same_entry = elf->entry == subject.elf.entry;
    if (!has_same_segments(elf, rule->effect == EFFECT_SIZE) ||
        elf->manifest_offset != subject.elf.manifest_offset)
        return false;
    switch (rule->effect) {
    case EFFECT_NONE:
        return false;
    case EFFECT_LABEL:
    case EFFECT_SIZE:
        return same_text && same_entry;
    case EFFECT_ENTRY:
        return same_text && !same_entry && is_in_code(elf, elf->entry);
    case EFFECT_TEXT:
        return !same_text && same_entry;
    }
    return false;
}

/* What policy says of a manifest that parses. */
static enum nonos_error policy_of(const struct manifest *manifest)
{
    if (manifest->target.len != strlen(NONOS_TARGET) ||
        memcmp(manifest->target.bytes, NONOS_TARGET, manifest->target.len) != 0)
        return NONOS_E_POLICY_TARGET;
    if (manifest->security_version < subject.manifest.security_version)
        return NONOS_E_POLICY_FLOOR;
    return NONOS_OK;
}

static struct answer judge(const struct change *change, enum nonos_error code,
                           const struct image_elf *elf)
{
    struct count *count = &counts[change->rule - layout_rules];
    count->tried++;
    count->by_code[code]++;
    if (code != NONOS_OK)
        return (struct answer){code, is_expected_code(change->rule, code)};
    count->accepted++;
    return (struct answer){code, is_allowed(change->rule, elf)};
}

static enum nonos_error parse(const uint8_t *file, struct image_elf *elf)
{
    struct manifest manifest;
    enum nonos_error code = subject_parse(file, subject.len, elf, &manifest);
    return code == NONOS_OK ? policy_of(&manifest) : code;
}

static struct answer parse_value(size_t index, char *text, size_t text_size)
{
    const struct change *change = &values.list[index];
    struct image_elf elf;
    uint8_t *file = subject_file();
    file[change->at] ^= change->mask;
    struct answer answer = judge(change, parse(file, &elf), &elf);
    file[change->at] ^= change->mask;
    snprintf(text, text_size, "%s: byte 0x%zx changed by 0x%02x", change->rule->name, change->at,
             change->mask);
    return answer;
}

/* Signed again, by the whole verifier: it must say what the parser says. */
static struct answer verify_bit(size_t index, char *text, size_t text_size)
{
    const struct change *change = &bits.list[index];
    struct image_elf elf;
    uint8_t *file = subject_file();
    file[change->at] ^= change->mask;
    enum nonos_error expected = parse(file, &elf);
    subject_sign(file, subject.len);
    enum nonos_error code = subject_verify(file, subject.len, &subject.attacker);
    file[change->at] ^= change->mask;
    snprintf(text, text_size, "%s: byte 0x%zx changed by 0x%02x, signed again; expected %s",
             change->rule->name, change->at, change->mask, error_name(expected));
    return (struct answer){code, code == expected};
}

static void print_accepted(void)
{
    printf("  accepted, of the values tried, and why that is in order:\n");
    for (size_t i = 0; i < layout_rule_count; i++)
        if (counts[i].accepted > 0)
            printf("    %-40s %7" PRIu64 " of %7" PRIu64 "  %s\n", layout_rules[i].name,
                   counts[i].accepted, counts[i].tried,
                   layout_rules[i].why != nullptr ? layout_rules[i].why : "WRONG");
}

/* A rule that met nothing, or whose own code never came, is not about this image. */
static bool table_is_used(void)
{
    bool ok = true;
    for (size_t i = 0; i < layout_rule_count; i++) {
        const struct rule *rule = &layout_rules[i];
        if (counts[i].tried > 0 && counts[i].by_code[rule->codes[0]] > 0)
            continue;
        printf("  WRONG: rule \"%s\" met nothing\n", rule->name);
        ok = false;
    }
    return ok;
}

bool sweep_resigned(size_t sample)
{
    struct tally tally;
    list_changes();
    subject_sign(subject_copy(subject.original, subject.len), subject.len);
    const struct campaign parser = {"signed again, every value, by the parser", parse_value,
                                    values.count, sample};
    bool ok = campaign_run(&parser, &tally);
    print_accepted();
    if (sample == 1)
        ok = table_is_used() && ok;
    const struct campaign verifier = {"signed again, every bit, by the verifier", verify_bit,
                                      bits.count, sample};
    ok = campaign_run(&verifier, &tally) && ok;
    free(values.list);
    free(bits.list);
    return ok;
}
