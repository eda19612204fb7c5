"""Signing keys: made, read, refused, and never shown."""

import os
import re
import resource
import stat
import subprocess
import time

import pytest

from conftest import TOOL

SEED = bytes(range(1, 33))
IDENTITY = re.compile(r"NONOS-IDENTITY 1\nname=([a-z0-9-]+)\nroles=([a-z,]+)\n"
                      r"profile=(dev|release)\nid=([0-9a-f]{64})\ned25519=([0-9a-f]{64})\n"
                      r"mldsa65=([0-9a-f]{3904})\n")


def make_key(folder, name="key", content=SEED, mode=0o600):
    path = folder / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_keygen_makes_a_key_that_only_its_owner_can_read(nonos):
    result = nonos("keygen", umask=0).ok()
    key = nonos.folder / "dev_signing_key.bin"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) == 32 and key.read_bytes() != bytes(32)
    assert re.fullmatch(r"[0-9a-f]{64}\n", result.out)
    assert "dev_signing_key.bin" in result.err
    assert [path.name for path in nonos.folder.iterdir()] == ["dev_signing_key.bin"]


def test_keygen_has_mode_0600_under_any_umask(nonos):
    nonos("keygen", "-o", "key", umask=0o777).ok()
    assert stat.S_IMODE((nonos.folder / "key").stat().st_mode) == 0o600


def test_keygen_makes_another_key_each_time(nonos):
    ids = {nonos("keygen", "-o", f"key{i}").ok().out for i in range(4)}
    keys = {(nonos.folder / f"key{i}").read_bytes() for i in range(4)}
    assert len(ids) == len(keys) == 4


def test_keygen_never_overwrites(nonos):
    key = make_key(nonos.folder)
    nonos("keygen", "-o", "key").fails("EXISTS", "key")
    assert key.read_bytes() == SEED
    (nonos.folder / "dangling").symlink_to("elsewhere")
    nonos("keygen", "-o", "dangling").fails("EXISTS", "dangling")
    assert not (nonos.folder / "elsewhere").exists()
    (nonos.folder / "folder").mkdir()
    nonos("keygen", "-o", "folder").fails("EXISTS", "folder")
    assert sorted(path.name for path in nonos.folder.iterdir()) == ["dangling", "folder", "key"]


def test_keygen_says_where_it_cannot_write(nonos):
    make_key(nonos.folder, "file")
    assert "No such file" in nonos("keygen", "-o", "missing/key").fails("WRITE").err
    nonos("keygen", "-o", "file/key").fails("WRITE")
    assert [path.name for path in nonos.folder.iterdir()] == ["file"]


def test_pubkey_prints_an_identity(nonos):
    make_key(nonos.folder)
    name, roles, profile, ident, ed25519, mldsa65 = IDENTITY.fullmatch(
        nonos("pubkey", "-k", "key").ok().out).groups()
    assert (name, roles, profile) == ("dev", "kernel,capsule,bundle", "dev")
    # What libsodium, and FIPS 204 in another implementation, say of this seed stays the same.
    assert ed25519 == "79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664"
    out = nonos("pubkey", "-k", "key", "--profile", "release", "--name", "acme-2026", "--roles",
                "capsule,kernel").ok().out
    assert IDENTITY.fullmatch(out).groups() == ("acme-2026", "kernel,capsule", "release", ident,
                                                ed25519, mldsa65)


def test_an_id_is_what_b3sum_derives(nonos):
    make_key(nonos.folder)
    *_, ident, ed25519, mldsa65 = IDENTITY.fullmatch(nonos("pubkey", "-k", "key").ok().out).groups()
    done = subprocess.run(["b3sum", "--no-names", "--derive-key", "NONOS:IDENTITY:v1"], check=True,
                          input=bytes.fromhex(ed25519 + mldsa65), stdout=subprocess.PIPE)
    assert done.stdout.decode().strip() == ident


def test_pubkey_takes_no_defaults_for_a_release(nonos):
    make_key(nonos.folder)
    for arguments in [[], ["--name", "a"], ["--roles", "kernel"]]:
        nonos("pubkey", "-k", "key", "--profile", "release", *arguments).fails("USAGE")


def test_pubkey_writes_files_in_place_of_others(nonos):
    make_key(nonos.folder)
    (nonos.folder / "id").write_text("old")
    nonos("pubkey", "-k", "key", "-o", "id").ok()
    assert IDENTITY.fullmatch((nonos.folder / "id").read_text())


def test_pubkey_prints_pem(nonos):
    import base64
    make_key(nonos.folder)
    lines = nonos("pubkey", "-k", "key", "--pem").ok().out.splitlines()
    assert lines[0] == "-----BEGIN PUBLIC KEY-----" and lines[2] == "-----END PUBLIC KEY-----"
    der = base64.b64decode(lines[1])
    ed25519 = IDENTITY.fullmatch(nonos("pubkey", "-k", "key").ok().out).group(5)
    assert der == bytes.fromhex("302a300506032b6570032100" + ed25519)


