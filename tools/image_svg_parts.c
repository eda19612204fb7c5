#include "tools/image_svg_parts.h"

#include <inttypes.h>

/* Colors come in pairs; a pattern tells rights apart where colors do not. */
static const char style[] =
    "<style>\n"
    "text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    "fill:#1f2328}\n"
    ".mono,.section{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',"
    "monospace;font-size:12px}\n"
    ".name{font-size:22px;font-weight:600}.kind{font-size:15px}.by,.state{font-weight:600}\n"
    ".heading text,.note{font-size:12px;fill:#59636e}.end{text-anchor:end}\n"
    ".page{fill:#ffffff}.row,.bar{stroke:#59636e;stroke-width:.5}\n"
    ".lead{fill:#59636e;fill-opacity:.07;stroke:#59636e;stroke-opacity:.25;stroke-width:.5}\n"
    ".bracket{fill:none;stroke:#1f2328;stroke-width:2}\n"
    ".outline{fill:none;stroke:#1f2328;stroke-width:2}\n"
    ".r{fill:url(#r)}.rx{fill:url(#rx)}.rw{fill:url(#rw)}\n"
    ".zero{fill:#ffffff}.table{fill:#e4e7eb}.signature{fill:#e6d9fb}.unread{fill:#f4d3d3}\n"
    ".ground-r{fill:#cfe4ff}.ground-rx{fill:#ffdcb5}.ground-rw{fill:#cdeecb}\n"
    ".ink{stroke:#59636e;stroke-width:1;stroke-opacity:.45;fill:none}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e6edf3}.heading text,.note{fill:#9aa4af}\n"
    ".page{fill:#0d1117}.row,.bar{stroke:#9aa4af}.lead{fill:#9aa4af;stroke:#9aa4af}\n"
    ".bracket,.outline{stroke:#e6edf3}\n"
    ".zero{fill:#0d1117}.table{fill:#30363d}.signature{fill:#4a3573}.unread{fill:#6b2a2a}\n"
    ".ground-r{fill:#163a66}.ground-rx{fill:#663a0f}.ground-rw{fill:#1d4d24}\n"
    ".ink{stroke:#9aa4af}\n"
    "}\n"
    "</style>\n"
    "<defs>\n"
    "<pattern id=\"r\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
    "<rect class=\"ground-r\" width=\"8\" height=\"8\"/></pattern>\n"
    "<pattern id=\"rx\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
    "<rect class=\"ground-rx\" width=\"8\" height=\"8\"/>"
    "<path class=\"ink\" d=\"M-2 2L2 -2M0 8L8 0M6 10L10 6\"/></pattern>\n"
    "<pattern id=\"rw\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
    "<rect class=\"ground-rw\" width=\"8\" height=\"8\"/>"
    "<path class=\"ink\" d=\"M2 4H4\"/></pattern>\n"
    "</defs>\n";

void svg_write_style(FILE *stream)
{
    fputs(style, stream);
}

void svg_put_number(FILE *stream, uint64_t number)
{
    uint64_t unit = 1;
    while (number / unit >= 1000)
        unit *= 1000;
    fprintf(stream, "%" PRIu64, number / unit);
    for (unit /= 1000; unit > 0; unit /= 1000)
        fprintf(stream, ",%03" PRIu64, number / unit % 1000);
}

const char *svg_kind(enum image_region_kind kind)
{
    switch (kind) {
    case IMAGE_REGION_UNREAD:
        return "unread";
    case IMAGE_REGION_ELF_HEADER:
        return "elf-header";
    case IMAGE_REGION_PROGRAM_HEADERS:
        return "program-headers";
    case IMAGE_REGION_SECTION:
        return "section";
    case IMAGE_REGION_MANIFEST:
        return "manifest";
    case IMAGE_REGION_NOTE:
        return "note";
    case IMAGE_REGION_PVH_NOTE:
        return "pvh-note";
    case IMAGE_REGION_FILL:
        return "fill";
    case IMAGE_REGION_PADDING:
        return "padding";
    case IMAGE_REGION_SECTION_NAMES:
        return "section-names";
    case IMAGE_REGION_SECTION_HEADERS:
        return "section-headers";
    case IMAGE_REGION_PQSIG:
        return "ml-dsa-65-signature";
    case IMAGE_REGION_SIG:
        return "ed25519-signature";
    }
    return "unread";
}

/* Of a section whose name says nothing to this program, its rights say what it is. */
static const char *section_words(uint32_t flags)
{
    return (flags & IMAGE_SEGMENT_X) != 0   ? "code"
           : (flags & IMAGE_SEGMENT_W) != 0 ? "data"
                                            : "constants";
}

const char *svg_words(enum image_region_kind kind, uint32_t flags)
{
    switch (kind) {
    case IMAGE_REGION_UNREAD:
        return "not read: structure refused";
    case IMAGE_REGION_ELF_HEADER:
        return "ELF header";
    case IMAGE_REGION_PROGRAM_HEADERS:
        return "program headers";
    case IMAGE_REGION_SECTION:
        return section_words(flags);
    case IMAGE_REGION_MANIFEST:
        return "manifest";
    case IMAGE_REGION_NOTE:
        return "note";
    case IMAGE_REGION_PVH_NOTE:
        return "PVH note";
    case IMAGE_REGION_FILL:
        return "in no section";
    case IMAGE_REGION_PADDING:
        return "padding, zero";
    case IMAGE_REGION_SECTION_NAMES:
        return "section names";
    case IMAGE_REGION_SECTION_HEADERS:
        return "section headers";
    case IMAGE_REGION_PQSIG:
        return "ML-DSA-65 signature";
    case IMAGE_REGION_SIG:
        return "Ed25519 signature";
    }
    return "";
}

const char *svg_rights(uint32_t flags)
{
    if (flags == SVG_NOT_LOADED)
        return "none";
    return (flags & IMAGE_SEGMENT_X) != 0 ? "RX" : (flags & IMAGE_SEGMENT_W) != 0 ? "RW" : "R";
}

const char *svg_rights_words(uint32_t flags)
{
    if (flags == SVG_NOT_LOADED)
        return "not loaded";
    return (flags & IMAGE_SEGMENT_X) != 0   ? "RX read, execute"
           : (flags & IMAGE_SEGMENT_W) != 0 ? "RW read, write"
                                            : "R read";
}

static const char *rights_fill(uint32_t flags)
{
    return (flags & IMAGE_SEGMENT_X) != 0 ? "rx" : (flags & IMAGE_SEGMENT_W) != 0 ? "rw" : "r";
}

const char *svg_fill(enum image_region_kind kind, uint32_t flags)
{
    if (flags != SVG_NOT_LOADED)
        return rights_fill(flags);
    if (kind == IMAGE_REGION_PADDING)
        return "zero";
    if (kind == IMAGE_REGION_UNREAD)
        return "unread";
    return kind == IMAGE_REGION_PQSIG || kind == IMAGE_REGION_SIG ? "signature" : "table";
}
