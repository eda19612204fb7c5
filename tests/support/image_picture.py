"""What a picture of `nonos inspect --svg` says, read with Python's XML parser.

read() refuses a picture that contradicts itself: what a program reads (data-*), what a person reads
(the texts) and what is drawn (rows, bar, brackets) have to be the same.
"""

import collections
import re
import xml.etree.ElementTree

SVG = "{http://www.w3.org/2000/svg}"
TRAILERS = {"ML-DSA-65": 3309 + 64, "Ed25519": 64}
RIGHTS = {"R": "R read", "RX": "RX read, execute", "RW": "RW read, write", "none": "not loaded"}
# Where the parts of a file are by rounding, and of no length worth telling.
BETWEEN = ("padding", "fill")

Region = collections.namedtuple("Region", "kind name rights offset length")
Segment = collections.namedtuple("Segment", "rights offset length virtual physical memory")
Picture = collections.namedtuple("Picture", "length regions segments covers texts")


def texts_of(element):
    return ["".join(text.itertext()).strip() for text in element.iter(f"{SVG}text")]


def numbers(element, attribute):
    return [float(number) for number in re.findall(r"-?[\d.]+", element.get(attribute))]


def of_class(root, name):
    return [each for each in root.iter() if name in (each.get("class") or "").split()]


def read_region(group):
    region = Region(group.get("data-kind"), group.get("data-name"), group.get("data-rights"),
                    int(group.get("data-offset")), int(group.get("data-length")))
    what, rights, offset, length = texts_of(group)
    assert what.startswith(region.name) and what
    assert rights == RIGHTS[region.rights]
    assert offset == f"0x{region.offset:06x}" and length == f"{region.length:,}"
    return region


def read_segment(group):
    segment = Segment(group.get("data-rights"), int(group.get("data-offset")),
                      int(group.get("data-length")), int(group.get("data-virtual"), 16),
                      int(group.get("data-physical"), 16), int(group.get("data-memory")))
    rights, virtual, physical, length, memory = texts_of(group)[:5]
    assert rights == RIGHTS[segment.rights]
    assert (int(virtual, 16), int(physical, 16)) == (segment.virtual, segment.physical)
    assert (length, memory) == (f"{segment.length:,}", f"{segment.memory:,}")
    return segment


def check_rows(groups, regions, total):
    """Rows follow each other; the bar is to scale. Returns where each row begins, and the end."""
    tops, y = [], None
    for group in groups:
        row = of_class(group, "row")[0]
        assert y is None or float(row.get("y")) == y
        tops.append(float(row.get("y")))
        y = tops[-1] + float(row.get("height"))
        assert float(row.get("height")) >= 24
    for group, region in zip(groups, regions):
        _, start, _, end, _ = numbers(of_class(group, "bar")[0], "d")
        for drawn, offset in (start, region.offset), (end, region.offset + region.length):
            assert abs(drawn - tops[0] - offset * (y - tops[0]) / total) < 0.02
    return dict(zip([region.offset for region in regions] + [total], tops + [y]))


def read(content):
    root = xml.etree.ElementTree.fromstring(content)
    assert root.tag == f"{SVG}svg" and root.get("viewBox").startswith("0 0 ")
    assert root[0].tag == f"{SVG}title" and root[1].tag == f"{SVG}desc"
    assert root.get("aria-labelledby").split() == [root[0].get("id"), root[1].get("id")]
    groups = of_class(root, "region")
    regions = [read_region(group) for group in groups]
    total = 0
    for region in regions:
        assert region.offset == total and region.length > 0
        total += region.length
    rows = check_rows(groups, regions, total)
    covers = {}
    for group in of_class(root, "cover"):
        name, covered = group.get("data-signature"), int(group.get("data-to"))
        assert group.get("data-from") == "0" and f"{covered:,} bytes," in texts_of(group)
        bracket = numbers(of_class(group, "bracket")[0], "d")
        assert (bracket[1], bracket[3]) == (rows[0] + 1, rows[covered] - 1)
        covers[name] = covered
    assert covers == {name: total - length for name, length in TRAILERS.items()}
    segments = [read_segment(group) for group in of_class(root, "segment")]
    for group, segment in zip(of_class(root, "segment"), segments):
        outline = of_class(group, "outline")
        assert bool(outline) == (segment.length > 0)
        for box in outline:
            assert float(box.get("y")) == rows[segment.offset]
            assert float(box.get("y")) + float(box.get("height")) == rows[
                segment.offset + segment.length]
    return Picture(total, regions, segments, covers, texts_of(root))


def is_near(old, new):
    """Within 5 percent, or 64 bytes where that is more."""
    return abs(old - new) <= max(64, new * 0.05)


def differences(old, new):
    """Where an older picture misleads about what a newer one shows."""
    wrong = []

    def names(regions):
        return [(region.kind, region.name, region.rights) for region in regions]

    before, now = ([region for region in picture.regions if region.kind not in BETWEEN]
                   for picture in (old, new))
    if names(before) != names(now):
        wrong.append(f"regions {names(before)}, not {names(now)}")
    wrong += [f"{region.kind} {region.name} of {region.length} bytes, not {other.length}"
              for region, other in zip(before, now) if not is_near(region.length, other.length)]
    if [each.rights for each in old.segments] != [each.rights for each in new.segments]:
        wrong.append("segments with other rights")
    wrong += [f"segment {segment.rights} of {segment.memory} bytes, not {other.memory}"
              for segment, other in zip(old.segments, new.segments)
              if not is_near(segment.memory, other.memory)]
    if not is_near(old.length, new.length):
        wrong.append(f"{old.length} bytes, not {new.length}")
    return wrong
