"""nonos verify --rebuild: whoever has the source can tell what a signed image was built from."""

import os
import re
import signal
import subprocess
import time

import pytest

import rebuilding
from rebuilding import git, must, refused


@pytest.fixture(scope="module")
def release(build, tmp_path_factory):
    made = rebuilding.Release(str(tmp_path_factory.mktemp("release")), f"{build}/nonos")
    made.good = made.build()
    made.changed_commit = rebuilding.change_source(made.maker)
    made.changed = made.build()
    return made


def test_a_release_is_shown_to_be_its_source_without_the_key(release):
    image = release.sign(release.good, "good.bin")
    assert not os.path.exists(f"{release.public}/dev_signing_key.bin")
    before = rebuilding.snapshot(release.public)
    done = release.verify(image)
    assert done.returncode == 0, done.stdout
    assert rebuilding.snapshot(release.public) == before
    assert release.left_over() == []
    b3sum = subprocess.run(["b3sum", "--no-names"], input=release.good[:-3373], check=True,
                           stdout=subprocess.PIPE, timeout=60).stdout.decode().strip()
    assert f"body       blake3:{b3sum}\nrebuild    identical\n" in done.stdout
    assert f"commit     {release.commit}\n" in done.stdout
    assert "nobody who is trusted here: the signatures are not judged" in done.stdout
    assert "not shown  who signed it" in done.stdout


def test_another_source_line_is_named_by_section_and_symbol(release):
    """The key holder builds something else and says that it is the public commit."""
    forged = rebuilding.with_manifest(release.changed, rebuilding.manifest_of(release.good))
    image = release.sign(forged, "forged.bin")
    done = release.verify(image, "-i", release.identity_of(release.key))
    refused(done, "verdict    verified\n", "rebuild    different\n")
    first = re.search(r"^first +\.text\+0x[0-9a-f]+, pic_mask\+0x([0-9a-f]+), offset 0x([0-9a-f]+)"
                      r" in the image\n +a2 .* in the image\n +a0 .* here$", done.stdout,
                      re.MULTILINE)
    assert first, done.stdout
    offset = int(first[2], 16)
    assert (forged[offset], release.good[offset]) == (0xa2, 0xa0)
    assert "differs    .text" in done.stdout
    assert "in all     1 bytes differ, in 1 parts" in done.stdout
    assert "\nmanifest" not in done.stdout and "compiler" not in done.stdout
    assert release.left_over() == []


def test_an_honest_image_of_a_commit_that_is_not_public_is_refused(release):
    image = release.sign(release.changed, "changed.bin")
    refused(release.verify(image), f"nonos: {release.changed_commit}: ", "there is no such commit")
    assert release.left_over() == []


@pytest.mark.parametrize("line, words", [
    (b"\ndirty=no\n", "dirty=yes: it was built from files that its commit does not have"),
    (b"\ncommit=", "commit=none: nobody can say what it was built from"),
])
def test_what_nobody_can_build_again_is_refused(release, tmp_path, line, words):
    elf = f"{tmp_path}/kernel.elf"
    manifest = rebuilding.manifest_of(release.good)
    if line == b"\ndirty=no\n":  # a value that is one letter longer takes one from another
        other = manifest.replace(line, b"\ndirty=yes\n").replace(b"=pqclean ", b"=pqclean")
    else:
        gone = re.search(rb"\ncommit=([0-9a-f]{40})\n", manifest)[1]
        other = manifest.replace(b"commit=" + gone, b"commit=none").replace(
            b"\ncompiler=", b"\ncompiler=" + 36 * b"x")
    with open(elf, "wb") as file:
        file.write(rebuilding.with_manifest(release.good, other))
    refused(release.verify(elf), words)


def test_a_commit_of_no_branch_and_no_tag_is_not_built(release, tmp_path):
    """Such as a proposal that was fetched once: its maker may be anybody."""
    clone = f"{tmp_path}/clone"
    must(*rebuilding.GIT, "clone", "-q", release.public, clone)
    git(clone, "fetch", "-q", release.maker, "main")
    image = release.sign(release.changed, "changed.bin")
    refused(release.verify(image, folder=clone), "no branch and no tag of . has that commit")


def test_a_shallow_clone_and_a_folder_without_one_say_so(release, tmp_path):
    image = release.sign(release.good, "good.bin")
    shallow = f"{tmp_path}/shallow"
    must(*rebuilding.GIT, "clone", "-q", "--depth", "1", f"file://{release.maker}", shallow)
    refused(release.verify(image, folder=shallow), "is a shallow clone", "git fetch --unshallow")
    refused(release.verify(image, folder=str(tmp_path)), "git finds no repository there",
            "--source")
    nowhere = f"{tmp_path}/nowhere"
    refused(release.verify(image, "--source", nowhere), f"nonos: {nowhere}: ")


