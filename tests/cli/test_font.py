"""scripts/font: the glyphs are those of the font, and another file is refused in one line."""

import gzip
import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "support"))

import screen_picture  # noqa: E402


def run(path):
    return subprocess.run([str(ROOT / "scripts" / "font"), str(path)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False)


def packaged():
    with gzip.open(screen_picture.FONT, "rb") as file:
        return file.read()


def test_every_glyph_is_that_of_the_font():
    done = run(screen_picture.FONT)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^    \{(.*)\},$", done.stdout, re.MULTILINE)
    glyphs = [bytes(int(byte, 16) for byte in row.split(", ")) for row in rows]
    wanted = {char: glyph for glyph, char in screen_picture.read_font().items()}
    assert glyphs == [wanted[chr(value)] for value in range(32, 127)]


def test_a_plain_file_gives_the_same(tmp_path):
    plain = tmp_path / "font.psf"
    plain.write_bytes(packaged())
    assert run(plain).stdout == run(screen_picture.FONT).stdout


@pytest.mark.parametrize("change, why", [
    (None, "is missing: make setup installs it"),
    (lambda font: b"\x72\xb5\x4a\x86" + font[4:], "not a PC Screen Font of version 1"),
    (lambda font: b"", "not a PC Screen Font of version 1"),
    (lambda font: font[:3] + b"\x18" + font[4:], "not 8 by 16 pixels"),
    (lambda font: font[:2] + b"\x01" + font[3:], "no table of Unicode values"),
    (lambda font: font[:8000], "ends early"),
    (lambda font: font[:-1], "ends early"),
    (lambda font: b"\xc0\0".join(font.rsplit(b"Q\0", 1)), "no glyph for the character 81"),
])
def test_another_file_is_refused_in_one_line(tmp_path, change, why):
    path = tmp_path / "font.psf"
    if change:
        path.write_bytes(change(packaged()))
    done = run(path)
    assert done.returncode == 1
    assert why in done.stderr and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"font: {path}")
