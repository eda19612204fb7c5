"""scripts/linux-kernel, which `make bench` has its Linux from, with an archive of ours."""

import os
import subprocess

import pytest

from conftest import ROOT

SCRIPT = os.path.join(ROOT, "scripts", "linux-kernel")
PROGRAM = bytes.fromhex("02214c18") + b"the kernel itself"
# What stands for the programs: the archive has what $has is a pattern of, and lz4 packs nothing.
PROGRAMS = {
    "apt-get": 'echo "$*" >> "$log"\ncase "$*" in\n*update*) ;;\n'
               '*download*$has*) touch package.deb ;;\n*) exit 100 ;;\nesac',
    "apt-cache": 'echo "  Depends: linux-image-newer"',
    "dpkg-deb": 'case $1 in\n-f) echo 7.8-9 ;;\n'
                '-x) mkdir -p "$3/boot" && cp "$image" "$3/boot/vmlinuz-7.8" ;;\nesac',
    "lz4": "exec cat",
    "sudo": 'shift; exec "$@"',
}


def boot_image(packed):
    """A bzImage: two sectors of setup, which say where the packed kernel is in the rest."""
    setup = bytearray(1024)
    setup[0x1F1] = 1
    setup[0x202:0x206] = b"HdrS"
    setup[0x248:0x250] = (16).to_bytes(4, "little") + len(packed).to_bytes(4, "little")
    return bytes(setup) + bytes(16) + packed + b"behind it"


@pytest.fixture
def fetch(tmp_path):
    for name, text in PROGRAMS.items():
        path = tmp_path / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def run(*arguments, has="linux-image", packed=PROGRAM + len(PROGRAM).to_bytes(4, "little")):
        (tmp_path / "image").write_bytes(boot_image(packed))
        return subprocess.run(
            [SCRIPT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=60, check=False,
            env={"PATH": f"{tmp_path}/programs:/usr/bin:/bin", "BUILD": str(tmp_path / "build"),
                 "log": str(tmp_path / "log"), "image": str(tmp_path / "image"), "has": has,
                 "PYTHONDONTWRITEBYTECODE": "1"})
    run.folder = tmp_path / "build" / "linux"
    run.log = tmp_path / "log"
    return run


def pinned():
    with open(os.path.join(ROOT, "scripts", "packages"), encoding="ascii") as file:
        words = next(line.split() for line in file if " unpacked:linux " in line)
    return f"{words[3]}={words[2]}"


def test_the_pinned_version_is_fetched_once_and_unpacked(fetch):
    assert fetch("--check").returncode == 1
    done = fetch()
    assert done.returncode == 0 and pinned() in done.stdout, done.stdout
    assert (fetch.folder / "vmlinux").read_bytes() == PROGRAM
    assert (fetch.folder / "version").read_text() == "7.8-9"
    assert fetch("--check").returncode == 0
    before = fetch.log.read_text()
    assert f"download {pinned()}" in before and "install" not in before
    assert fetch().stdout == "" and fetch.log.read_text() == before


def test_where_the_archive_has_it_no_more_the_current_one_is_taken_and_said(fetch):
    done = fetch(has="linux-image-newer")
    assert done.returncode == 0, done.stdout
    assert f"has no {pinned()}; taking linux-image-newer" in done.stdout
    assert fetch("--check").returncode == 0


def test_without_an_archive_it_says_what_is_missing_and_leaves_nothing(fetch):
    done = fetch(has="nothing")
    assert done.returncode == 1 and "needs the network" in done.stdout
    assert "update" in fetch.log.read_text()
    assert fetch("--check").returncode == 1


@pytest.mark.parametrize("packed, why", [(b"\x1f\x8b" + bytes(30), "not packed with LZ4"),
                                         (PROGRAM + bytes(4), "could not unpack")])
def test_a_kernel_that_cannot_be_unpacked_is_none(fetch, packed, why):
    done = fetch(packed=packed)
    assert done.returncode == 1 and why in done.stdout
    assert fetch("--check").returncode == 1


def test_what_was_fetched_for_another_pin_is_fetched_again(fetch):
    assert fetch().returncode == 0
    (fetch.folder / "pinned").write_text("linux-image-older=1")
    assert fetch("--check").returncode == 1
