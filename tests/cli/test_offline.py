"""Signing on another machine: what leaves, what comes back, and that the image is the same."""

import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT, link_kernel

sys.path.insert(0, str(ROOT / "tests" / "support"))
import softhsm  # noqa: E402

PQ_LEN, SIG_LEN = 3309, 64
HALVES = {"mldsa65": PQ_LEN, "ed25519": SIG_LEN}


@pytest.fixture
def signer(nonos):
    """A release key, its identity in signer.identity and its id."""
    return make_signer(nonos, "signer")


def make_signer(nonos, name, roles="kernel"):
    ident = nonos("keygen", "-o", f"{name}.key").ok().out.strip()
    nonos("pubkey", "-k", f"{name}.key", "--profile", "release", "--name", name, "--roles", roles,
          "-o", f"{name}.identity").ok()
    return ident


def digest(nonos, image, message):
    return nonos("digest", image, "-o", message)


def sign(nonos, message, signature, key="signer.key", kind="kernel"):
    return nonos("sign", "-k", key, "--digest", message, "-t", kind, "-o", signature)


def attach(nonos, image, half, signature, out="out.bin", who="signer.identity"):
    return nonos("attach", image, f"--{half}", signature, "-i", who, "-o", out)


def half_signed(nonos, image, key="signer.key"):
    digest(nonos, image, "pq.msg").ok()
    sign(nonos, "pq.msg", "pq.sig", key).ok()
    attach(nonos, image, "mldsa65", "pq.sig", "half.bin", key.replace(".key", ".identity")).ok()
    return nonos.folder / "half.bin"


def sign_elsewhere(nonos, image, key="signer.key"):
    half = half_signed(nonos, image, key)
    digest(nonos, half, "ed.msg").ok()
    sign(nonos, "ed.msg", "ed.sig", key).ok()
    return half


@pytest.fixture
def directly(nonos, release, signer):
    """The bytes of the same image, signed where the key is."""
    nonos("sign", "-k", "signer.key", release, "-o", "direct.bin").ok()
    return (nonos.folder / "direct.bin").read_bytes()


def test_signing_elsewhere_gives_the_same_bytes(nonos, release, directly):
    half = sign_elsewhere(nonos, release)
    assert half.read_bytes() == directly[:-SIG_LEN] + bytes(SIG_LEN)
    result = attach(nonos, half, "ed25519", "ed.sig").ok()
    assert "verdict    verified" in result.out and "signer     signer" in result.out
    assert (nonos.folder / "out.bin").read_bytes() == directly
    nonos("verify", "-i", "signer.identity", "out.bin").ok()


def test_the_image_itself_may_be_the_output(nonos, release, directly):
    digest(nonos, release, "m").ok()
    sign(nonos, "m", "s").ok()
    attach(nonos, release, "mldsa65", "s", out=release).ok()
    digest(nonos, release, "m").ok()
    sign(nonos, "m", "s").ok()
    attach(nonos, release, "ed25519", "s", out=release).ok()
    assert release.read_bytes() == directly


def test_openssl_makes_the_same_ed25519_half(nonos, release, directly):
    half = half_signed(nonos, release)
    digest(nonos, half, "ed.msg").ok()
    pem = softhsm.write_pem((nonos.folder / "signer.key").read_bytes(), nonos.folder)
    subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", "ed.msg", "-out",
                    "ed.sig"], cwd=nonos.folder, check=True, timeout=60)
    attach(nonos, half, "ed25519", "ed.sig").ok()
    assert (nonos.folder / "out.bin").read_bytes() == directly


def test_a_token_makes_the_same_ed25519_half(nonos, release, directly):
    half = half_signed(nonos, release)
    digest(nonos, half, "ed.msg").ok()
    hsm = softhsm.Hsm(str(nonos.folder))
    hsm.add_seed((nonos.folder / "signer.key").read_bytes())
    hsm.tool("--sign", "--mechanism", "EDDSA", "--id", "01", "--input-file",
             f"{nonos.folder}/ed.msg", "--output-file", f"{nonos.folder}/ed.sig")
    attach(nonos, half, "ed25519", "ed.sig").ok()
    assert (nonos.folder / "out.bin").read_bytes() == directly