def test_a_missing_key_is_refused(nonos):
    assert "keygen" in nonos("pubkey", "-k", "key").fails("NOT_FOUND", "key").err


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64, 100000])
def test_a_key_of_another_length_is_refused(nonos, length):
    make_key(nonos.folder, content=os.urandom(length))
    nonos("pubkey", "-k", "key").fails("KEY_LENGTH", "key")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666, 0o700, 0o777, 0o4600])
def test_a_key_that_others_may_read_is_refused(nonos, mode):
    make_key(nonos.folder, mode=mode)
    assert "chmod" in nonos("pubkey", "-k", "key").fails("KEY_MODE", "key").err


def test_a_read_only_key_is_taken(nonos):
    make_key(nonos.folder, mode=0o400)
    nonos("pubkey", "-k", "key").ok()


def test_a_key_of_zeroes_is_refused(nonos):
    make_key(nonos.folder, content=bytes(32))
    nonos("pubkey", "-k", "key").fails("KEY_ZERO", "key")
    nonos("pubkey", env={"SIGNING_KEY": 64 * "0"}).fails("KEY_ZERO", "SIGNING_KEY")


def test_a_key_that_is_no_file_is_refused(nonos):
    os.mkfifo(nonos.folder / "pipe", 0o600)
    for name in [".", "/dev/zero", "pipe"]:
        nonos("pubkey", "-k", name).fails("READ", name)


def test_a_bad_development_key_is_not_replaced(nonos, image):
    key = make_key(nonos.folder, "dev_signing_key.bin", SEED[:31])
    nonos("sign", image).fails("KEY_LENGTH", "dev_signing_key.bin")
    nonos("pubkey").fails("KEY_LENGTH", "dev_signing_key.bin")
    assert key.read_bytes() == SEED[:31]


def test_a_key_as_an_argument_is_refused_and_not_repeated(nonos, image):
    for command in (["pubkey"], ["sign", image]):
        result = nonos(*command, "-k", SEED.hex()).fails("USAGE", "-k")
        assert SEED.hex() not in result.err and "SIGNING_KEY" in result.err


def test_a_key_in_a_token_and_a_file_go_together_and_files_alone(nonos, image):
    """Which of two files made a signature nobody would see: one file, or a token and a file."""
    make_key(nonos.folder)
    before = image.read_bytes()
    uri = "pkcs11:token=x"
    for command in ["pubkey"], ["sign", image]:
        assert "--key-pq" in nonos(*command, "-k", uri).fails("KEY_PAIR", "-k").err
        nonos(*command, env={"SIGNING_KEY": uri}).fails("KEY_PAIR", "SIGNING_KEY")
        nonos(*command, "-k", "key", "--key-pq", "key").fails("KEY_PAIR", "--key-pq")
        nonos(*command, "--key-pq", "key").fails("KEY_PAIR", "--key-pq")
        for first in {}, {"SIGNING_KEY": "key"}, {"SIGNING_KEY": SEED.hex()}:
            nonos(*command, env={**first, "SIGNING_KEY_PQ": "key"}).fails("KEY_PAIR",
                                                                          "SIGNING_KEY_PQ")
        nonos(*command, "-k", uri, "--key-pq", uri).fails("KEY_PAIR", "--key-pq")
        nonos(*command, "-k", uri, env={"SIGNING_KEY_PQ": ""}).fails("KEY_EMPTY", "SIGNING_KEY_PQ")
    assert image.read_bytes() == before
    assert not (nonos.folder / "dev_signing_key.bin").exists()
    # A file that is an argument stands for itself, whatever the environment is set up for.
    env = {"SIGNING_KEY": uri, "SIGNING_KEY_PQ": "missing"}
    nonos("pubkey", "-k", "key", env=env).ok()


def test_the_second_half_has_the_rules_of_key_files_and_comes_before_the_pin(nonos):
    uri, pin = "pkcs11:token=x;object=y", {"NONOS_PIN": "31337-31337"}
    for content, mode, name in ((SEED[:31], 0o600, "KEY_LENGTH"), (SEED, 0o644, "KEY_MODE"),
                                (bytes(32), 0o600, "KEY_ZERO")):
        (nonos.folder / "key").unlink(missing_ok=True)
        make_key(nonos.folder, content=content, mode=mode)
        nonos("pubkey", "-k", uri, "--key-pq", "key", env=pin).fails(name, "key")
        result = nonos("pubkey", "-k", uri, env={**pin, "SIGNING_KEY_PQ": "key"})
        assert "31337" not in result.fails(name, "SIGNING_KEY_PQ").err
    nonos("pubkey", "-k", uri, "--key-pq", "none", env=pin).fails("NOT_FOUND", "none")
    result = nonos("pubkey", "-k", uri, "--key-pq", SEED.hex(), env=pin).fails("USAGE", "--key-pq")
    assert SEED.hex() not in result.err
    make_key(nonos.folder, "dev_signing_key.bin")
    nonos("pubkey", "-k", uri, "--key-pq", "dev_signing_key.bin", "--profile", "release", "--name",
          "a", "--roles", "kernel", env=pin).fails("KEY_NONE")