def test_without_git_it_says_so(release, tmp_path):
    image = release.sign(release.good, "good.bin")
    refused(release.verify(image, PATH=str(tmp_path)), "nonos: git: ", "install it")
    assert release.left_over() == []


def test_a_signer_who_is_asked_for_has_to_be_the_one(release, nonos, tmp_path):
    image = release.sign(release.good, "good.bin")
    other = f"{tmp_path}/other.key"
    assert nonos("keygen", "-o", other).returncode == 0
    done = release.verify(image, "-i", release.identity_of(other))
    assert done.returncode == 22 and "(ED25519, code 22)" in done.stdout
    assert "rebuild" not in done.stdout.split("nonos:")[0]


def test_a_signer_who_is_revoked_here_is_refused_unasked(release, tmp_path):
    image = release.sign(release.good, "good.bin")
    clone = f"{tmp_path}/clone"
    must(*rebuilding.GIT, "clone", "-q", release.public, clone)
    with open(release.identity_of(release.key), encoding="ascii") as file:
        identity = file.read()
    os.makedirs(f"{clone}/keys/revoked", exist_ok=True)
    with open(f"{clone}/keys/revoked/maker.identity", "w", encoding="ascii") as file:
        file.write(identity)
    with open(f"{clone}/keys/pins", "a", encoding="ascii") as file:
        file.write(re.search("^id=(.*)$", identity, re.MULTILINE)[1] + " maker.identity\n")
    done = release.verify(image, folder=clone)
    assert done.returncode == 24 and "(REVOKED, code 24)" in done.stdout
    assert "commit" not in done.stdout and release.left_over() == []


def claims_a_commit_with(makefile, release, tmp_path):
    """A clone whose newest commit has this Makefile; an image that names that commit."""
    clone = f"{tmp_path}/clone"
    must(*rebuilding.GIT, "clone", "-q", release.public, clone)
    with open(f"{clone}/Makefile", "w", encoding="utf-8") as file:
        file.write(makefile)
    commit = rebuilding.commit_all(clone, "Break it")
    image = f"{tmp_path}/image"
    with open(image, "wb") as file:
        file.write(rebuilding.with_line(release.good, "commit", commit))
    return clone, image


def test_a_build_that_fails_names_its_log_and_saw_no_key(release, tmp_path):
    clone, image = claims_a_commit_with("$(info $(shell env | sed 's/^/saw /' >&2))\n"
                                        "$(error this source is broken)\n", release, tmp_path)
    done = release.verify(image, folder=clone, SIGNING_KEY="5" * 64, SIGNING_KEY_PQ="x",
                          NONOS_PIN="1234", NONOS_PASSPHRASE="x", MAKEFLAGS="-n",
                          GIT_CEILING_DIRECTORIES="/nowhere")
    refused(done, "nonos: make: ", "this source is broken")
    log = re.search(r"what it printed is in (\S+\.log)$", done.stdout, re.MULTILINE)[1]
    assert release.left_over() == [os.path.basename(log)]
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    os.remove(log)
    assert "saw PATH=" in text and "saw SOURCE_DATE_EPOCH=" in text
    assert re.findall(r"saw (?:SIGNING_|NONOS_|GIT_|MAKEFLAGS=.*n)\S*", text) == []


def processes_in(folder):
    """Ids of those whose current folder is in this one."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.readlink(f"/proc/{name}/cwd").startswith(folder):
                found.append(int(name))
        except OSError:  # it has ended meanwhile
            continue
    return found


@pytest.mark.parametrize("number, recipe", [
    (signal.SIGINT, "sleep 300"),
    (signal.SIGTERM, "trap '' TERM INT; sleep 300"),  # what does not end when it is asked to
])
def test_an_end_in_mid_build_leaves_nothing_behind(release, tmp_path, number, recipe):
    clone, image = claims_a_commit_with(
        f"build/release/kernel.unsigned:\n\t@touch started; {recipe}; true\n", release, tmp_path)
    process = subprocess.Popen([release.nonos, "verify", "--rebuild", image], cwd=clone,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=release.environment())
    scratch, until = f"{release.folder}/scratch", time.monotonic() + 60
    try:
        while not any(path.endswith("/started") for path in rebuilding.paths_in(scratch)):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.05)
        assert len(processes_in(scratch)) >= 2  # make, and what it runs
        process.send_signal(number)
        assert process.wait(timeout=60) == -number
    finally:
        process.kill()
        process.wait()
    assert processes_in(scratch) == []
    assert release.left_over() == []
