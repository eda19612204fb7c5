"""`nonos inspect --svg`: a map that is true, whatever the image is and whoever made it."""

import os
import pathlib
import random
import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from conftest import CODES, ROOT

sys.path.insert(0, str(ROOT / "tests/support"))

import image_picture  # noqa: E402

FLAGS = {"R": "R", "R E": "RX", "RW": "RW"}


def draw(nonos, path, *options, code=None):
    result = nonos("inspect", "--svg", *options, path)
    if code is None:
        result.ok()
    else:
        result.fails(code)
    return image_picture.read(result.out)


def readelf(path):
    return subprocess.run(["readelf", "-hSlW", path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def state(picture):
    """The line under the name that says what is known of the signatures."""
    return picture.texts[2]


@pytest.fixture
def trusted(nonos, signed):
    """A signed image and the file of its signer's identity."""
    nonos("pubkey", "-k", "dev_signing_key.bin", "-o", "dev.identity").ok()
    return signed, "dev.identity"


def test_regions_tile_the_file_and_signatures_are_its_end(nonos, image):
    picture = draw(nonos, image)
    assert picture.length == image.stat().st_size
    assert [region.kind for region in picture.regions
            if region.kind not in image_picture.BETWEEN] == [
        "elf-header", "program-headers", "section", "manifest", "pvh-note", "section", "section",
        "section-names", "section-headers", "ml-dsa-65-signature", "ed25519-signature"]
    assert [region.length for region in picture.regions[-2:]] == [3309, 64]


def test_sections_and_headers_are_where_readelf_says(nonos, image):
    picture, headers = draw(nonos, image), readelf(image)
    drawn = {region.name: region for region in picture.regions if region.name}
    rows = re.findall(r"\] (\.\S+) +(PROGBITS|NOTE) +\w+ (\w+) (\w+) ", headers)
    found = {name: (int(offset, 16), int(length, 16)) for name, _, offset, length in rows
             if not name.startswith((".nonos.pqsig", ".nonos.sig"))}
    assert found == {name: (each.offset, each.length) for name, each in drawn.items()}
    assert [drawn[name].rights for name in (".rodata", ".nonos.manifest", ".note.pvh", ".text",
                                            ".data")] == ["R", "R", "R", "RX", "RW"]
    by_kind = {region.kind: region for region in picture.regions}
    programs, start, sections = (
        int(re.search(rf"{field}: +(\d+)", headers).group(1)) for field in
        ("Number of program headers", "Start of section headers", "Number of section headers"))
    assert by_kind["program-headers"].length == programs * 56
    assert (by_kind["section-headers"].offset, by_kind["section-headers"].length) == (
        start, sections * 64)
    names = re.search(r"\.shstrtab +STRTAB +\w+ (\w+) (\w+)", headers).groups()
    assert (by_kind["section-names"].offset, by_kind["section-names"].length) == tuple(
        int(number, 16) for number in names)


def test_segments_are_those_of_readelf(nonos, image):
    picture, headers = draw(nonos, image), readelf(image)
    loads = re.findall(r"^ +LOAD +(0x\w+) (0x\w+) (0x\w+) (0x\w+) (0x\w+) ([RWE ]{3})", headers,
                       re.MULTILINE)
    assert picture.segments == [
        (FLAGS[flags.strip()], int(offset, 16), int(length, 16), int(virtual, 16),
         int(physical, 16), int(memory, 16))
        for offset, virtual, physical, length, memory, flags in loads]
    assert [text.split()[-1] for text in picture.texts if ".bss" in text] == [".bss"]
    assert any(re.search(r"Entry point address: +(0x\w+)", headers).group(1) in text
               for text in picture.texts)


def test_padding_is_zero_and_belongs_to_no_segment(nonos, image):
    content = image.read_bytes()
    padding = [each for each in draw(nonos, image).regions if each.kind == "padding"]
    assert padding
    for each in padding:
        assert each.rights == "none"
        assert set(content[each.offset:each.offset + each.length]) == {0}


def test_the_head_has_name_version_profile_and_digest(nonos, image):
    texts = draw(nonos, image).texts
    digest = re.search(r"^digest +(blake3:\w+)$", nonos("inspect", image).ok().out, re.M).group(1)
    assert texts[0] == "kernel.bin"
    assert texts[1].startswith("nonos 0.1.0, kernel, dev profile, security version 3, ")
    assert f"digest D1 {digest}" in texts


def test_it_says_verified_only_where_it_was_asked_and_is_so(nonos, trusted):
    image, identity = trusted
    assert state(draw(nonos, image)).startswith("not verified: it has two signatures")
    assert state(draw(nonos, image, "-i", identity, "--allow-dev")) == (
        "verified: both signatures are by dev")
    text = CODES["POLICY_DEV"][1]
    assert state(draw(nonos, image, "-i", identity, code="POLICY_DEV")) == (
        f"refused: {text} (POLICY_DEV, code 83)")
    content = bytearray(image.read_bytes())
    content[0x1000] ^= 1
    image.write_bytes(content)
    assert state(draw(nonos, image, "-i", identity, "--allow-dev", code="ED25519")).startswith(
        "refused: ")


def test_the_signer_is_named_once_it_is_known(nonos, trusted):
    image, identity = trusted
    known = re.search(r"^id=(\w+)$", (nonos.folder / identity).read_text(), re.M).group(1)
    line = f"signer id {known}"
    assert line in draw(nonos, image, "-i", identity, "--allow-dev").texts
    assert not any("signer id" in text for text in draw(nonos, image).texts)


def test_it_says_which_signatures_are_missing(nonos, signed):
    content = signed.read_bytes()
    signed.write_bytes(content[:-64] + bytes(64))
    assert state(draw(nonos, signed)).startswith("not verified: it has one signature")
    signed.write_bytes(content[:-3373] + bytes(3373))
    assert state(draw(nonos, signed)).startswith("not signed")


def test_a_broken_image_is_its_length_and_its_signatures(nonos, image):
    content = bytearray(image.read_bytes())
    content[18] = 3
    image.write_bytes(content)
    picture = draw(nonos, image, code="ELF_MACHINE")
    code, text = CODES["ELF_MACHINE"]
    assert [(region.kind, region.length) for region in picture.regions] == [
        ("unread", len(content) - 3373), ("ml-dsa-65-signature", 3309), ("ed25519-signature", 64)]
    assert picture.texts[1].startswith(f"not an image: {text} (ELF_MACHINE, code {code})")
    assert picture.segments == []


def test_what_is_too_short_gives_no_picture_and_leaves_the_old_one(nonos):
    (nonos.folder / "short").write_bytes(b"x")
    (nonos.folder / "old.svg").write_text("old")
    result = nonos("inspect", "--svg", "-o", "old.svg", "short").fails("IMAGE_SHORT")
    assert result.out == "" and (nonos.folder / "old.svg").read_text() == "old"


def test_names_from_outside_are_text_and_nothing_else(nonos, image):
    content = image.read_bytes()
    assert content.count(b"\0.rodata\0") == 1
    changed = content.replace(b"\0.rodata\0", b"\0<g>&'\"\x01\0")
    odd = nonos.folder / "<script>&'\"]]>\u00f8\x07.bin"
    odd.write_bytes(changed)
    out = nonos("inspect", "--svg", odd).ok().out
    picture = image_picture.read(out)
    assert picture.texts[0] == "<script>&'\"]]>???.bin"
    assert "<g>&'\"?" in {region.name for region in picture.regions}
    assert "<script" not in out and out.isascii()


def test_long_names_are_cut(nonos, image):
    name = "n" * 200 + ".bin"
    image.rename(nonos.folder / name)
    texts = draw(nonos, name).texts
    assert texts[0] == "n" * 57 + "..."


def test_random_damage_gives_a_picture_that_holds_together(nonos, signed):
    content = signed.read_bytes()
    parts = [(0, 400), (len(content) - 3373 - 1000, 1000), (0, len(content))]
    seed = os.environ.get("NONOS_TEST_SEED") or str(random.randrange(1 << 32))
    print(f"NONOS_TEST_SEED={seed}")
    chance = random.Random(seed)
    seen = set()
    for count in [0] + [chance.randint(1, 3) for _ in range(80)]:
        changed = bytearray(content)
        for _ in range(count):
            start, length = chance.choice(parts)
            changed[start + chance.randrange(length)] = chance.randrange(256)
        signed.write_bytes(changed)
        picture = image_picture.read(nonos("inspect", "--svg", signed).out)
        assert picture.length == len(changed)
        seen.add(len(picture.regions))
    assert len(seen) > 1


def test_the_same_image_gives_the_same_bytes(nonos, image):
    first = nonos("inspect", "--svg", image).ok().out
    assert nonos("inspect", "--svg", "-o", "map.svg", image).ok().out == ""
    assert (nonos.folder / "map.svg").read_text() == first
    (nonos.folder / "elsewhere").mkdir()
    image.rename(nonos.folder / "elsewhere/kernel.bin")
    assert nonos("inspect", "--svg", "elsewhere/kernel.bin").ok().out == first


def test_without_digest_the_same_layout_gives_the_same_bytes(nonos, image):
    before = nonos("inspect", "--svg", "--no-digest", image).ok().out
    assert "blake3" not in before
    content = bytearray(image.read_bytes())
    content[0x1000] ^= 1
    image.write_bytes(content)
    assert nonos("inspect", "--svg", "--no-digest", image).ok().out == before


def test_it_needs_nothing_from_outside(nonos, image):
    out = nonos("inspect", "--svg", image).ok().out
    root = xml.etree.ElementTree.fromstring(out)
    for each in root.iter():
        assert each.tag.startswith(image_picture.SVG) and each.tag[len(image_picture.SVG):] in (
            "svg title desc style defs pattern rect path g text tspan".split())
        assert not any(name.startswith("on") or "href" in name for name in each.attrib)
    assert set(re.findall(r"url\((.)", out)) == {"#"} and "@import" not in out
    assert out.count("http") == 1 and "prefers-color-scheme:dark" in out


@pytest.mark.parametrize("options", [
    ["--json", "--svg"], ["-o", "x"], ["--json", "-o", "x"], ["--no-digest"], ["--allow-dev"],
    ["--svg", "--allow-dev"]])
def test_options_that_do_not_go_together_are_refused(nonos, image, options):
    nonos("inspect", *options, image).fails("USAGE", "inspect")
    assert [path.name for path in pathlib.Path(nonos.folder).iterdir()] == ["kernel.bin"]


def test_a_picture_that_cannot_be_written_is_an_error(nonos, image):
    nonos("inspect", "--svg", "-o", "missing/map.svg", image).fails("WRITE")
    full = pathlib.Path("/dev/full")
    if full.exists():
        nonos("inspect", "--svg", "-o", full, image).fails("WRITE")


def scaled(picture, kind, factor):
    regions = [each._replace(length=int(each.length * factor)) if each.kind == kind else each
               for each in picture.regions]
    return picture._replace(regions=regions)


def test_a_picture_that_misleads_is_told_from_one_that_is_a_little_old(nonos, image):
    picture = draw(nonos, image)
    assert image_picture.differences(picture, picture) == []
    assert image_picture.differences(scaled(picture, "ml-dsa-65-signature", 1.04), picture) == []
    assert image_picture.differences(scaled(picture, "ml-dsa-65-signature", 1.06), picture)
    assert image_picture.differences(picture._replace(regions=picture.regions[:-1]), picture)
    assert image_picture.differences(picture._replace(length=2 * picture.length), picture)
    first = picture.regions[3]._replace(rights="RW")
    assert image_picture.differences(
        picture._replace(regions=[*picture.regions[:3], first, *picture.regions[4:]]), picture)
    segments = [picture.segments[0]._replace(rights="RW"), *picture.segments[1:]]
    assert image_picture.differences(picture._replace(segments=segments), picture)


def test_a_picture_that_contradicts_itself_is_not_read(nonos, image):
    out = nonos("inspect", "--svg", image).ok().out
    for old, new in ((">3,309<", ">3,308<"), (">0x001000<", ">0x002000<"),
                     (">R read<", ">RW read, write<"), ('data-length="3309"', 'data-length="3308"'),
                     ('data-to="', 'data-to="1'), ('class="bracket" d="M666 177h12V',
                                                   'class="bracket" d="M666 177h12V1')):
        assert old in out
        with pytest.raises((AssertionError, KeyError)):
            image_picture.read(out.replace(old, new, 1))