def test_signing_key_takes_hexadecimal_digits_and_paths(nonos):
    make_key(nonos.folder)
    expected = nonos("pubkey", "-k", "key").ok().out
    for source in (SEED.hex(), SEED.hex().upper(), "key", str(nonos.folder / "key")):
        assert nonos("pubkey", env={"SIGNING_KEY": source}).ok().out == expected
    assert [path.name for path in nonos.folder.iterdir()] == ["key"]


def test_signing_key_that_is_empty_is_refused(nonos, image):
    before = image.read_bytes()
    for command in (["pubkey"], ["sign", image]):
        nonos(*command, env={"SIGNING_KEY": ""}).fails("KEY_EMPTY", "SIGNING_KEY")
    assert image.read_bytes() == before
    assert not (nonos.folder / "dev_signing_key.bin").exists()


@pytest.mark.parametrize("source", [SEED.hex()[:-1], SEED.hex() + "0", SEED.hex()[:-1] + "g",
                                    " " + SEED.hex(), "no-such-file", 5000 * "a"],
                         ids=["short", "long", "other_digit", "space", "path", "very_long"])
def test_signing_key_that_is_not_understood_is_refused_and_not_repeated(nonos, source):
    result = nonos("pubkey", env={"SIGNING_KEY": source}).fails("KEY_SOURCE", "SIGNING_KEY")
    assert source.strip() not in result.err


def test_signing_key_has_the_rules_of_key_files(nonos):
    make_key(nonos.folder, mode=0o644)
    nonos("pubkey", env={"SIGNING_KEY": "key"}).fails("KEY_MODE", "SIGNING_KEY")


def test_an_argument_comes_before_signing_key(nonos):
    make_key(nonos.folder)
    expected = nonos("pubkey", "-k", "key").ok().out
    assert nonos("pubkey", "-k", "key", env={"SIGNING_KEY": 64 * "7"}).ok().out == expected


def test_the_development_key_is_made_once_and_said(nonos):
    first = nonos("pubkey").ok()
    assert "dev_signing_key.bin" in first.err and "never use it for a release" in first.err
    second = nonos("pubkey").ok()
    assert second.err == "" and second.out == first.out


def test_a_release_never_makes_or_takes_the_development_key(nonos):
    release = ["pubkey", "--profile", "release", "--name", "a", "--roles", "kernel"]
    nonos(*release).fails("KEY_NONE")
    assert list(nonos.folder.iterdir()) == []
    make_key(nonos.folder, "dev_signing_key.bin")
    nonos(*release).fails("KEY_NONE")
    nonos(*release, "-k", "dev_signing_key.bin").fails("KEY_NONE", "dev_signing_key.bin")
    nonos(*release, env={"SIGNING_KEY": "dev_signing_key.bin"}).fails("KEY_NONE")
    # A copy is the same key.
    make_key(nonos.folder, "release.key")
    nonos(*release, "-k", "release.key").fails("KEY_NONE")
    nonos(*release, env={"SIGNING_KEY": SEED.hex()}).fails("KEY_NONE")
    make_key(nonos.folder, "other.key", SEED[::-1])
    nonos(*release, "-k", "other.key").ok()


def test_no_output_has_a_key_in_it(nonos, image):
    make_key(nonos.folder)
    for arguments in (["pubkey", "-k", "key"], ["sign", "-k", "key", image], ["verify", image],
                      ["inspect", image]):
        result = nonos(*arguments)
        assert SEED.hex() not in result.out + result.err


def test_no_core_file_is_written_that_could_hold_a_key(nonos):
    if not os.path.exists("/proc/self/limits"):
        pytest.skip("this system does not show the limits of a process")
    make_key(nonos.folder, "dev_signing_key.bin")
    pipe = nonos.folder / "image"
    os.mkfifo(pipe)

    def allow_core_files():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    with subprocess.Popen([TOOL, "verify", "image"], cwd=nonos.folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          preexec_fn=allow_core_files) as program:
        end, writer = time.monotonic() + 30, None
        while writer is None and time.monotonic() < end:
            try:  # succeeds once the program has read the key and waits for the image
                writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                time.sleep(0.02)
        try:
            with open(f"/proc/{program.pid}/limits", encoding="ascii") as limits:
                core = re.search(r"^Max core file size +(\S+) +(\S+)", limits.read(), re.MULTILINE)
        finally:
            program.kill()
            if writer is not None:
                os.close(writer)
    assert writer is not None and core.groups() == ("0", "0")
