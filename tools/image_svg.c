#include "tools/image_svg.h"

#include "image/error.h"
#include "image/text.h"
#include "tools/command.h"
#include "tools/image_svg_parts.h"
#include "tools/verification.h"
#include "tools/xml.h"

#include <inttypes.h>

/* Pixels. The bar is the file to scale; the list beside it has rows of at least ROW_HEIGHT. */
#define WIDTH 960u
#define MARGIN 24u
#define BAR_X 24u
#define BAR_WIDTH 28u
#define LIST_X 92u
#define LIST_WIDTH 236u
#define RIGHTS_X 340u
#define OFFSET_X 562u
#define LENGTH_X 648u
#define PQSIG_X 666u
#define SIG_X 812u
#define LIST_Y 176u
#define ROW_HEIGHT 24u
#define SCALED_HEIGHT 480u
#define LINE_HEIGHT 20u

#define FILE_NAME_MAX_LEN 60u
#define VERSION_MAX_LEN 24u
#define SECTION_NAME_MAX_LEN 20u
#define SEGMENT_NAMES_MAX_LEN 40u

static unsigned row_height(const struct image_region *region, size_t file_len)
{
    uint64_t scaled = region->len * SCALED_HEIGHT / file_len;
    return scaled > ROW_HEIGHT ? (unsigned)scaled : ROW_HEIGHT;
}

static unsigned rows_height(const struct image_picture *picture)
{
    unsigned height = 0;
    for (size_t i = 0; i < picture->map->count; i++)
        height += row_height(&picture->map->regions[i], picture->len);
    return height;
}

/* Where the row of the region that starts at an offset begins; the end of the file ends the list.
 */
static unsigned row_y(const struct image_picture *picture, uint64_t offset)
{
    unsigned y = LIST_Y;
    for (size_t i = 0; i < picture->map->count; i++) {
        if (picture->map->regions[i].offset >= offset)
            break;
        y += row_height(&picture->map->regions[i], picture->len);
    }
    return y;
}

/* The flags of the region's segment. */
static uint32_t flags_of(const struct image_picture *picture, const struct image_region *region)
{
    return picture->structure == nullptr || region->segment == IMAGE_REGION_NO_SEGMENT
               ? SVG_NOT_LOADED
               : picture->structure->elf.segments[region->segment].flags;
}

static void put_type(FILE *stream, const struct image_picture *picture)
{
    const struct manifest *manifest = &picture->structure->manifest;
    xml_put_text(stream, manifest->name.bytes, manifest->name.len, FILE_NAME_MAX_LEN);
    fputc(' ', stream);
    xml_put_text(stream, manifest->version.bytes, manifest->version.len, VERSION_MAX_LEN);
    fprintf(stream, ", %s, %s profile, security version %" PRIu32,
            command_type_name(manifest->type), command_profile_name((uint32_t)manifest->profile),
            manifest->security_version);
}

/* One line for a reader who sees no picture, and for the head of one. */
static void put_state(FILE *stream, const struct image_picture *picture)
{
    const struct image_verdict *verdict = picture->verdict;
    if (verdict != nullptr && image_is_verified(verdict)) {
        fputs("verified: both signatures are by ", stream);
        xml_put_string(stream, verdict->signer->name, FILE_NAME_MAX_LEN);
    } else if (verdict != nullptr) {
        fputs("refused: ", stream);
        xml_put_string(stream, error_text(verdict->error), 120);
        fprintf(stream, " (%s, code %d)", error_name(verdict->error), (int)verdict->error);
    } else if (picture->mldsa65_present && picture->ed25519_present) {
        fputs("not verified: it has two signatures, which nobody checked for this picture", stream);
    } else if (picture->mldsa65_present || picture->ed25519_present) {
        fputs("not verified: it has one signature of the two it needs", stream);
    } else {
        fputs("not signed: both signatures are zero", stream);
    }
}

static void put_title(FILE *stream, const struct image_picture *picture)
{
    fputs("Map of ", stream);
    xml_put_string(stream, picture->file, FILE_NAME_MAX_LEN);
    if (picture->structure != nullptr) {
        fputs(": ", stream);
        put_type(stream, picture);
    }
}

