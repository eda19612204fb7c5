"""What the tests of `nonos verify --rebuild` share: a project with its history, a clone of it, and
images that claim what their maker wants."""

import os
import re
import shutil
import subprocess

from conftest import ROOT

GIT = ["git", "-c", "safe.directory=*", "-c", "user.name=tester",
       "-c", "user.email=tester@example.invalid"]
# A register of the second interrupt controller, in one function and in one instruction.
SOURCE_FILE, SOURCE_LINE = "kernel/cpu/pic.c", "#define SECOND 0xA0u"
CHANGED_LINE = "#define SECOND 0xA2u"


def run(*command, folder=None, environment=None, timeout=300):
    return subprocess.run([str(word) for word in command], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=timeout, check=False, env=environment)


def must(*command, **options):
    done = run(*command, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def git(folder, *words):
    return must(*GIT, "-C", folder, *words).strip()


def without_key():
    """The environment without what signs, and without what a make above this test has set."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("SIGNING_KEY", "NONOS_", "GIT_", "MAKE", "MFLAGS"))
            and name not in ("BUILD", "PROFILE", "MORE_FLAGS")}


def commit_all(folder, message):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def files_of_the_tree():
    """Paths of the working tree that belong to it: tracked, or new and not ignored."""
    if os.path.exists(f"{ROOT}/.git"):
        names = must(*GIT, "-C", ROOT, "ls-files", "-z", "-c", "-o", "--exclude-standard")
        return [name for name in names.split("\0") if name and os.path.lexists(f"{ROOT}/{name}")]
    names = [os.path.relpath(f"{top}/{name}", ROOT) for top, _, names in os.walk(ROOT)
             for name in names]
    return [name for name in names if name.split("/")[0] not in ("build", "node_modules")
            and "__pycache__" not in name and name != "dev_signing_key.bin"]


def make_project(folder):
    """The working tree as a repository of its own, with one commit, and PQClean as installed."""
    for name in files_of_the_tree():
        target = os.path.join(folder, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(f"{ROOT}/{name}", target, follow_symlinks=False)
    git(folder, "init", "-q", "-b", "main")
    commit_all(folder, "The project")
    copy_packages(folder)


def copy_packages(folder):
    shutil.copytree(f"{ROOT}/node_modules", f"{folder}/node_modules", symlinks=True)
    os.utime(f"{folder}/node_modules/.package-lock.json")


def build_unsigned(folder, profile="release"):
    """The bytes of kernel.unsigned of a clone, built as anybody builds it: without a key."""
    must("make", "-C", folder, "-j2", f"PROFILE={profile}", "unsigned", environment=without_key())
    place = "build/release" if profile == "release" else "build"
    with open(f"{folder}/{place}/kernel.unsigned", "rb") as file:
        return file.read()


def manifest_of(image):
    start = image.index(b"NONOS-MANIFEST 1\n")
    return image[start:image.index(b"\0", start)]


def with_manifest(image, manifest):
    """The image with another manifest of the same length."""
    own = manifest_of(image)
    assert len(own) == len(manifest) and image.count(own) == 1
    return image.replace(own, manifest)


def with_line(image, key, value):
    """The image with another value in its manifest, which has to be as long."""
    line = re.search(rb"^%s=.*$" % key.encode(), manifest_of(image), re.MULTILINE)[0]
    return with_manifest(image, manifest_of(image).replace(line, f"{key}={value}".encode()))


def change_source(folder):
    """One line of one function, in a commit; returns that commit."""
    path = f"{folder}/{SOURCE_FILE}"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert text.count(SOURCE_LINE) == 1
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(SOURCE_LINE, CHANGED_LINE))
    return commit_all(folder, "Leave the second controller as it is")


def snapshot(folder):
    """Every file below a folder, with what tells that it was touched."""
    found = {}
    for top, folders, names in os.walk(folder):
        for name in folders + names:
            status = os.lstat(f"{top}/{name}")
            found[f"{top}/{name}"] = (status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def paths_in(folder):
    """Every path below a folder that is being written to."""
    return [f"{top}/{name}" for top, _, names in os.walk(folder) for name in names]


class Release:
    """A public project, its maker's clone, and a key that only the maker has."""

    def __init__(self, folder, nonos, profile="release"):
        self.folder, self.nonos, self.profile = folder, nonos, profile
        self.public, self.maker = f"{folder}/public", f"{folder}/maker"
        make_project(self.public)
        must(*GIT, "clone", "-q", self.public, self.maker)
        copy_packages(self.maker)
        self.commit = git(self.public, "rev-parse", "HEAD")
        self.key = f"{folder}/release.key"
        must(nonos, "keygen", "-o", self.key)

    def build(self):
        return build_unsigned(self.maker, self.profile)

    def sign(self, image, name):
        path = f"{self.folder}/{name}"
        with open(f"{path}.unsigned", "wb") as file:
            file.write(image)
        must(self.nonos, "sign", "-k", self.key, "-o", path, f"{path}.unsigned")
        return path

    def identity_of(self, key):
        must(self.nonos, "pubkey", "-k", key, "--profile", "release", "--name", "maker",
             "--roles", "kernel", "-o", f"{key}.identity")
        return f"{key}.identity"

    def verify(self, image, *options, folder=None, **environment):
        """--rebuild, in the public clone if nothing else is said; temporary folders in scratch."""
        return run(self.nonos, "verify", "--rebuild", *options, image,
                   folder=folder or self.public, environment=self.environment(**environment))

    def environment(self, **more):
        scratch = f"{self.folder}/scratch"
        os.makedirs(scratch, exist_ok=True)
        return {**without_key(), "TMPDIR": scratch, **more}

    def left_over(self):
        return os.listdir(f"{self.folder}/scratch")


def refused(done, *words):
    assert done.returncode == 123, done.stdout
    assert "REBUILD, code 123" in done.stdout and "identical" not in done.stdout
    for word in words:
        assert word in done.stdout
