"""Every error says what is wrong, why, and what to do: one line, and below it the advice."""

import os
import resource

import pytest
from conftest import CODES


def advice(result, name, what=None):
    """The lines below the error, as one."""
    lines = result.fails(name, what).err.splitlines()
    code, text = CODES[name]
    at = next(i for i, line in enumerate(lines) if line.endswith(f": {text} ({name}, code {code})"))
    below = lines[at + 1:]
    assert all(line.startswith("  ") and line.strip() for line in below), lines
    return " ".join(line.strip() for line in below)


@pytest.fixture
def place(nonos, signed):
    """A folder with an image, a key, and things that are neither."""
    (nonos.folder / "folder").mkdir()
    unsigned = signed.read_bytes()[:-3373] + bytes(3373)
    (nonos.folder / "unsigned.bin").write_bytes(unsigned)
    (nonos.folder / "text").write_text("not a key, not an image, not an identity\n")
    (nonos.folder / "long").write_bytes(bytes(17 * 1024 * 1024))
    for name, content in ("short.key", b"x" * 31), ("zero.key", bytes(32)):
        (nonos.folder / name).write_bytes(content)
        os.chmod(nonos.folder / name, 0o600)
    return nonos


OUTPUTS = [["keygen"], ["pubkey"], ["seal", "kernel.bin"], ["sign", "kernel.bin"],
           ["inspect", "--svg", "kernel.bin"], ["digest", "unsigned.bin"],
           ["policy", "--profile", "dev", "--dev", "me", "--keys", "folder"]]


@pytest.mark.parametrize("command", OUTPUTS, ids=lambda command: command[0])
def test_output_into_a_missing_folder_names_the_folder(place, command):
    place("pubkey", "-o", "me").ok()
    said = advice(place(*command, "-o", "no/such/file"), "WRITE", "no/such/file")
    assert "there is no folder no/such;" in said and "mkdir -p" in said
    assert not (place.folder / "no").exists()


@pytest.mark.parametrize("command", OUTPUTS, ids=lambda command: command[0])
def test_output_below_a_file_says_that_it_is_one(place, command):
    place("pubkey", "-o", "me").ok()
    assert "text is a file" in advice(place(*command, "-o", "text/x"), "WRITE", "text/x")


@pytest.mark.parametrize("command", [command for command in OUTPUTS if command[0] != "keygen"],
                         ids=lambda command: command[0])
def test_output_over_a_folder_says_that_it_is_one(place, command):
    place("pubkey", "-o", "me").ok()
    assert "give the name of a file" in advice(place(*command, "-o", "folder"), "WRITE", "folder")


@pytest.mark.parametrize("arguments", [
    ["seal", "-o", "x"], ["sign"], ["verify"], ["inspect"], ["verify", "kernel.bin", "-i"],
    ["digest", "-o", "x"], ["attach", "unsigned.bin", "-o", "x", "--mldsa65"],
    ["sign", "-t", "kernel", "-o", "x", "--digest"],
    ["verify", "kernel.bin", "--keys"]], ids=" ".join)
def test_input_that_is_not_there_is_told_from_a_folder_that_is_not(place, arguments):
    assert "check its name" in advice(place(*arguments, "missing"), "NOT_FOUND", "missing")
    assert "there is no folder no/such either" in advice(place(*arguments, "no/such/x"),
                                                         "NOT_FOUND", "no/such/x")


@pytest.mark.parametrize("arguments", [
    ["seal", "-o", "x"], ["sign"], ["verify"], ["inspect"], ["pubkey", "-k"], ["digest", "-o", "x"],
    ["attach", "unsigned.bin", "-o", "x", "--mldsa65"],
    ["verify", "kernel.bin", "-i"]], ids=" ".join)
def test_input_that_is_a_folder_says_so(place, arguments):
    assert "give the name of a file" in advice(place(*arguments, "folder"), "READ", "folder")