def b3sum(path, without):
    return subprocess.run(f"head -c -{without} {path} | b3sum --raw", shell=True, check=True,
                          stdout=subprocess.PIPE).stdout


def test_messages_are_what_the_format_says(nonos, release, signer):
    digest(nonos, release, "pq.msg").ok()
    body = b3sum(release, PQ_LEN + SIG_LEN)
    assert (nonos.folder / "pq.msg").read_bytes() == b"\x00\x0fNONOS-KERNEL-v1" + body
    half = half_signed(nonos, release)
    result = digest(nonos, half, "ed.msg").ok()
    whole = b3sum(half, SIG_LEN)
    assert (nonos.folder / "ed.msg").read_bytes() == b"NONOS-KERNEL-v1\x00" + whole
    assert f"blake3:{whole.hex()}" in result.out


def fields(text):
    return dict(re.findall(r"^([a-z0-9-]+) +(.*)$", text, re.MULTILINE))


def test_both_machines_print_what_is_to_be_compared(nonos, release, signer):
    for half, name in (release, "ML-DSA-65"), (half_signed(nonos, release), "Ed25519"):
        here = fields(digest(nonos, half, "m").ok().out)
        there = fields(sign(nonos, "m", "s").ok().out)
        assert here["half"].startswith(name) and there["half"] == name
        assert here["type"] == there["type"] == "kernel"
        assert here["digest"] == there["digest"]
        assert (here["name"], here["version"], here["profile"]) == ("nonos", "0.1.0", "release")
        assert there["signer"] == signer
        length = PQ_LEN if name == "ML-DSA-65" else SIG_LEN
        assert there["signature"] == f"s, {length} bytes"


def test_a_signer_says_what_is_meant(nonos, release, signer):
    digest(nonos, release, "m").ok()
    result = sign(nonos, "m", "s", kind="capsule").fails("POLICY_TYPE", "m")
    assert "one for a kernel" in result.err
    sign(nonos, "m", "s", kind="bundle").fails("POLICY_TYPE", "m")
    for missing in ["-o", "s"], ["-t", "kernel"]:
        nonos("sign", "-k", "signer.key", "--digest", "m", *missing).fails("USAGE", "sign")
    nonos("sign", "-k", "signer.key", "--digest", "m", "-t", "kernel", "-o", "s",
          release).fails("USAGE", "sign")
    nonos("sign", "-k", "signer.key", "-t", "kernel", release).fails("USAGE", "sign")
    assert not (nonos.folder / "s").exists()


def test_a_kernel_s_message_with_a_capsule_s_context_is_no_signature_for_it(nonos, release, signer):
    """The type is among the signed bytes: whoever changes it there has another signature."""
    make_signer(nonos, "both", "kernel,capsule")
    digest(nonos, release, "m").ok()
    message = (nonos.folder / "m").read_bytes()
    (nonos.folder / "m").write_bytes(b"\x00\x10NONOS-CAPSULE-v1" + message[-32:])
    sign(nonos, "m", "s", "both.key").fails("POLICY_TYPE")
    sign(nonos, "m", "s", "both.key", "capsule").ok()
    attach(nonos, release, "mldsa65", "s", who="both.identity").fails("SIGNATURE", "s")


def test_a_signer_never_takes_the_development_key(nonos, release):
    nonos("keygen").ok()
    digest(nonos, release, "m").ok()
    sign(nonos, "m", "s", "dev_signing_key.bin").fails("KEY_NONE")
    (nonos.folder / "copy.key").write_bytes((nonos.folder / "dev_signing_key.bin").read_bytes())
    (nonos.folder / "copy.key").chmod(0o600)
    sign(nonos, "m", "s", "copy.key").fails("KEY_NONE")
    nonos("sign", "--digest", "m", "-t", "kernel", "-o", "s").fails("KEY_NONE")
    assert not (nonos.folder / "s").exists()


def hostile_messages(message):
    at = len(message) - 32
    yield b""
    yield message[:31]
    yield from (message[:n] for n in (32, at, len(message) - 1))
    yield message + b"\x00"
    yield message + message
    yield b"\x01" + message[1:]
    yield message[:1] + b"\x10" + message[2:]
    yield message.replace(b"KERNEL", b"KERNEl")
    yield message.replace(b"-v1", b"-v2")
    yield message.replace(b"KERNEL", b"BUNDLE")
    yield message[at:]
    yield message.hex().encode()


