"""The folders' READMEs name what is there, and "Where do I ..." leads somewhere."""

import os
import re

import pytest
from conftest import ROOT

TOP = "abi boot crypto display image kernel tools tests scripts docs keys".split()
# What a folder has only once somebody is trusted.
LATER = {"keys": {"trusted/", "revoked/", "pins"}}


def is_ours(name):
    return not name.startswith((".", "__")) and not name.endswith((".pyc", "~"))


def folders():
    found = []
    for top in TOP:
        for path, below, names in os.walk(ROOT / top):
            below[:] = sorted(filter(is_ours, below))
            if any(map(is_ours, names)):
                found.append(os.path.relpath(path, ROOT))
    return found


def entries(folder):
    """What lies in it; a subfolder has a slash at its end."""
    with os.scandir(ROOT / folder) as found:
        return {entry.name + "/" * entry.is_dir() for entry in found
                if is_ours(entry.name) and entry.name != "README.md"}


def named(text):
    """What the table of files names: `x` stands for x.c, x.h and x.S, `x.c` for its header too."""
    rows = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def covers(name, entry):
    return entry in (name, name + ".c", name + ".h", name + ".S",
                     name.removesuffix(".c") + ".h")


def modules():
    """The names of all files that a unit test can be of."""
    return {path.stem for top in ("crypto", "image", "display", "boot", "kernel", "tools")
            for path in (ROOT / top).rglob("*.c")}


def unnamed(folder, text):
    missing = {entry for entry in entries(folder)
               if not any(covers(name, entry) for name in named(text))}
    if folder == "tests/unit":  # named by a rule: it is the test of the module of its name
        missing = {entry for entry in missing if entry.removesuffix(".c") not in modules()}
    return missing


def test_the_list_of_folders_is_that_of_the_tree():
    assert {"boot", "crypto/pqclean", "kernel/mem", "tests/unit", "docs/pictures"} <= set(folders())
    tops = {name for name in os.listdir(ROOT) if (ROOT / name).is_dir() and is_ours(name)}
    assert tops - {"build", "node_modules"} == set(TOP)


@pytest.mark.parametrize("folder", folders())
def test_a_readme_names_every_file_of_its_folder(folder):
    readme = ROOT / folder / "README.md"
    assert readme.exists(), f"{folder}/ has no README.md: what is it for, what is in it?"
    missing = unnamed(folder, readme.read_text())
    assert not missing, f"{folder}/README.md does not name {sorted(missing)}: add a line each"


@pytest.mark.parametrize("folder", folders())
def test_a_readme_names_nothing_that_is_not_there(folder):
    there = entries(folder) | LATER.get(folder, set())
    gone = {name for name in named((ROOT / folder / "README.md").read_text())
            if not any(covers(name, entry) for entry in there)}
    assert not gone, f"{folder}/README.md names {sorted(gone)}, which is not there"


@pytest.mark.parametrize("folder", folders())
def test_a_readme_is_short(folder):
    assert len((ROOT / folder / "README.md").read_text().splitlines()) <= 50


@pytest.mark.parametrize("folder", folders())
def test_the_paths_in_a_readme_exist(folder):
    """`tests/unit/x.c` and the like; a name without a folder is of the file named before it."""
    text = (ROOT / folder / "README.md").read_text()
    paths = re.findall(rf"`((?:{'|'.join(TOP)})/[\w./-]*)`", text)
    gone = [path for path in paths if not (ROOT / path).exists()]
    assert not gone, f"{folder}/README.md: {gone}"


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def where_rows():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return re.findall(r"^\| ([^|]+\?) \| (.+) \|$", text, re.MULTILINE)


def check_answer(answer):
    """Everything in an answer that can be wrong, and how many things that was."""
    count = 0
    for target, anchor in re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", answer):
        assert (ROOT / target).exists(), target
        assert not anchor or anchor in anchors(ROOT / target), f"{target}#{anchor}"
        count += 1
    for path in re.findall(r"`([\w./-]+/[\w.-]*|[\w-]+\.\w+)`", answer):
        assert (ROOT / path).exists(), path
        count += 1
    for path, word in re.findall(r"`([\w./-]+)`: `(\w+)`", answer):
        assert re.search(rf"\b{word}\b", (ROOT / path).read_text()), f"{path}: {word}"
    targets = "".join(path.read_text() for path in
                      [ROOT / "Makefile", *sorted((ROOT / "tests").glob("*/rules.mk"))])
    for target in re.findall(r"`make ([\w-]+)`", answer):
        assert re.search(rf"^{target}:.*## ", targets, re.MULTILINE), f"make {target}"
        count += 1
    return count


def test_where_do_i_has_ten_questions_and_more():
    assert len(where_rows()) >= 10


@pytest.mark.parametrize("question, answer", where_rows())
def test_where_do_i_leads_somewhere(question, answer):
    assert check_answer(answer) > 0, question


@pytest.mark.parametrize("answer", [
    "`image/gone.c`", "[x](docs/gone.md)", "[x](docs/boot.md#gone)", "`image/verify.c`: `gone`",
    "`make gone`"])
def test_an_answer_that_leads_nowhere_is_seen(answer):
    with pytest.raises(AssertionError):
        check_answer(answer)


def test_a_file_that_no_readme_names_is_seen():
    text = (ROOT / "image/README.md").read_text()
    assert unnamed("image", text) == set()
    assert unnamed("image", text.replace("`verify`", "`x`")) == {"verify.c", "verify.h"}
