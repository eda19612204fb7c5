"""A build whose Ed25519 key stays in a token: `make` with SIGNING_KEY=pkcs11:... and its file."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT, expect_verified_boot
from test_build import make

sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import softhsm  # noqa: E402

SEED = bytes(range(1, 33))
MADE, KNOWN = "pkcs11:token=nonos;object=made", "pkcs11:token=nonos;object=known"
# Nothing of these depends on the key, and what does is made anew.
KEPT = ["kernel", "loader", "host", "gen", "kernel.1.elf", "kernel.elf", "kernel.map",
        "kernel.unsigned", "nonos"]


# What was compiled for coverage has to be linked for it too.
COUNTED = ["MORE_FLAGS=tests/coverage/flags.mk"] if os.environ.get("NONOS_COVERAGE") else []


class Tree:
    """A build folder of its own, a token with two keys, and the file of the second half."""

    def __init__(self, folder, build):
        self.build = str(folder / "build")
        self.kernel = folder / "build" / "kernel.bin"
        self.nonos = f"{build}/nonos"
        self.pq = str(folder / "pq.key")
        os.makedirs(self.build)
        for name in KEPT:
            source, target = f"{build}/{name}", f"{self.build}/{name}"
            if os.path.isdir(source):
                shutil.copytree(source, target)  # with their times: nothing is compiled again
            else:
                shutil.copy2(source, target)
        with open(os.open(self.pq, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(SEED)
        self.hsm = softhsm.Hsm(str(folder))
        self.hsm.add_seed(SEED, "known", "02")
        self.run("keygen", "--hsm", MADE)

    def environment(self, more):
        hidden = ("SIGNING_KEY", "SIGNING_KEY_PQ", "NONOS_PIN", "NONOS_PASSPHRASE")
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        return {**kept, **self.hsm.env, **more}

    def run(self, *words):
        done = subprocess.run([self.nonos, *words], stdout=subprocess.PIPE, timeout=60, check=True,
                              stdin=subprocess.DEVNULL, text=True,
                              env=self.environment({"NONOS_PIN": softhsm.PIN}))
        return done.stdout

    def make(self, *words, **env):
        return make(ROOT, f"BUILD={self.build}", *COUNTED, *words, env=self.environment(env))


@pytest.fixture(scope="module")
def tree(tmp_path_factory, build):
    return Tree(tmp_path_factory.mktemp("hsm"), build)


def words(uri, tree):
    return [f"SIGNING_KEY={uri}", f"SIGNING_KEY_PQ={tree.pq}"]


def test_a_kernel_signed_in_a_token_boots_under_a_loader_that_trusts_it(tree, start_uefi):
    pair = {"SIGNING_KEY": MADE, "SIGNING_KEY_PQ": tree.pq}
    done = tree.make("-j2", "all", NONOS_PIN=softhsm.PIN, **pair)
    assert done.returncode == 0, done.stdout
    assert softhsm.PIN not in re.findall(r"\w+", done.stdout)
    ident = re.search(r"^signer +([0-9a-f]{64}) \(dev\)$", done.stdout, re.MULTILINE)[1]
    assert f"id={ident}" in tree.run("pubkey", "-k", MADE, "--key-pq", tree.pq)
    # Without the PIN: there is nothing to do, by environment or by command line.
    for again in tree.make("-q", "all", **pair), tree.make("-q", "all", *words(MADE, tree)):
        assert again.returncode == 0, again.stdout
    guest = start_uefi(f"{tree.build}/nonos.img")
    assert f"verified boot, signer {ident[:16]}" in expect_verified_boot(guest)


def test_a_token_builds_the_kernel_that_a_file_with_its_seed_builds(tree, tmp_path):
    done = tree.make("kernel", *words(KNOWN, tree), NONOS_PIN=softhsm.PIN)
    assert done.returncode == 0, done.stdout
    tree.run("sign", "-k", tree.pq, "-o", str(tmp_path / "direct.bin"),
             f"{tree.build}/kernel.unsigned")
    assert tree.kernel.read_bytes() == (tmp_path / "direct.bin").read_bytes()


@pytest.mark.parametrize("uri, env, message", [
    ("pkcs11:token=nonos;id=%02", {"NONOS_PIN": "0000"}, "CKR_PIN_INCORRECT"),
    ("pkcs11:token=gone;object=known", {"NONOS_PIN": "1234"}, "no token fits"),
    ("pkcs11:token=nonos;object=gone", {"NONOS_PIN": "1234"}, "no private key fits"),
    (KNOWN + "?module-path=/gone.so", {"NONOS_PIN": "1234"}, "PKCS11_MODULE"),
    (KNOWN + "?pin-value=1234", {}, "PKCS11_URI"),
], ids=["pin", "token", "object", "module", "uri"])
def test_a_build_whose_token_fails_keeps_the_old_kernel(tree, uri, env, message):
    done = tree.make("kernel", *words(KNOWN, tree), NONOS_PIN=softhsm.PIN)
    assert done.returncode == 0, done.stdout
    before, changed = tree.kernel.read_bytes(), tree.kernel.stat().st_mtime_ns
    done = tree.make("kernel", *words(uri, tree), **env)
    assert done.returncode == 2 and message in done.stdout, done.stdout
    assert len(re.findall(r"^nonos: ", done.stdout, re.MULTILINE)) == 1
    assert tree.kernel.read_bytes() == before and tree.kernel.stat().st_mtime_ns == changed


@pytest.mark.parametrize("given, message", [
    ([f"SIGNING_KEY={KNOWN}"], "SIGNING_KEY_PQ has to name the key file"),
    ([f"SIGNING_KEY={KNOWN}", "SIGNING_KEY_PQ=" + SEED.hex()], "must be the path of a file"),
    ([f"SIGNING_KEY={KNOWN}", "SIGNING_KEY_PQ=gone.key"], "there is no file of that name"),
    (["SIGNING_KEY_PQ=pq.key"], "goes with SIGNING_KEY=pkcs11:..."),
    (["NONOS_PIN=1234"], "NONOS_PIN and NONOS_PASSPHRASE are never arguments"),
    (["NONOS_PASSPHRASE=x"], "NONOS_PIN and NONOS_PASSPHRASE are never arguments"),
], ids=["no_file", "digits", "gone", "no_token", "pin", "passphrase"])
def test_a_key_that_is_not_a_pair_stops_the_build(tree, given, message):
    done = tree.make("kernel", *given)
    assert done.returncode == 2 and message in done.stdout
    assert SEED.hex() not in done.stdout