static void write_head(FILE *stream, const struct image_picture *picture, unsigned height)
{
    fprintf(stream,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" width=\"%u\" "
            "height=\"%u\" role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">",
            WIDTH, height, WIDTH, height);
    put_title(stream, picture);
    fputs("</title>\n<desc id=\"desc\">The ", stream);
    svg_put_number(stream, picture->len);
    fputs(" bytes of the file from top to bottom, in ", stream);
    svg_put_number(stream, picture->map->count);
    fputs(" regions. The ML-DSA-65 signature covers the first ", stream);
    svg_put_number(stream, picture->len - NONOS_TRAILER_LEN);
    fputs(" bytes, the Ed25519 signature the first ", stream);
    svg_put_number(stream, picture->len - NONOS_SIG_LEN);
    fputs(". State: ", stream);
    put_state(stream, picture);
    fputs(".</desc>\n", stream);
    svg_write_style(stream);
    fprintf(stream, "<rect class=\"page\" width=\"%u\" height=\"%u\"/>\n", WIDTH, height);
}

static void write_signer(FILE *stream, const struct image_verdict *verdict)
{
    if (verdict == nullptr || verdict->signer == nullptr)
        return;
    char id[2 * NONOS_IDENTITY_ID_LEN + 1] = {0};
    text_write_hex(verdict->signer->id, sizeof(verdict->signer->id), id);
    fprintf(stream, "<text class=\"mono signer\" x=\"%u\" y=\"128\">signer id %s</text>\n", MARGIN,
            id);
}

static void write_header(FILE *stream, const struct image_picture *picture)
{
    fprintf(stream, "<text class=\"name\" x=\"%u\" y=\"40\">", MARGIN);
    xml_put_string(stream, picture->file, FILE_NAME_MAX_LEN);
    fprintf(stream, "</text>\n<text class=\"kind\" x=\"%u\" y=\"64\">", MARGIN);
    if (picture->structure != nullptr)
        put_type(stream, picture);
    else
        fprintf(stream, "not an image: %s (%s, code %d)", error_text(picture->error),
                error_name(picture->error), (int)picture->error);
    fputs(", ", stream);
    svg_put_number(stream, picture->len);
    fprintf(stream, " bytes</text>\n<text class=\"state\" x=\"%u\" y=\"86\">", MARGIN);
    put_state(stream, picture);
    fputs("</text>\n", stream);
    if (picture->digest != nullptr) {
        char hex[2 * NONOS_DIGEST_LEN + 1] = {0};
        text_write_hex(picture->digest, NONOS_DIGEST_LEN, hex);
        fprintf(stream,
                "<text class=\"mono digest\" x=\"%u\" y=\"110\">digest D1 blake3:%s</text>\n",
                MARGIN, hex);
    }
    write_signer(stream, picture->verdict);
    fprintf(stream,
            "<g class=\"heading\"><text x=\"%u\" y=\"162\">to scale</text><text x=\"%u\" "
            "y=\"162\">what it is (small parts enlarged)</text><text x=\"%u\" y=\"162\">rights in "
            "memory</text>"
            "<text class=\"end\" x=\"%u\" y=\"162\">offset</text>"
            "<text class=\"end\" x=\"%u\" y=\"162\">bytes</text>"
            "<text x=\"%u\" y=\"162\">what the signatures cover</text></g>\n",
            MARGIN, LIST_X, RIGHTS_X, OFFSET_X, LENGTH_X, PQSIG_X);
}

/* Hundredths of a pixel, in whole numbers: the same on every machine. */
static void put_scaled(FILE *stream, uint64_t offset, size_t file_len, unsigned height)
{
    uint64_t hundredths = offset * height * 100 / file_len;
    fprintf(stream, "%" PRIu64 ".%02u", LIST_Y + hundredths / 100, (unsigned)(hundredths % 100));
}

/* The region in the bar, and the lines from there to its row. */
static void write_in_bar(FILE *stream, const struct image_picture *picture,
                         const struct image_region *region, unsigned y, unsigned height)
{
    uint64_t end = region->offset + region->len;
    unsigned total = rows_height(picture);
    fprintf(stream, "<path class=\"bar %s\" d=\"M%u ",
            svg_fill(region->kind, flags_of(picture, region)), BAR_X);
    put_scaled(stream, region->offset, picture->len, total);
    fprintf(stream, "H%uV", BAR_X + BAR_WIDTH);
    put_scaled(stream, end, picture->len, total);
    fprintf(stream, "H%uZ\"/>\n<path class=\"lead\" d=\"M%u ", BAR_X, BAR_X + BAR_WIDTH);
    put_scaled(stream, region->offset, picture->len, total);
    fprintf(stream, "L%u %uV%uL%u ", LIST_X - 4, y, y + height, BAR_X + BAR_WIDTH);
    put_scaled(stream, end, picture->len, total);
    fputs("Z\"/>\n", stream);
}

