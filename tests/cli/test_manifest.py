"""scripts/manifest and scripts/manifest-section, in repositories of their own."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import FONT, ROOT, llvm

LINE = "git ls-files -z -- . ':!source.info' | LC_ALL=C sort -z | xargs -0 b3sum -- " \
       "| b3sum --no-names"
# What the script is given besides the file.
TAIL = ["1.2.3", "dev", llvm("clang"), llvm("ld.lld"), FONT]
GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false",
       "-c", "init.defaultBranch=main"]


def environment(**more):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("GIT_") and k != "SOURCE_DATE_EPOCH"}
    env.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", **more)
    return env


class Checkout:
    def __init__(self, folder):
        self.folder = folder

    def git(self, *arguments, **env):
        return subprocess.run([*GIT, *arguments], cwd=self.folder, check=True, text=True,
                              env=environment(**env), stdout=subprocess.PIPE).stdout.strip()

    def run(self, *arguments, **env):
        return subprocess.run(["scripts/manifest", *arguments], cwd=self.folder, text=True,
                              env=environment(**env), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def manifest(self, profile="dev", **env):
        done = self.run("out/manifest.txt", *TAIL[:1], profile, *TAIL[2:], **env)
        assert done.returncode == 0, done.stderr
        return (self.folder / "out/manifest.txt").read_text()

    def fields(self, **env):
        lines = self.manifest(**env).splitlines()
        assert lines[0] == "NONOS-MANIFEST 1"
        return dict(line.split("=", 1) for line in lines[1:])


@pytest.fixture
def checkout(tmp_path):
    """A repository that is not committed yet."""
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    for name in ("scripts/manifest", "scripts/sbom", "scripts/toolchain", "scripts/packages",
                 "source.info", ".gitattributes", "package-lock.json"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".gitignore").write_text("/out/\n/build/\n/dev_signing_key.bin\n")
    (folder / "name with space").write_text("1")
    (folder / "-dash").write_text("2")
    (folder / "Z").write_text("3")
    (folder / "a").write_text("4")
    (folder / "\u00e9").write_text("5")
    made = Checkout(folder)
    made.git("init", "-q")
    made.git("add", "-A")
    return made


@pytest.fixture
def committed(checkout):
    date = "2024-05-06T07:08:09Z"
    checkout.git("commit", "-q", "-m", "first", GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
    return checkout


def test_manifest_of_a_clean_commit(committed):
    fields = committed.fields()
    assert list(fields) == ["type", "name", "version", "security-version", "target", "profile",
                            "source", "commit", "dirty", "epoch", "compiler", "pqc", "bundle",
                            "sbom"]
    assert fields["type"] == "kernel" and fields["version"] == "1.2.3"
    assert fields["commit"] == committed.git("rev-parse", "HEAD")
    assert fields["dirty"] == "no" and fields["epoch"] == "1714979289"
    assert fields["target"] == "x86_64-nonos" and fields["bundle"] == "none"
    assert re.fullmatch(r"pqclean \d+\.\d+\.\d+", fields["pqc"])
    version = subprocess.run([llvm("clang"), "--version"], stdout=subprocess.PIPE, check=True)
    assert fields["compiler"] == version.stdout.decode().splitlines()[0]


def test_source_is_the_hash_that_the_documents_say(committed):
    by_hand = subprocess.run(["sh", "-c", LINE], cwd=committed.folder, check=True, text=True,
                             env=environment(), stdout=subprocess.PIPE).stdout.strip()
    assert committed.fields()["source"] == f"blake3:{by_hand}"
    for document in ("scripts/manifest", "docs/image-format.md"):
        assert LINE in (ROOT / document).read_text(), document


def test_source_covers_every_tracked_file(committed):
    before = committed.fields()["source"]
    for name in ("a", "name with space", "-dash", "\u00e9", "scripts/manifest"):
        path = committed.folder / name
        content = path.read_text()
        path.write_text(content + "\n# changed\n")
        assert committed.fields()["source"] != before, name
        path.write_text(content)
    assert committed.fields()["source"] == before
    (committed.folder / "untracked").write_text("x")
    (committed.folder / "out/more").write_text("x")
    assert committed.fields()["source"] == before
    committed.git("mv", "a", "b")
    assert committed.fields()["source"] != before


def test_a_changed_or_added_file_makes_it_dirty(committed):
    (committed.folder / "out").mkdir()
    assert committed.fields()["dirty"] == "no"
    (committed.folder / "untracked").write_text("x")
    assert committed.fields()["dirty"] == "yes"
    (committed.folder / "untracked").unlink()
    (committed.folder / "a").write_text("x")
    assert committed.fields()["dirty"] == "yes"


def test_a_file_that_is_gone_makes_it_dirty(committed):
    before = committed.fields()
    (committed.folder / "a").unlink()
    after = committed.fields()
    assert after["dirty"] == "yes" and after["source"] != before["source"]


def test_nothing_depends_on_where_and_by_whom_it_is_made(committed, tmp_path):
    expected = committed.manifest()
    other = Checkout(tmp_path / "other")
    committed.git("clone", "-q", str(committed.folder), str(other.folder))
    command = "umask 077; exec scripts/manifest out/manifest.txt " + " ".join(TAIL)
    made = subprocess.run(["sh", "-c", command], cwd=other.folder, env=environment(
        TZ="Pacific/Kiritimati", LC_ALL="C.UTF-8", LANG="C.UTF-8", USER="somebody",
        HOME="/nonexistent"))
    assert made.returncode == 0
    assert (other.folder / "out/manifest.txt").read_text() == expected


def test_an_archive_gives_the_same_manifest(committed, tmp_path):
    expected = committed.manifest()
    archive = Checkout(tmp_path / "archive")
    archive.folder.mkdir()
    committed.git("archive", "-o", str(tmp_path / "source.tar"), "HEAD")
    subprocess.run(["tar", "-xf", tmp_path / "source.tar", "-C", archive.folder], check=True)
    assert archive.manifest() == expected
    # What a build leaves there is not source.
    for name in ("build/x", "node_modules/x", "scripts/__pycache__/x", "dev_signing_key.bin"):
        path = archive.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    shutil.rmtree(archive.folder / "out")
    done = archive.run(str(tmp_path / "manifest.txt"), *TAIL)
    assert done.returncode == 0 and (tmp_path / "manifest.txt").read_text() == expected
    (archive.folder / "a").write_text("changed")
    assert archive.fields()["source"] not in expected


def test_an_archive_inside_of_another_repository_is_not_taken_for_it(committed, tmp_path):
    outer = Checkout(tmp_path / "outer")
    (outer.folder / "inner").mkdir(parents=True)
    (outer.folder / "file").write_text("x")
    outer.git("init", "-q")
    outer.git("add", "file")
    outer.git("commit", "-q", "-m", "other")
    committed.git("archive", "-o", str(tmp_path / "source.tar"), "HEAD")
    subprocess.run(["tar", "-xf", tmp_path / "source.tar", "-C", outer.folder / "inner"],
                   check=True)
    inner = Checkout(outer.folder / "inner")
    assert inner.fields()["commit"] == committed.git("rev-parse", "HEAD")


def test_without_a_commit_or_an_archive_it_says_none(checkout, tmp_path):
    fields = checkout.fields()
    assert (fields["commit"], fields["dirty"], fields["epoch"]) == ("none", "yes", "0")
    shutil.rmtree(checkout.folder / ".git")
    fields = checkout.fields()
    assert (fields["commit"], fields["dirty"], fields["epoch"]) == ("none", "yes", "0")


def test_source_date_epoch_comes_first(committed):
    assert committed.fields(SOURCE_DATE_EPOCH="1234567890")["epoch"] == "1234567890"
    assert committed.fields(SOURCE_DATE_EPOCH="0")["epoch"] == "0"


@pytest.mark.parametrize("value", ["", "now", "-1", "1.5", "01", "1 2"])
def test_a_source_date_epoch_that_is_no_number_is_refused(committed, value):
    done = committed.run("out/manifest.txt", *TAIL, SOURCE_DATE_EPOCH=value)
    assert done.returncode != 0 and "SOURCE_DATE_EPOCH" in done.stderr
    assert not (committed.folder / "out").exists()


def test_the_file_is_touched_only_by_a_change(committed):
    committed.manifest()
    path = committed.folder / "out/manifest.txt"
    os.utime(path, (1, 1))
    committed.manifest()
    assert path.stat().st_mtime == 1
    committed.manifest(profile="release")
    assert path.stat().st_mtime != 1
    assert sorted(os.listdir(committed.folder / "out")) == [
        "manifest.txt", "nonos.cdx.json", "nonos.spdx.json", "sbom.stamp"]


@pytest.mark.parametrize("breakage", ["compiler", "linker", "font", "file", "arguments", "git"])
def test_what_cannot_be_known_is_an_error(committed, breakage):
    arguments, env = ["out/manifest.txt", *TAIL], {}
    if breakage in ("compiler", "linker", "font"):
        arguments[["compiler", "linker", "font"].index(breakage) + 3] = "/nonexistent/clang"
    elif breakage == "file":
        (committed.folder / "a").unlink()
        (committed.folder / "a").symlink_to("nowhere")
    elif breakage == "arguments":
        arguments.pop()
    else:
        (committed.folder / ".git/HEAD").write_text("garbage")
    done = committed.run(*arguments, **env)
    assert done.returncode != 0 and "scripts/manifest: " in done.stderr
    assert not (committed.folder / "out").exists()


def section(path):
    return subprocess.run([ROOT / "scripts/manifest-section", path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)


def test_the_section_holds_the_text_and_one_nul(tmp_path):
    text = "NONOS-MANIFEST 1\nx-quote=\"a\" \\n 'b' &amp; 100% $HOME `id`\n"
    (tmp_path / "text").write_text(text)
    done = section(tmp_path / "text")
    assert done.returncode == 0
    (tmp_path / "m.S").write_bytes(done.stdout)
    subprocess.run([llvm("clang"), "--target=x86_64-unknown-none-elf", "-c", "m.S", "-o", "m.o"],
                   cwd=tmp_path, check=True)
    subprocess.run([llvm("llvm-objcopy"), "--dump-section", ".nonos.manifest=bytes", "m.o"],
                   cwd=tmp_path, check=True)
    assert (tmp_path / "bytes").read_bytes() == text.encode() + b"\0"
    listing = subprocess.run(["readelf", "-SsW", "m.o"], cwd=tmp_path, check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    assert re.search(r"\.nonos\.manifest +PROGBITS .* +A +0 +0 +1\n", listing)
    assert "manifest_start" in listing and "manifest_end" in listing


@pytest.mark.parametrize("text", ["a\tb\n", "a\0b\n", "caf\u00e9\n", "\033[2J\n", "a\r\n"])
def test_the_section_takes_printable_ascii_only(tmp_path, text):
    (tmp_path / "text").write_bytes(text.encode())
    done = section(tmp_path / "text")
    assert done.returncode != 0 and b"ASCII" in done.stderr
