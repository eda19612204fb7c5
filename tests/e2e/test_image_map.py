"""The map in the README shows the image that this tree builds."""

import os
import re
import sys

from conftest import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

import image_picture  # noqa: E402

PICTURE = os.path.join(ROOT, "docs", "pictures", "image-map.svg")


def committed():
    with open(PICTURE, encoding="utf-8") as file:
        return image_picture.read(file.read())


def test_the_map_in_the_documents_is_that_of_this_kernel(build, nonos):
    done = nonos("inspect", "--svg", f"{build}/kernel.bin")
    assert done.returncode == 0, done.stdout
    wrong = image_picture.differences(committed(), image_picture.read(done.stdout))
    assert wrong == [], "docs/pictures/image-map.svg: `make pictures` draws it again: " + str(wrong)


def test_the_map_says_who_signed_it_and_has_no_digest(build, nonos):
    """The digest depends on every source, of which the picture is one."""
    texts = committed().texts
    assert texts[2] == "verified: both signatures are by example"
    assert not any("blake3" in text for text in texts)
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as file:
        key = re.search(r"^PUBLIC_KEY := (\w{64})$", file.read(), re.MULTILINE).group(1)
    done = nonos("pubkey", environment={"SIGNING_KEY": key})
    known = re.search(r"^id=(\w{64})$", done.stdout, re.MULTILINE).group(1)
    assert f"signer id {known}" in texts


def test_the_readme_shows_the_map_in_words_too():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        words = re.search(r"!\[([^\]]+)\]\(docs/pictures/image-map\.svg\)", file.read()).group(1)
    for each in "ML-DSA-65", "Ed25519", "segments", "manifest":
        assert each in words