@pytest.mark.parametrize("arguments, name, expected", [
    (["pubkey", "-k", "missing"], "NOT_FOUND", "nonos keygen"),
    (["pubkey", "-k", "text"], "KEY_MODE", "chmod 600"),
    (["pubkey", "-k", "short.key"], "KEY_LENGTH", "nonos keygen"),
    (["pubkey", "-k", "zero.key"], "KEY_ZERO", "nonos keygen"),
    (["keygen", "-o", "text"], "EXISTS", "another name"),
    (["verify", "-i", "text", "kernel.bin"], "IDENTITY_SYNTAX", "nonos pubkey"),
    (["verify", "--keys", "folder", "kernel.bin"], "POLICY_DEV", "--allow-dev"),
    (["inspect", "text"], "IMAGE_SHORT", "nonos seal"),
    (["inspect", "long"], "IMAGE_LONG", "nonos seal"),
    (["sign", "long"], "IMAGE_LONG", "nonos seal"),
    (["verify", "-t", "driver", "x"], "USAGE", "driver: -t takes kernel, capsule or bundle"),
    (["verify", "--floor", "0", "x"], "USAGE", "0: --floor takes a number from 1"),
    (["policy", "--floor", "x"], "USAGE", "x: --floor takes a number from 1"),
    (["policy", "--profile", "x"], "USAGE", "x: --profile is dev or release"),
    (["pubkey", "--profile", "x"], "USAGE", "x: --profile is dev or release"),
    (["pubkey", "--roles", "root"], "USAGE", "root: --roles takes kernel"),
    (["digest", "-o", "x", "kernel.bin"], "SIGNED", "nonos seal"),
    (["attach", "unsigned.bin", "-o", "x", "--mldsa65", "text"], "SIZE", "has 3309 bytes"),
    (["attach", "unsigned.bin", "-o", "x", "--ed25519", "text"], "SIZE", "has 64 bytes"),
    (["sign", "-k", "x", "-t", "kernel", "-o", "x", "--digest", "text"], "MESSAGE", "nonos digest"),
    (["sign", "-t", "driver", "x"], "USAGE", "driver: -t takes kernel, capsule or bundle"),
    (["trust", "add", "x"], "USAGE", "64 lower-case hexadecimal digits"),
    (["trust", "revoke", "x", "--keys", "folder"], "NOT_FOUND", "nonos trust list"),
    (["trust", "sell", "x"], "USAGE", "list, add IDENTITY or revoke NAME"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else None)
def test_an_error_says_what_to_do(place, arguments, name, expected):
    assert expected in advice(place(*arguments), name)


def test_a_linked_file_is_told_to_be_sealed(nonos, linked):
    assert "nonos seal" in advice(nonos("inspect", linked["dev"]), "SEGMENT_FILE_RANGE")


def test_a_line_of_the_manifest_is_named_with_where_the_rules_are(nonos, image):
    image.write_bytes(image.read_bytes().replace(b"dirty=yes", b"dirty=yEs"))
    for command in ["inspect"], ["sign"], ["seal", "-o", "x"]:
        said = advice(nonos(*command, image), "MANIFEST_VALUE")
        assert "line 10 of the manifest" in said and "docs/image-format.md" in said


def test_too_many_identities_are_counted(place):
    place("pubkey", "-o", "me").ok()
    options = 65 * ["-i", "me"]
    for command in "verify", "inspect":
        assert "at most 64 times" in advice(place(command, *options, "kernel.bin"), "USAGE")


def test_a_full_disk_and_a_limit_say_what_would_help(place):
    if os.path.exists("/dev/full"):
        assert "make room" in advice(place("pubkey", "-o", "/dev/full"), "WRITE")
    # What a program with counters writes at its end is a file, too (make coverage).
    limited = place("sign", "kernel.bin", env={"LLVM_PROFILE_FILE": os.devnull},
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    assert "ulimit -f" in advice(limited, "WRITE")
