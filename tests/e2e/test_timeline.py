"""The picture of a boot's steps is of the recorded counts, its steps are those of the sources."""

import json
import os
import re
import sys
import xml.etree.ElementTree

import pytest

from conftest import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "bench"))

import guests  # noqa: E402
import timeline  # noqa: E402

PICTURE = os.path.join(ROOT, "docs", "pictures", "boot-timeline.svg")
BASELINE = os.path.join(ROOT, "tests", "bench", "baseline.json")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def picture():
    return xml.etree.ElementTree.parse(PICTURE).getroot()


@pytest.fixture(scope="module")
def recorded():
    with open(BASELINE, encoding="utf-8") as file:
        return [tuple(step) for step in json.load(file)["boot"]]


def groups(picture, name):
    return [group for group in picture.iter(f"{SVG}g") if group.get("class") == name]


def steps_of(picture):
    return [(group.get("data-part"), group.get("data-name"), int(group.get("data-instructions")))
            for group in groups(picture, "step")]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def words(source, name):
    """The words of a list of them (text_word), each with a NUL behind it."""
    body = re.search(name + r"\[\] =(.*?);", source, re.DOTALL).group(1)
    return "".join(re.findall(r"\"([^\"]*)\"", body)).split("\\0")


def enumerators(path, prefix):
    return re.findall(r"^    (" + prefix + r"_\w+),", read(path), re.MULTILINE)


def names_in_the_sources():
    source = read("kernel/timeline.c")
    selftests = re.findall(r"\{\"([^\"]+)\", test_\w+\}", read("kernel/selftest.c"))
    marks = words(source, "mark_names")
    loader = words(source, "stage_names")
    kernel = ["entry"]
    for name in enumerators("kernel/timeline.h", "TIMELINE")[:-1]:
        kernel.append((selftests if "_SELFTEST_" in name else marks).pop(0))
    assert marks == [] and selftests == []
    assert len(loader) == len(enumerators("abi/handoff.h", "NONOS_STAGE")[1:-1])
    return loader, kernel


def test_the_picture_is_what_the_recorded_counts_give(recorded):
    with open(PICTURE, encoding="utf-8") as file:
        assert file.read() == timeline.draw(recorded), "make timeline draws it anew"


def test_the_steps_are_those_of_loader_and_kernel(picture):
    loader, kernel = names_in_the_sources()
    steps = steps_of(picture)
    assert [name for part, name, _ in steps if part == "loader"] == loader
    assert [name for part, name, _ in steps if part == "kernel"] == kernel


def test_a_start_has_the_steps_of_the_picture(picture, start_pvh, build):
    guest = start_pvh(f"{build}/kernel.bin")
    guest.wait_for_prompt(30)
    names = [name for _, name, _ in guests.read_timeline(guest.ask("timeline"))]
    assert names == [name for part, name, _ in steps_of(picture) if part == "kernel"]


def test_counts_and_shares_add_up(picture):
    steps = steps_of(picture)
    total = sum(count for _, _, count in steps)
    sums = {group.get("data-part"): int(group.get("data-instructions"))
            for group in groups(picture, "part-sum")}
    for part in "loader", "kernel":
        assert sums[part] == sum(count for each, _, count in steps if each == part)
    shown = next(text.text for text in picture.iter(f"{SVG}text") if text.get("class") == "total")
    assert shown.startswith(f"{total:,} instructions")
    shares = [float(group.findall(f"{SVG}text")[-1].text.removesuffix(" %"))
              for group in groups(picture, "step")]
    assert sum(shares) == pytest.approx(100, abs=0.05 * len(shares))
    for share, (_, _, count) in zip(shares, steps):
        assert share == pytest.approx(count * 100 / total, abs=0.051)


def test_each_bar_lies_where_its_step_does(picture):
    steps = steps_of(picture)
    total, before = sum(count for _, _, count in steps), 0
    for group, (_, _, count) in zip(groups(picture, "step"), steps):
        track, bar = group.findall(f"{SVG}rect")
        scale = float(track.get("width")) / total
        assert float(bar.get("x")) == pytest.approx(float(track.get("x")) + before * scale, abs=0.6)
        assert float(bar.get("width")) == pytest.approx(max(count * scale, 0.5), abs=0.01)
        before += count


def test_the_picture_can_be_read_by_everybody(picture):
    title, description = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert picture.get("role") == "img" and picture.get("viewBox")
    assert picture.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
    assert len(description.text) > 50
    assert "prefers-color-scheme:dark" in picture.find(f"{SVG}style").text
    assert not list(picture.iter(f"{SVG}image")) and not list(picture.iter(f"{SVG}script"))
