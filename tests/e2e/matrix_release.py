"""A release, made in two clones, and checked as whoever gets it would (docs/releases.md).

`make matrix` runs this. Two clones make the same release at once; the tests share them.
"""

import concurrent.futures
import hashlib
import os
import shutil
import subprocess
import tarfile

import pytest
from releasing import FOLDER, clone, commands, commit, committed_tree, git, make_signer, release

SECTIONS = "123456"
OTHER = {"TZ": "Pacific/Chatham", "LC_ALL": "C", "HOME": "/nonexistent", "USER": "somebody"}


@pytest.fixture(scope="module")
def trees(build, tmp_path_factory):
    """Two clones of one commit, each with its release, and the key of both."""
    top = tmp_path_factory.mktemp("releases")
    first, second = top / "first", top / "a-longer-path" / "of-another-depth" / "second"
    committed_tree(first)
    make_signer(f"{build}/nonos", top, "acme", trusted_by=first)
    commit(first)
    os.makedirs(second.parent)
    clone(first, second)
    key = str(top / "acme.key")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(release, first, key), pool.submit(release, second, key, **OTHER)]
        for run in runs:
            assert run.result().returncode == 0, run.result().stdout
    return first, second, key


def state(folder):
    """Everything of it: names, content, modes, times."""
    found = {}
    for top, _, names in os.walk(folder):
        for path in [top, *(os.path.join(top, name) for name in names)]:
            about = os.stat(path)
            content = b""
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).digest()
            found[os.path.relpath(path, folder)] = content, oct(about.st_mode), about.st_mtime
    return found


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def test_two_clones_make_the_same_release(trees):
    first, second, _ = trees
    ours = state(first / FOLDER)
    assert ours == state(second / FOLDER)
    assert {"kernel.bin", "BOOTX64.EFI", "nonos.img", "nonos.cdx.json", "nonos.spdx.json", "VERIFY",
            "SHA256SUMS", "B3SUMS", "signer.pem", "keys/pins", "keys/trusted/acme.identity",
            "licenses/nonos.txt", "licenses/console-font.txt"} <= set(ours)
    assert {mode for _, mode, _ in ours.values()} == {"0o100644", "0o40755"}
    epoch = int(git(first, "log", "-1", "--format=%ct"))
    assert {time for _, _, time in ours.values()} == {epoch}
    assert digest(first / f"{FOLDER}.tar") == digest(second / f"{FOLDER}.tar")
    left = [name for name in os.listdir(first / "build/release") if name.startswith(".nonos")]
    assert left == []


def test_the_archive_is_the_folder_and_nobodys(trees, tmp_path):
    first, _, _ = trees
    with tarfile.open(first / f"{FOLDER}.tar") as tar:
        assert tar.getnames() == sorted(tar.getnames())
        assert {(each.uid, each.gid, each.uname, each.gname) for each in tar} == {(0, 0, "", "")}
    subprocess.run(["tar", "-xf", first / f"{FOLDER}.tar", "-C", tmp_path, "--no-same-owner"],
                   check=True, timeout=60)
    assert state(tmp_path / "nonos-0.1.0") == state(first / FOLDER)


def test_a_second_run_gives_the_same_and_another_release_stays(trees):
    first, _, key = trees
    before = state(first / FOLDER)
    done = release(first, key)
    assert done.returncode == 0 and "which was there already" in done.stdout
    assert state(first / FOLDER) == before
    shutil.rmtree(first / FOLDER)
    assert release(first, key).returncode == 0 and state(first / FOLDER) == before

    commit(first)  # the same files, and another commit in the manifest
    try:
        done = release(first, key)
        assert done.returncode == 2
        assert f"refused: {FOLDER} is another release (B3SUMS differs)" in done.stdout
        assert state(first / FOLDER) == before
    finally:
        git(first, "reset", "-q", "--hard", "HEAD~1")


# As whoever gets it -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def received(trees, tmp_path_factory):
    """The folder, unpacked somewhere else, with nothing around it."""
    place = tmp_path_factory.mktemp("received")
    subprocess.run(["tar", "-xf", trees[0] / f"{FOLDER}.tar", "-C", place], check=True, timeout=60)
    return place / "nonos-0.1.0"