@pytest.mark.parametrize("half", HALVES)
def test_what_is_no_message_is_not_signed(nonos, release, signer, half):
    image = release if half == "mldsa65" else half_signed(nonos, release)
    digest(nonos, image, "m").ok()
    message = (nonos.folder / "m").read_bytes()
    bad = set(hostile_messages(message)) - {message}
    assert len(bad) >= 12
    for text in bad:
        (nonos.folder / "bad").write_bytes(text)
        sign(nonos, "bad", "s").fails("MESSAGE", "bad")
    sign(nonos, "missing", "s").fails("NOT_FOUND", "missing")
    assert not (nonos.folder / "s").exists()


@pytest.mark.parametrize("half, length", HALVES.items())
def test_a_signature_of_another_length_is_refused(nonos, release, signer, half, length):
    image = release if half == "mldsa65" else half_signed(nonos, release)
    before = image.read_bytes()
    for other in (0, 1, length - 1, length + 1, 2 * length, SIG_LEN + PQ_LEN - length, 70000):
        (nonos.folder / "bad").write_bytes(b"\x01" * other)
        result = attach(nonos, image, half, "bad", out=image).fails("SIZE", "bad")
        assert f"has {length} bytes" in result.err
    attach(nonos, image, half, "missing").fails("NOT_FOUND", "missing")
    assert image.read_bytes() == before and not (nonos.folder / "out.bin").exists()


def test_swapped_halves_are_refused(nonos, release, signer):
    half = sign_elsewhere(nonos, release)
    attach(nonos, release, "ed25519", "pq.sig").fails("SIZE", "pq.sig")
    attach(nonos, half, "mldsa65", "ed.sig").fails("SIZE", "ed.sig")
    attach(nonos, release, "ed25519", "ed.sig").fails("UNSIGNED")
    attach(nonos, half, "mldsa65", "pq.sig").fails("SIGNED")
    assert not (nonos.folder / "out.bin").exists()


def test_a_signed_image_is_not_signed_over(nonos, release, directly):
    half = sign_elsewhere(nonos, release)
    attach(nonos, half, "ed25519", "ed.sig").ok()
    assert "nonos seal" in digest(nonos, "out.bin", "m").fails("SIGNED", "out.bin").err
    for one, signature in ("mldsa65", "pq.sig"), ("ed25519", "ed.sig"):
        attach(nonos, "out.bin", one, signature, "again.bin").fails("SIGNED", "out.bin")
    for name in "m", "again.bin":
        assert not (nonos.folder / name).exists()


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.with_name("changed").write_bytes(data)
    return path.with_name("changed")


def test_a_signature_of_another_image_is_refused(nonos, linked, release, signer):
    other = link_kernel(nonos.folder / "linked", profile="release", version="0.1.1")
    nonos("seal", other, "-o", "other.bin").ok()
    half = sign_elsewhere(nonos, release)
    attach(nonos, "other.bin", "mldsa65", "pq.sig").fails("SIGNATURE", "pq.sig")
    first = half.rename(nonos.folder / "first.bin")
    sign_elsewhere(nonos, "other.bin")
    attach(nonos, first, "ed25519", "ed.sig").fails("SIGNATURE", "ed.sig")
    attach(nonos, half, "ed25519", "ed.sig").ok()


@pytest.mark.parametrize("half, places", [("mldsa65", (0, 1600, 3308)), ("ed25519", (0, 31, 63))])
def test_an_altered_signature_is_refused(nonos, release, signer, half, places):
    image = sign_elsewhere(nonos, release)
    path, image = {"mldsa65": ("pq.sig", release), "ed25519": ("ed.sig", image)}[half]
    for at in places:
        bad = flip(nonos.folder / path, at)
        attach(nonos, image, half, bad).fails("SIGNATURE", bad)
    attach(nonos, image, half, path).ok()


def test_an_image_changed_between_the_halves_is_refused(nonos, release, signer):
    """The one who signs last sees only a digest: what holds is the check when it is attached."""
    half = half_signed(nonos, release)
    bad = flip(half, half.stat().st_size - SIG_LEN - 100)
    digest(nonos, bad, "m").ok()
    sign(nonos, "m", "s").ok()
    attach(nonos, bad, "ed25519", "s").fails("MLDSA65", bad)
    assert not (nonos.folder / "out.bin").exists()


