#include "tools/rebuild_report.h"

#include "image/text.h"
#include "tools/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_LEN 8u

/* Text of any bytes, from one of the two images or the symbol table. */
static void put_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        putchar(text[i] >= 0x20 && text[i] <= 0x7E ? text[i] : '.');
}

static struct manifest_text take_line(struct manifest_text *rest)
{
    size_t len = text_find(rest->bytes, rest->len, '\n');
    struct manifest_text line = {rest->bytes, len};
    size_t taken = len < rest->len ? len + 1 : len;
    rest->bytes += taken;
    rest->len -= taken;
    return line;
}

static bool are_equal(struct manifest_text a, struct manifest_text b)
{
    return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

static void print_two(const char *label, struct manifest_text image, struct manifest_text rebuilt)
{
    printf("%-10s ", label);
    put_text(image.bytes, image.len);
    printf(" in the image\n%-10s ", "");
    put_text(rebuilt.bytes, rebuilt.len);
    puts(" here");
}

static void print_tools(const struct manifest *image, const struct manifest *rebuilt)
{
    bool same_compiler = are_equal(image->compiler, rebuilt->compiler);
    bool same_pqc = are_equal(image->pqc, rebuilt->pqc);
    if (!same_compiler)
        print_two("compiler", image->compiler, rebuilt->compiler);
    if (!same_pqc)
        print_two("pqc", image->pqc, rebuilt->pqc);
    if (!same_compiler || !same_pqc)
        print_line("", "other tools give other bytes: this explains the rest, so build with those");
}

/* The keys stand in one order in every manifest. */
static void print_manifests(const struct manifest *image, const struct manifest *rebuilt)
{
    struct manifest_text left = image->all, right = rebuilt->all;
    while (left.len > 0 || right.len > 0) {
        struct manifest_text a = take_line(&left), b = take_line(&right);
        if (are_equal(a, b) || text_starts(a.bytes, a.len, "compiler=") ||
            text_starts(a.bytes, a.len, "pqc="))
            continue;
        print_two("manifest", a, b);
    }
}

static void print_bytes(const struct rebuild_side *side, const struct image_extent *extent,
                        uint64_t at)
{
    const uint8_t *bytes = side->file.bytes + extent->offset;
    uint64_t end = extent->len - at < SHOWN_LEN ? extent->len : at + SHOWN_LEN;
    if (at >= extent->len) {
        printf("nothing");
        return;
    }
    for (uint64_t i = at; i < end; i++)
        printf("%02x ", bytes[i]);
    putchar('"');
    put_text((const char *)bytes + at, (size_t)(end - at));
    putchar('"');
}

static void print_place(const struct image_part *part, const struct elf_symbols *symbols)
{
    struct elf_symbol symbol;
    put_text(part->name, part->name_len);
    printf("+0x%" PRIx64, part->at);
    if (part->address == 0 || !elf_symbols_find(symbols, part->address, &symbol))
        return;
    printf(symbol.is_inside ? ", " : ", behind ");
    put_text(symbol.name, symbol.name_len);
    printf("+0x%" PRIx64, symbol.offset);
}

static void print_first(const struct rebuild_side *image, const struct rebuild_side *rebuilt,
                        const struct image_part *part, const struct elf_symbols *symbols)
{
    printf("%-10s ", "first");
    print_place(part, symbols);
    if (!part->first.is_there || !part->second.is_there) {
        printf(": only in %s\n", part->first.is_there ? "the image" : "what was built here");
        return;
    }
    if (part->differing == 0) {
        puts(": one ends there");
        return;
    }
    printf(", offset 0x%" PRIx64 " in the image\n%-10s ", part->first.offset + part->at, "");
    print_bytes(image, &part->first, part->at);
    printf(" in the image\n%-10s ", "");
    print_bytes(rebuilt, &part->second, part->at);
    puts(" here");
}

static void print_part(const struct image_part *part, const struct elf_symbols *symbols)
{
    printf("%-10s ", "differs");
    print_place(part, symbols);
    if (!part->first.is_there || !part->second.is_there)
        printf(": only in %s", part->first.is_there ? "the image" : "what was built here");
    else if (part->first.len != part->second.len)
        printf(": %" PRIu64 " bytes in the image, %" PRIu64 " here", part->first.len,
               part->second.len);
    else
        printf(": %" PRIu64 " of %" PRIu64 " bytes", part->differing, part->first.len);
    putchar('\n');
}

void rebuild_report(const struct rebuild_side *image, const struct rebuild_side *rebuilt,
                    const struct image_comparison *comparison, const struct elf_symbols *symbols)
{
    print_line("rebuild", "different");
    print_tools(&image->structure.manifest, &rebuilt->structure.manifest);
    print_manifests(&image->structure.manifest, &rebuilt->structure.manifest);
    print_first(image, rebuilt, image_comparison_first(comparison), symbols);
    for (size_t i = 0; i < comparison->part_count; i++)
        print_part(&comparison->parts[i], symbols);
    printf("%-10s %" PRIu64 " bytes differ, in %zu parts\n", "in all", comparison->byte_count,
           comparison->part_count);
}