static void write_region(FILE *stream, const struct image_picture *picture,
                         const struct image_region *region, unsigned y)
{
    unsigned height = row_height(region, picture->len);
    unsigned text_y = y + height / 2 + 5;
    uint32_t flags = flags_of(picture, region);
    fprintf(stream,
            "<g class=\"region\" data-kind=\"%s\" data-offset=\"%" PRIu64
            "\" data-length=\"%" PRIu64 "\" data-rights=\"%s\" data-name=\"",
            svg_kind(region->kind), region->offset, region->len, svg_rights(flags));
    if (region->name != nullptr)
        xml_put_text(stream, region->name, region->name_len, SECTION_NAME_MAX_LEN);
    fputs("\">\n", stream);
    write_in_bar(stream, picture, region, y, height);
    fprintf(stream,
            "<rect class=\"row %s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>\n"
            "<text class=\"part\" x=\"%u\" y=\"%u\">",
            svg_fill(region->kind, flags_of(picture, region)), LIST_X, y, LIST_WIDTH, height,
            LIST_X + 10, text_y);
    if (region->name != nullptr) {
        fputs("<tspan class=\"section\">", stream);
        xml_put_text(stream, region->name, region->name_len, SECTION_NAME_MAX_LEN);
        fputs("</tspan> ", stream);
    }
    fprintf(stream,
            "%s</text>\n<text class=\"rights\" x=\"%u\" y=\"%u\">%s</text>\n"
            "<text class=\"mono end\" x=\"%u\" y=\"%u\">0x%06" PRIx64 "</text>\n"
            "<text class=\"mono end\" x=\"%u\" y=\"%u\">",
            svg_words(region->kind, flags), RIGHTS_X, text_y, svg_rights_words(flags), OFFSET_X,
            text_y, region->offset, LENGTH_X, text_y);
    svg_put_number(stream, region->len);
    fputs("</text>\n</g>\n", stream);
}

/* A bracket from the first byte to the last that the signature covers, and what it is. */
static void write_cover(FILE *stream, const struct image_picture *picture, unsigned x,
                        const char *signature, const char *digest, uint64_t covered, bool present)
{
    unsigned end = row_y(picture, covered);
    unsigned y = LIST_Y + 60;
    fprintf(stream,
            "<g class=\"cover\" data-signature=\"%s\" data-from=\"0\" data-to=\"%" PRIu64
            "\">\n<path class=\"bracket\" d=\"M%u %uh12V%uh-12\"/>\n"
            "<text class=\"by\" x=\"%u\" y=\"%u\">%s</text>\n"
            "<text x=\"%u\" y=\"%u\">covers the first</text>\n"
            "<text x=\"%u\" y=\"%u\">",
            signature, covered, x, LIST_Y + 1, end - 1, x + 20, y, signature, x + 20,
            y + LINE_HEIGHT, x + 20, y + 2 * LINE_HEIGHT);
    svg_put_number(stream, covered);
    fprintf(stream,
            " bytes,</text>\n<text x=\"%u\" y=\"%u\">by their digest %s</text>\n"
            "<text x=\"%u\" y=\"%u\">%s</text>\n</g>\n",
            x + 20, y + 3 * LINE_HEIGHT, digest, x + 20, y + 4 * LINE_HEIGHT,
            present ? "signature present" : "no signature yet");
}

static void write_covers(FILE *stream, const struct image_picture *picture)
{
    write_cover(stream, picture, PQSIG_X, "ML-DSA-65", "D0", picture->len - NONOS_TRAILER_LEN,
                picture->mldsa65_present);
    write_cover(stream, picture, SIG_X, "Ed25519", "D1", picture->len - NONOS_SIG_LEN,
                picture->ed25519_present);
}

struct name_list {
    FILE *stream;
    size_t left; /* characters that there is still room for */
};

static void add_name(struct name_list *list, const char *name, size_t len)
{
    size_t shown_len = len < SECTION_NAME_MAX_LEN ? len : SECTION_NAME_MAX_LEN;
    if (name == nullptr || list->left == 0)
        return;
    if (shown_len + 4 > list->left) {
        fputs("...", list->stream);
        list->left = 0;
        return;
    }
    xml_put_text(list->stream, name, len, SECTION_NAME_MAX_LEN);
    fputc(' ', list->stream);
    list->left -= shown_len + 1;
}

