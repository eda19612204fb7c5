"""What `make release` refuses before it signs, each in one line. The rest: matrix_release.py."""

import os
import shutil
import subprocess

import pytest
from conftest import ROOT
from releasing import commit, committed_tree, git, lines, make_signer, release
from test_build import make


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release") / "tree"
    committed_tree(folder)
    return folder


@pytest.fixture(autouse=True)
def as_committed(tree):
    """Every test starts with the commit, and none leaves a release."""
    state = git(tree, "rev-parse", "HEAD").strip()
    yield
    assert not os.path.exists(tree / "build/release/kernel.bin")
    git(tree, "reset", "-q", "--hard", state)
    git(tree, "clean", "-q", "-d", "-f")


def refusal(done):
    assert done.returncode == 2, done.stdout
    said = lines(done.stdout)
    assert len(said) == 1, done.stdout
    return said[0]


def test_a_tree_that_is_not_committed_is_refused(tree):
    (tree / "README.md").write_text("changed")
    (tree / "more").write_text("x")
    said = refusal(release(tree, "/nonexistent"))
    assert "the tree is not what was committed (2 files, the first is README.md)" in said


def test_a_tree_that_trusts_no_release_identity_is_refused(tree):
    shutil.rmtree(tree / "keys/trusted", ignore_errors=True)
    commit(tree)
    said = refusal(release(tree, "/nonexistent"))
    assert said.startswith("refused: keys/ trusts no release identity with the role kernel")


@pytest.fixture
def trusting(tree, build, tmp_path):
    """The tree, with acme trusted and committed; the folder with its key."""
    make_signer(f"{build}/nonos", tmp_path, "acme", trusted_by=tree)
    commit(tree)
    return tmp_path


def test_no_key_and_an_empty_one_are_refused(tree, trusting):
    assert trusting
    assert "PROFILE=release needs SIGNING_KEY" in refusal(release(tree))
    assert "SIGNING_KEY is set but empty" in refusal(release(tree, None, SIGNING_KEY=""))


def signer_step(tree, build, key, tmp_path):
    """The step after the host program is built, with that of this build."""
    folder = tmp_path / "build/gen"
    folder.mkdir(parents=True)
    subprocess.run([f"{build}/nonos", "pubkey", "-k", key, "-o", folder / "signer.identity"],
                   check=True, timeout=60)
    return subprocess.run([f"{tree}/scripts/release", "signer", tmp_path / "build"], cwd=tree,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False)


def test_a_signer_that_is_trusted_passes(tree, build, trusting, tmp_path):
    done = signer_step(tree, build, trusting / "acme.key", tmp_path)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_signer_whom_the_tree_does_not_trust_is_refused(tree, build, trusting, tmp_path):
    other = make_signer(f"{build}/nonos", trusting, "other")
    done = signer_step(tree, build, trusting / "other.key", tmp_path)
    assert done.returncode == 1 and done.stdout.startswith(
        f"refused: keys/ does not trust the signing key, whose id is {other}: nonos trust add")


def test_a_signer_that_is_revoked_is_refused(tree, build, trusting, tmp_path):
    make_signer(f"{build}/nonos", trusting, "next", trusted_by=tree)
    subprocess.run([f"{build}/nonos", "trust", "revoke", "acme", "--keys", tree / "keys"],
                   check=True, timeout=60, stdout=subprocess.DEVNULL)
    done = signer_step(tree, build, trusting / "acme.key", tmp_path)
    assert done.returncode == 1 and len(done.stdout.splitlines()) == 1
    assert "is revoked (keys/revoked/acme.identity)" in done.stdout


def test_a_signer_without_the_role_kernel_is_refused(tree, build, trusting, tmp_path):
    path = tree / "keys/trusted/acme.identity"
    path.write_text(path.read_text().replace("roles=kernel\n", "roles=capsule\n"))
    done = signer_step(tree, build, trusting / "acme.key", tmp_path)
    assert done.returncode == 1 and "not a release identity with the role kernel" in done.stdout


def test_a_release_is_of_the_profile_release():
    done = make(ROOT, "release", "PROFILE=dev")
    assert done.returncode == 2 and "make release is always PROFILE=release" in done.stdout


def test_without_git_a_release_is_made_of_a_source_archive_only(tree, tmp_path):
    subprocess.run(["git", "-C", tree, "archive", "-o", tmp_path / "source.tar", "HEAD"],
                   check=True, timeout=60)
    for name, commits in ("archive", True), ("copy", False):
        folder = tmp_path / name
        folder.mkdir()
        subprocess.run(["tar", "-xf", tmp_path / "source.tar", "-C", folder], check=True,
                       timeout=60)
        if not commits:
            shutil.copy(tree / "source.info", folder / "source.info")
        done = subprocess.run(["scripts/release", "check"], cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        assert ("a release names its commit" in done.stdout) == (not commits)