def shell(folder, script, build, **env):
    path = f"{build}:{os.environ['PATH']}"
    return subprocess.run(["sh", "-c", script], cwd=folder, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
                          check=False, env={"PATH": path, "HOME": "/nonexistent", **env})


def note_of(received):
    return (received / "VERIFY").read_text()


def scripts(received):
    """What can fail by itself: each line, but of section 3, where only all of them make sense."""
    found = commands(note_of(received), SECTIONS)
    found["3"] = ["set -e; " + "\n".join(found["3"])]
    return [script for number in SECTIONS for script in found[number]]


def test_every_command_of_verify_holds(received, build):
    assert len(scripts(received)) == 12
    for script in scripts(received):
        done = shell(received, script, build)
        assert done.returncode == 0, f"{script}\n{done.stdout}"
    line = next(line for line in note_of(received).splitlines() if line.startswith("    sed -n"))
    done = shell(received, line, build)
    assert done.returncode == 0 and "+ nonos verify --keys keys kernel.bin" in done.stdout


def changed(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def files_of(folder):
    return sorted(os.path.relpath(os.path.join(top, name), folder)
                  for top, _, names in os.walk(folder) for name in names)


def test_one_changed_byte_in_any_file_is_noticed(received, build):
    for name in files_of(received):
        length = os.path.getsize(received / name)
        for offset in sorted({0, length // 2, length - 1}):
            changed(received / name, offset)
            try:
                assert any(shell(received, script, build).returncode
                           for script in scripts(received)[1::-1]), f"{name} at {offset}"
            finally:
                changed(received / name, offset)
    assert shell(received, scripts(received)[0], build).returncode == 0


# A place in a file, and which commands (the first is 1) notice that without the lists.
BEYOND_THE_LISTS = [
    ("keys/trusted/acme.identity", b"id=", {3, 12}), ("keys/pins", b" acme", {4, 12}),
    ("keys/trusted/acme.identity", b"mldsa65=", {5, 12}), ("signer.pem", b"MCow", {6, 7}),
    ("keys/trusted/acme.identity", b"ed25519=", {5, 6, 12}), ("kernel.bin", b"ELF", {7, 11, 12}),
    ("nonos.cdx.json", b"pqclean", {8}), ("nonos.spdx.json", b"pqclean", {9}),
    ("BOOTX64.EFI", b"MZ", {10}), ("nonos.img", b"security-version=1", {11}),
]


@pytest.mark.parametrize("name, mark, numbers", BEYOND_THE_LISTS)
def test_somebody_who_makes_the_lists_anew_is_noticed(received, build, tmp_path, name, mark,
                                                      numbers):
    """Each command after the first two notices by itself what it is there for."""
    folder = tmp_path / "forged"
    shutil.copytree(received, folder)
    with open(folder / name, "rb") as file:
        changed(folder / name, file.read().index(mark) + len(mark) + 8)
    lists = "names=$(cut -c67- SHA256SUMS); sha256sum $names > SHA256SUMS; " \
            "names=$(cut -c67- B3SUMS); b3sum $names > B3SUMS"
    assert shell(folder, lists, build).returncode == 0
    every = scripts(received)
    assert [shell(folder, script, build).returncode for script in every[:2]] == [0, 0]
    failed = {number + 1 for number, script in enumerate(every)
              if shell(folder, script, build).returncode}
    assert failed == numbers


def test_every_command_is_one_that_can_fail():
    assert set().union(*(numbers for _, _, numbers in BEYOND_THE_LISTS)) == set(range(3, 13))


def test_whoever_has_no_key_makes_the_same_bytes(trees, received, build, tmp_path):
    """Section 7, in a clone that has never seen the key."""
    first, _, _ = trees
    clone(first, tmp_path / "source")
    script = "set -e\n" + "\n".join(commands(note_of(received), "7")["7"])
    env = {"source": str(tmp_path / "source"), "release": str(received), "HOME": str(tmp_path)}
    done = shell(tmp_path, script, build, **env)
    assert done.returncode == 0, done.stdout
    assert "rebuild    identical" in done.stdout
    changed(received / "BOOTX64.EFI", 0x400)
    try:
        compare = next(line for line in script.splitlines() if line.startswith("cmp"))
        done = shell(tmp_path / "source", compare, build, **env)
        assert done.returncode == 1
    finally:
        changed(received / "BOOTX64.EFI", 0x400)
