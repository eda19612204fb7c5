"""Reads the boot screen out of a picture: its bands of colour and its text, by matching the glyphs
of the console font. Shares nothing with what drew it but the font's file.

Text is found wherever it stands: a line is where most cells of a row of cells are glyphs.
"""

import collections
import gzip
import math
import os
import struct
import zlib

FONT = os.environ.get("CONSOLE_FONT", "/usr/share/consolefonts/spleen-8x16.psfu.gz")
WIDTH, HEIGHT = 8, 16

Picture = collections.namedtuple("Picture", "width height rows")  # a row: bytes R, G, B, ...
Band = collections.namedtuple("Band", "colour top bottom")


def read_font(path=FONT):
    """{sixteen bytes: character} of a PC Screen Font, version 1, with its Unicode table."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        data = file.read()
    magic, mode, length = struct.unpack_from("<HBB", data)
    assert (magic, length) == (0x0436, HEIGHT) and mode & 2, path
    count = 512 if mode & 1 else 256
    glyphs = [data[4 + HEIGHT * i:4 + HEIGHT * (i + 1)] for i in range(count)]
    values = [value for value, in struct.iter_unpack("<H", data[4 + HEIGHT * count:])]
    font, glyph = {}, 0
    for value in values:
        if value == 0xFFFF:
            glyph += 1
        elif 0x20 <= value < 0x7F:
            font[glyphs[glyph]] = chr(value)
    assert len(font) == 95, "two characters look the same, or one is missing"
    return font


def read_ppm(data):
    magic, width, height, _ = data.split(maxsplit=3)
    assert magic == b"P6"
    width, height = int(width), int(height)
    pixels = data[-3 * width * height:]
    return Picture(width, height, [pixels[3 * width * y:3 * width * (y + 1)]
                                   for y in range(height)])


def read_png(data):
    """A PNG with a palette of at most 16 colours, without filters or interlacing."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, collections.defaultdict(bytes)
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length)[0] == zlib.crc32(kind + body)
        chunks[kind] += body
        at += 12 + length
    width, height, *how = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert how == [4, 3, 0, 0, 0], how
    palette = [chunks[b"PLTE"][i:i + 3] for i in range(0, len(chunks[b"PLTE"]), 3)]
    pairs = {i: palette[i >> 4] + palette[i & 15] for i in range(256)
             if max(i >> 4, i & 15) < len(palette)}
    packed, pitch = zlib.decompress(chunks[b"IDAT"]), 1 + (width + 1) // 2
    rows = []
    for y in range(height):
        line = packed[pitch * y:pitch * (y + 1)]
        assert line[0] == 0
        rows.append(b"".join(map(pairs.__getitem__, line[1:]))[:3 * width])
    return Picture(width, height, rows)


def colour_at(picture, x, y):
    return picture.rows[y][3 * x:3 * x + 3].hex()


def background_of(picture):
    """The colour of most of it."""
    counted = collections.Counter()
    for row in picture.rows[::7]:
        counted.update(row[i:i + 3] for i in range(0, len(row), 3 * 5))
    return counted.most_common(1)[0][0].hex()


def bands(picture):
    """The bands of another colour that reach to the right margin."""
    ground, found = background_of(picture), []
    for y in range(picture.height):
        colour = colour_at(picture, picture.width - 24, y)
        if colour == ground:
            continue
        if found and found[-1].colour == colour and found[-1].bottom == y:
            found[-1] = found[-1]._replace(bottom=y + 1)
        else:
            found.append(Band(colour, y, y + 1))
    return [band for band in found if band.bottom - band.top >= 3 * HEIGHT]


def ink_of(picture, ground, top=0, bottom=None, left=0, right=None):
    """Rows of booleans: which pixels are not of the colour ground."""
    colour = bytes.fromhex(ground)
    right = picture.width if right is None else right
    return [[row[i:i + 3] != colour for i in range(3 * left, 3 * right, 3)]
            for row in picture.rows[top:bottom]]


def pack(row, phase):
    """A row of pixels as a byte for each cell."""
    bits = "".join("01"[pixel] for pixel in row[phase:])
    return bytes(int(bits[i:i + WIDTH], 2) for i in range(0, len(bits) - WIDTH + 1, WIDTH))


def find_lines(ink, font, phase=0):
    """[(y, text)]: the rows of cells that are text, from the top."""
    packed = [pack(row, phase) for row in ink]
    columns, seen = range(len(packed[0]) if packed else 0), []
    for y in range(len(packed) - HEIGHT + 1):
        rows = packed[y:y + HEIGHT]
        if not any(map(any, rows)):
            continue
        cells = [font.get(bytes(row[x] for row in rows)) for x in columns]
        known = sum(cell not in (None, " ") for cell in cells)
        if known:
            text = "".join(cell or "\0" for cell in cells).rstrip(" ")
            seen.append((known - text.count("\0"), y, text.lstrip(" ")))
    chosen = []
    for count, y, text in sorted(seen, reverse=True):
        if count > 0 and all(abs(y - other) >= HEIGHT for other, _ in chosen):
            chosen.append((y, text))
    return sorted(chosen)


def lines_of(picture, font, ground=None, top=0, bottom=None):
    """The lines of text on one background: that of the picture, or of a band."""
    found = find_lines(ink_of(picture, ground or background_of(picture), top, bottom), font)
    return [text for _, text in found]


def words_of(picture, font, band):
    """The one line of large letters in a band."""
    ink = ink_of(picture, band.colour, band.top, band.bottom, 17, picture.width - 17)
    runs, left, top = set(), picture.width, None
    for y, row in enumerate(ink):
        start = None
        for x, pixel in enumerate(row + [False]):
            if pixel and start is None:
                start, left, top = x, min(left, x), y if top is None else top
            elif not pixel and start is not None:
                runs.add(x - start)
                start = None
    scale = math.gcd(*runs) if runs else 1
    if not runs:
        return ""
    small = [row[left % scale::scale] for row in ink[top % scale::scale]]
    blank = [[False] * len(small[0])] * HEIGHT  # the band may be lower than a line with its margins
    best = max((find_lines(blank + small + blank, font, phase) for phase in range(WIDTH)),
               key=lambda lines: sum(len(text) for _, text in lines))
    assert len(best) == 1, best
    return best[0][1]


def lines_in_band(picture, font, band):
    """The lines of small letters in a band."""
    found = find_lines(ink_of(picture, band.colour, band.top, band.bottom, 16, picture.width - 16),
                       font)
    return [text for _, text in found]
