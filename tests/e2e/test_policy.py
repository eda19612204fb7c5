"""What a loader is built to trust: always what keys/ and the manifest say now."""

import os
import re
import shutil
import subprocess

import pytest

from test_build import copy_of_the_tree, make


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("policy") / "tree")
    copy_of_the_tree(folder)
    return folder


def policy(tree):
    done = make(tree, "build/gen/policy.c")
    assert done.returncode == 0, done.stdout
    with open(f"{tree}/build/gen/policy.c", encoding="ascii") as file:
        return file.read()


def test_an_identity_that_was_taken_away_is_trusted_no_more(tree):
    assert '"acme"' not in policy(tree)
    shutil.rmtree(f"{tree}/keys/trusted", ignore_errors=True)
    os.makedirs(f"{tree}/keys/trusted")
    nonos = f"{tree}/build/nonos"
    subprocess.run([nonos, "keygen", "-o", f"{tree}/acme.key"], check=True, timeout=60,
                   stdout=subprocess.DEVNULL)
    identity = f"{tree}/keys/trusted/acme.identity"
    subprocess.run([nonos, "pubkey", "-k", f"{tree}/acme.key", "--profile", "release", "--name",
                    "acme", "--roles", "kernel", "-o", identity], check=True, timeout=60)
    with open(identity, encoding="ascii") as file:
        digits = re.search(r"^id=(.*)$", file.read(), re.MULTILINE)[1]
    with open(f"{tree}/keys/pins", "w", encoding="ascii") as pins:
        pins.write(f"{digits} acme.identity\n")
    assert '"acme"' in policy(tree)

    # As git does it, which keeps no empty folder.
    shutil.rmtree(f"{tree}/keys/trusted")
    os.remove(f"{tree}/keys/pins")
    assert '"acme"' not in policy(tree)


def test_a_loader_refuses_what_is_older_than_its_own_kernel(tree):
    script = f"{tree}/scripts/manifest"
    with open(script, encoding="utf-8") as file:
        text = file.read()
    raised = re.sub(r"^SECURITY_VERSION=\d+$", "SECURITY_VERSION=41", text, flags=re.MULTILINE)
    with open(script, "w", encoding="utf-8") as file:
        file.write(raised)
    assert ".security_version_floor = 41," in policy(tree)
    with open(f"{tree}/build/gen/manifest.txt", encoding="ascii") as manifest:
        assert "\nsecurity-version=41\n" in manifest.read()
