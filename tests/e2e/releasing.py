"""What the tests of releases share: a clone that may make one, and the commands of its VERIFY."""

import os
import re
import shutil
import subprocess

from test_build import copy_of_the_tree, make

DATE = {"GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z"}
FOLDER = "build/release/nonos-0.1.0"


def git(tree, *arguments):
    return subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false",
         "-c", "safe.directory=*", "-C", str(tree), *arguments], check=True, text=True, timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **DATE}).stdout


def commit(tree):
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "--allow-empty", "-m", "the state of this test")


def committed_tree(folder):
    """This tree as it is now, everything committed."""
    copy_of_the_tree(str(folder))
    if not os.path.exists(f"{folder}/.git"):  # of an unpacked archive
        git(folder, "init", "-q")
    commit(folder)


def clone(tree, folder):
    git(tree, "clone", "-q", "--no-hardlinks", str(tree), str(folder))
    shutil.copytree(f"{tree}/node_modules", f"{folder}/node_modules", symlinks=True)
    os.utime(f"{folder}/node_modules/.package-lock.json")


def make_signer(nonos, folder, name, *, trusted_by=None):
    """A key NAME.key and its identity, which a tree may trust from now on; its id."""
    key, identity = f"{folder}/{name}.key", f"{folder}/{name}.identity"
    for words in (["keygen", "-o", key],
                  ["pubkey", "-k", key, "--profile", "release", "--name", name, "--roles", "kernel",
                   "-o", identity]):
        subprocess.run([nonos, *words], check=True, timeout=60, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    with open(identity, encoding="ascii") as file:
        digits = re.search("^id=(.*)$", file.read(), re.MULTILINE)[1]
    if trusted_by:
        subprocess.run([nonos, "trust", "add", identity, "--id", digits, "--keys",
                        f"{trusted_by}/keys"], check=True, timeout=60, stdout=subprocess.DEVNULL)
    return digits


def release(tree, key=None, **env):
    """make release; key: the file that SIGNING_KEY names."""
    base = {name: value for name, value in os.environ.items() if name != "SIGNING_KEY"}
    return make(str(tree), "release", env={**base, **({"SIGNING_KEY": key} if key else {}), **env})


def lines(output):
    """What a run said but for make itself and its steps."""
    return [line for line in output.splitlines()
            if not line.startswith(("make", "  ")) and "Clock skew" not in line]


def commands(note, sections):
    """The lines to run of these sections of VERIFY, by section."""
    parts = re.split(r"^(\d)\. .*$", note, flags=re.MULTILINE)
    found = {number: re.findall(r"^\$ (.*)$", text, re.MULTILINE)
             for number, text in zip(parts[1::2], parts[2::2])}
    return {number: found[number] for number in sections}