/* The names of a segment's sections, those without bytes in the file too. */
static void put_section_names(FILE *stream, const struct image_map *map, uint32_t segment)
{
    struct name_list list = {stream, SEGMENT_NAMES_MAX_LEN};
    for (size_t i = 0; i < map->count; i++)
        if (map->regions[i].segment == segment)
            add_name(&list, map->regions[i].name, map->regions[i].name_len);
    for (size_t i = 0; i < map->zeroes_count; i++)
        if (map->zeroes[i].segment == segment)
            add_name(&list, map->zeroes[i].name, map->zeroes[i].name_len);
}

static void write_segment(FILE *stream, const struct image_picture *picture, uint32_t index,
                          unsigned y)
{
    const struct image_segment *segment = &picture->structure->elf.segments[index];
    fprintf(stream,
            "<g class=\"segment\" data-rights=\"%s\" data-offset=\"%" PRIu64
            "\" data-length=\"%" PRIu64 "\" data-virtual=\"0x%" PRIx64
            "\" data-physical=\"0x%" PRIx64 "\" data-memory=\"%" PRIu64 "\">\n",
            svg_rights(segment->flags), segment->offset, segment->file_len, segment->vaddr,
            segment->paddr, segment->mem_len);
    if (segment->file_len > 0) {
        unsigned start = row_y(picture, segment->offset);
        unsigned end = row_y(picture, segment->offset + segment->file_len);
        fprintf(stream, "<rect class=\"outline\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>\n",
                LIST_X, start, LIST_WIDTH, end - start);
    }
    fprintf(stream,
            "<rect class=\"row %s\" x=\"%u\" y=\"%u\" width=\"28\" height=\"14\"/>\n"
            "<text class=\"rights\" x=\"%u\" y=\"%u\">%s</text>\n"
            "<text class=\"mono\" x=\"196\" y=\"%u\">0x%016" PRIx64 "</text>\n"
            "<text class=\"mono\" x=\"344\" y=\"%u\">0x%08" PRIx64 "</text>\n"
            "<text class=\"mono end\" x=\"556\" y=\"%u\">",
            svg_fill(IMAGE_REGION_SECTION, segment->flags), MARGIN, y - 12, MARGIN + 38, y,
            svg_rights_words(segment->flags), y, segment->vaddr, y, segment->paddr, y);
    svg_put_number(stream, segment->file_len);
    fprintf(stream, "</text>\n<text class=\"mono end\" x=\"646\" y=\"%u\">", y);
    svg_put_number(stream, segment->mem_len);
    fprintf(stream, "</text>\n<text class=\"mono\" x=\"666\" y=\"%u\">", y);
    put_section_names(stream, picture->map, index);
    fputs("</text>\n</g>\n", stream);
}

static void write_segments(FILE *stream, const struct image_picture *picture, unsigned y)
{
    const struct image_elf *elf = &picture->structure->elf;
    fprintf(stream,
            "<g class=\"heading\"><text x=\"%u\" y=\"%u\">segment</text>"
            "<text x=\"196\" y=\"%u\">virtual address</text>"
            "<text x=\"344\" y=\"%u\">physical address</text>"
            "<text class=\"end\" x=\"556\" y=\"%u\">in the file</text>"
            "<text class=\"end\" x=\"646\" y=\"%u\">in memory</text>"
            "<text x=\"666\" y=\"%u\">sections</text></g>\n",
            MARGIN, y, y, y, y, y, y);
    for (uint32_t i = 0; i < elf->segment_count; i++)
        write_segment(stream, picture, i, y + (i + 1) * LINE_HEIGHT);
    fprintf(stream,
            "<text class=\"note\" x=\"%u\" y=\"%u\">Entry at 0x%" PRIx64
            ". What a segment has in memory and not in the file is zero at the start.</text>\n",
            MARGIN, y + (elf->segment_count + 1) * LINE_HEIGHT + 6, elf->entry);
}

void image_svg_write(FILE *stream, const struct image_picture *picture)
{
    unsigned list_end = LIST_Y + rows_height(picture);
    unsigned below = 24;
    if (picture->structure != nullptr)
        below += (picture->structure->elf.segment_count + 3) * LINE_HEIGHT;
    write_head(stream, picture, list_end + below);
    write_header(stream, picture);
    unsigned y = LIST_Y;
    for (size_t i = 0; i < picture->map->count; i++) {
        write_region(stream, picture, &picture->map->regions[i], y);
        y += row_height(&picture->map->regions[i], picture->len);
    }
    write_covers(stream, picture);
    if (picture->structure != nullptr)
        write_segments(stream, picture, list_end + 36);
    fputs("</svg>\n", stream);
}
