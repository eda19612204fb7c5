"""nonos verify --rebuild where more than one thing is unusual: each takes a whole build."""

import os
import re
import shutil
import subprocess

import pytest

import rebuilding
from rebuilding import git, must, refused, run

TEXT, CHANGED_TEXT = b"how this system came to run", b"how that system came to run"


@pytest.fixture(scope="module")
def release(build, tmp_path_factory):
    made = rebuilding.Release(str(tmp_path_factory.mktemp("release")), f"{build}/nonos", "dev")
    made.good = made.build()
    return made


def test_a_development_image_is_rebuilt_as_one_from_a_shallow_clone(release, tmp_path):
    assert b"\nprofile=dev\n" in release.good
    image = release.sign(release.good, "good.bin")
    shallow = f"{tmp_path}/shallow"
    must(*rebuilding.GIT, "clone", "-q", "--depth", "1", f"file://{release.public}", shallow)
    rebuilding.copy_packages(shallow)
    done = release.verify(image, folder=shallow)
    assert done.returncode == 0, done.stdout
    assert "rebuild    identical\n" in done.stdout and release.left_over() == []
    assert not os.path.exists(f"{shallow}/build")


def test_another_compiler_is_said_first_and_a_text_by_its_bytes(release, tmp_path):
    """In a worktree, whose commit is on no branch, with nothing in npm's cache."""
    compiler = re.search(rb"^compiler=(.*)$", rebuilding.manifest_of(release.good), re.MULTILINE)[1]
    other = compiler.replace(b"19", b"18", 1).decode()
    image = rebuilding.with_line(release.good, "compiler", other)
    assert image.count(TEXT) == 1
    image = release.sign(image.replace(TEXT, CHANGED_TEXT), "changed.bin")
    tree = f"{tmp_path}/tree"
    git(release.public, "worktree", "add", "-q", "--detach", tree, release.commit)
    rebuilding.copy_packages(tree)
    done = release.verify(image, folder=f"{tree}/docs", npm_config_cache=f"{tmp_path}/cache")
    refused(done, "pqclean    copied from this checkout", f"compiler   {other} in the image\n",
            f"           {compiler.decode()} here\n", "this explains the rest")
    assert re.search(r"^first +\.rodata\+0x[0-9a-f]+, .*\n +61 .* in the image\n +69 .* here$",
                     done.stdout, re.MULTILINE)
    assert done.stdout.index("compiler ") < done.stdout.index("first ")
    assert "differs    .nonos.manifest" in done.stdout
    assert release.left_over() == [] and "\nmanifest" not in done.stdout


def test_a_full_disk_is_called_one(release, tmp_path):
    image = release.sign(release.good, "good.bin")
    if os.getuid() != 0 or run("unshare", "-m", "true").returncode != 0:
        pytest.skip("only root can mount a small disk")
    scratch = f"{tmp_path}/small"
    os.makedirs(scratch)
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=24m none "$1" && shift && '
         '"$@"; status=$?; ls "$TMPDIR"; exit $status', "sh", scratch, release.nonos, "verify",
         "--rebuild", image], cwd=release.public, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False,
        env=release.environment(TMPDIR=scratch))
    refused(done, "there is no room left on the disk of", "TMPDIR")
    assert done.stdout.splitlines()[-1].startswith("  there is no room left"), "something is left"


def test_a_temporary_folder_that_make_cannot_build_in_is_refused(release, tmp_path):
    image = release.sign(release.good, "good.bin")
    blank = f"{tmp_path}/with blank"
    os.makedirs(blank)
    refused(release.verify(image, TMPDIR=blank), "name another one with TMPDIR")
    assert os.listdir(blank) == []
    shutil.rmtree(blank)
    done = release.verify(image, TMPDIR=f"{tmp_path}/nowhere")
    assert done.returncode == 4 and "(WRITE, code 4)" in done.stdout