def test_two_keys_do_not_make_one_signature(nonos, release, signer):
    make_signer(nonos, "other")
    half = half_signed(nonos, release)
    digest(nonos, half, "m").ok()
    sign(nonos, "m", "s", "other.key").ok()
    attach(nonos, half, "ed25519", "s").fails("SIGNATURE", "s")
    nonos("attach", half, "--ed25519", "s", "-i", "signer.identity", "-i", "other.identity", "-o",
          "out.bin").fails("MLDSA65", half)


def test_whoever_may_not_sign_is_not_attached(nonos, release, signer):
    make_signer(nonos, "capsules", "capsule")
    nonos("pubkey", "-k", "signer.key", "--name", "dev", "-o", "dev.identity").ok()
    digest(nonos, release, "m").ok()
    sign(nonos, "m", "s", "capsules.key").ok()
    attach(nonos, release, "mldsa65", "s", who="capsules.identity").fails("SIGNATURE", "s")
    sign(nonos, "m", "s").ok()
    attach(nonos, release, "mldsa65", "s", who="dev.identity").fails("SIGNATURE", "s")
    attach(nonos, release, "mldsa65", "s", who="signer.identity").ok()


def test_the_signer_is_looked_up_in_keys(nonos, release, signer):
    (nonos.folder / "keys").mkdir()
    digest(nonos, release, "m").ok()
    sign(nonos, "m", "s").ok()
    nonos("attach", release, "--mldsa65", "s", "-o", "out.bin").fails("SIGNATURE", "s")
    nonos("trust", "add", "signer.identity", "--id", signer).ok()
    nonos("attach", release, "--mldsa65", "s", "-o", "out.bin").ok()
    shutil.copytree(nonos.folder / "keys", nonos.folder / "others")
    nonos("attach", release, "--mldsa65", "s", "-o", "out.bin", "--keys", "others").ok()
    nonos("attach", release, "--mldsa65", "s", "-o", "out.bin", "--keys", "no").fails("NOT_FOUND")
    new = make_signer(nonos, "new")
    nonos("trust", "add", "new.identity", "--id", new).ok()
    nonos("trust", "revoke", "signer").ok()
    for more in [], ["-i", "signer.identity"]:
        nonos("attach", release, "--mldsa65", "s", "-o", "out.bin", *more).fails("REVOKED", "s")


@pytest.mark.parametrize("arguments", [
    ["x", "-o", "y"], ["x", "--mldsa65", "s"], ["--mldsa65", "s", "-o", "y"],
    ["x", "--mldsa65", "s", "--ed25519", "s", "-o", "y"], ["x", "--mldsa65"],
    ["x", "y", "--mldsa65", "s", "-o", "z"], ["x", "--mldsa65", "s", "-o", "y", *65 * ["-i", "x"]]],
    ids=lambda words: " ".join(words[:6]))
def test_attach_takes_one_image_and_one_signature(nonos, arguments):
    nonos("attach", *arguments).fails("USAGE")
    assert list(nonos.folder.iterdir()) == []


def test_what_is_no_image_has_no_message(nonos, release, signer):
    (nonos.folder / "text").write_text("not an image")
    digest(nonos, "text", "m").fails("IMAGE_SHORT", "text")
    half_signed(nonos, release)
    attach(nonos, "text", "mldsa65", "pq.sig").fails("IMAGE_SHORT", "text")
    bad = flip(release, 0)
    digest(nonos, bad, "m").fails("ELF_MAGIC", bad)
    attach(nonos, bad, "mldsa65", "pq.sig").fails("ELF_MAGIC", bad)
    assert not (nonos.folder / "m").exists() and not (nonos.folder / "out.bin").exists()


def test_output_that_cannot_be_written_is_an_error(nonos, release, signer):
    half_signed(nonos, release)
    digest(nonos, release, "no/m").fails("WRITE", "no/m")
    sign(nonos, "pq.msg", "no/s").fails("WRITE", "no/s")
    attach(nonos, release, "mldsa65", "pq.sig", "no/out").fails("WRITE", "no/out")
