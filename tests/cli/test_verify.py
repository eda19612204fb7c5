"""`nonos verify`: who is trusted, what is refused with which code, and what is printed."""

import random

import pytest
from conftest import CODES, link_kernel

SIG, PQSIG = 64, 3309


def flip(path, offset, bit=1):
    content = bytearray(path.read_bytes())
    content[offset] ^= bit
    path.write_bytes(content)


@pytest.fixture
def released(nonos, release):
    """A release image signed with release.key, whose identity is release.identity."""
    nonos("keygen", "-o", "release.key").ok()
    nonos("sign", "-k", "release.key", release).ok()
    nonos("pubkey", "-k", "release.key", "--profile", "release", "--name", "acme", "--roles",
          "kernel", "-o", "release.identity").ok()
    return release


def test_verify_shows_what_was_verified(nonos, signed):
    result = nonos("verify", "--allow-dev", "kernel.bin").ok()
    lines = result.out.splitlines()
    ident = nonos("pubkey").ok().out.split("id=")[1][:64]
    assert lines[0] == f"image      kernel.bin, {signed.stat().st_size} bytes"
    assert lines[1].startswith("digest     blake3:")
    assert lines[2:6] == ["signer     dev (dev)", f"id         {ident}", "ed25519    valid",
                          "ml-dsa-65  valid"]
    assert "           type=kernel" in lines
    assert lines[-1] == "verdict    verified"
    assert result.err == ""


def test_a_development_image_needs_allow_dev(nonos, signed):
    result = nonos("verify", signed).fails("POLICY_DEV", signed)
    assert "--allow-dev" in result.err
    code, text = CODES["POLICY_DEV"]
    assert result.out.splitlines()[-1] == f"verdict    refused: {text} (POLICY_DEV, code {code})"


def test_verify_never_makes_a_key(nonos, image):
    nonos("verify", "--allow-dev", image).fails("NO_IDENTITY")
    assert [path.name for path in nonos.folder.iterdir()] == ["kernel.bin"]


def test_verify_does_not_read_signing_key(nonos, signed):
    nonos("verify", "--allow-dev", signed, env={"SIGNING_KEY": ""}).ok()
    (nonos.folder / "dev_signing_key.bin").rename(nonos.folder / "key")
    nonos("verify", "--allow-dev", signed, env={"SIGNING_KEY": "key"}).fails("NO_IDENTITY")


def test_a_bad_development_key_stops_only_who_relies_on_it(nonos, released):
    (nonos.folder / "dev_signing_key.bin").write_bytes(bytes(31))
    (nonos.folder / "dev_signing_key.bin").chmod(0o600)
    nonos("verify", "-i", "release.identity", released).ok()
    nonos("verify", "--allow-dev", released).fails("KEY_LENGTH", "dev_signing_key.bin")
    nonos("verify", released).fails("NO_IDENTITY")


def test_an_identity_beside_the_image_is_not_trusted(nonos, signed):
    nonos("pubkey", "-o", "signer.identity").ok()
    (nonos.folder / "gen").mkdir()
    nonos("pubkey", "-o", "gen/signer.identity").ok()
    (nonos.folder / "dev_signing_key.bin").rename(nonos.folder / "key")
    nonos("verify", "--allow-dev", signed).fails("NO_IDENTITY")


def test_an_identity_that_is_given_is_trusted(nonos, released):
    said = nonos("verify", "-i", "release.identity", released).ok().out
    assert "signer     acme (release)" in said


def test_only_identities_that_are_given_are_trusted(nonos, signed, released):
    nonos("verify", "--allow-dev", "-i", "release.identity", signed).fails("ED25519")
    nonos("pubkey", "-o", "dev.identity").ok()
    nonos("verify", "--allow-dev", "-i", "release.identity", "-i", "dev.identity", signed).ok()
    nonos("verify", "-i", "dev.identity", "-i", "dev.identity", "-i", "release.identity",
          released).ok()


def test_an_identity_file_that_is_none_is_refused(nonos, released):
    identity = nonos.folder / "release.identity"
    text = identity.read_text()
    nonos("verify", "-i", "missing", released).fails("NOT_FOUND", "missing")
    nonos("verify", "-i", ".", released).fails("READ", ".")
    nonos("verify", "-i", "release.key", released).fails("IDENTITY_SYNTAX", "release.key")
    nonos("verify", "-i", "/dev/zero", released).fails("IDENTITY_SYNTAX", "/dev/zero")
    identity.write_text(text + "\n")
    nonos("verify", "-i", identity, released).fails("IDENTITY_SYNTAX")
    identity.write_text(text.replace("\n", "\r\n"))
    nonos("verify", "-i", identity, released).fails("IDENTITY_SYNTAX")
    before = text.split("id=")[1][0]
    identity.write_text(text.replace("id=" + before, "id=" + ("1" if before == "0" else "0")))
    nonos("verify", "-i", identity, released).fails("IDENTITY_ID")


def test_two_identities_with_one_key_are_refused(nonos, released):
    nonos("pubkey", "-k", "release.key", "-o", "other.identity").ok()
    nonos("verify", "-i", "release.identity", "-i", "other.identity",
          released).fails("IDENTITY_DUPLICATE")


def test_an_identity_without_the_role_does_not_count(nonos, released):
    nonos("pubkey", "-k", "release.key", "--profile", "release", "--name", "acme", "--roles",
          "capsule,bundle", "-o", "capsules.identity").ok()
    nonos("verify", "-i", "capsules.identity", released).fails("NO_IDENTITY")


def test_what_is_wanted_decides(nonos, released):
    nonos("pubkey", "-k", "release.key", "--profile", "release", "--name", "acme", "--roles",
          "kernel,capsule,bundle", "-o", "all.identity").ok()
    nonos("verify", "-i", "all.identity", "-t", "kernel", released).ok()
    nonos("verify", "-i", "all.identity", "-t", "capsule", released).fails("ED25519")
    nonos("verify", "-i", "all.identity", "-t", "bundle", released).fails("ED25519")


def test_the_floor_is_kept(nonos, released):
    for floor in ("1", "3"):
        nonos("verify", "-i", "release.identity", "--floor", floor, released).ok()
    for floor in ("4", "4294967295"):
        nonos("verify", "-i", "release.identity", "--floor", floor, released).fails("POLICY_FLOOR")


def test_an_unsigned_image_is_called_that(nonos, image):
    nonos("keygen").ok()
    result = nonos("verify", "--allow-dev", image).fails("UNSIGNED")
    assert "nonos sign" in result.err and "manifest" not in result.out


def test_nothing_of_an_unverified_image_is_shown(nonos, signed):
    flip(signed, 0x1010)
    out = nonos("verify", "--allow-dev", signed).fails("ED25519").out
    assert "type=kernel" not in out and "signer" not in out


def test_profiles_of_image_and_signer_must_agree(nonos, released):
    nonos("pubkey", "-k", "release.key", "-o", "as-dev.identity").ok()
    nonos("verify", "--allow-dev", "-i", "as-dev.identity", released).fails("POLICY_PROFILE")


def test_a_file_of_the_wrong_length_is_refused(nonos, signed):
    content = signed.read_bytes()
    for name, data, code in (("empty", b"", "IMAGE_SHORT"),
                             ("short", content[:4095], "IMAGE_SHORT"),
                             ("long", content + bytes(16 * 2**20), "IMAGE_LONG")):
        (nonos.folder / name).write_bytes(data)
        nonos("verify", "--allow-dev", name).fails(code, name)
    nonos("verify", "--allow-dev", "missing").fails("NOT_FOUND", "missing")
    nonos("verify", "--allow-dev", ".").fails("READ", ".")
    nonos("verify", "--allow-dev", "/dev/zero").fails("IMAGE_LONG")
    nonos("verify", "--allow-dev", "/dev/null").fails("IMAGE_SHORT")


def test_an_image_is_read_from_a_pipe(nonos, signed):
    with open(signed, "rb") as image:
        nonos("verify", "--allow-dev", "/dev/stdin", stdin=image).ok()


def test_a_truncated_or_grown_image_is_refused(nonos, signed):
    content = signed.read_bytes()
    changed = nonos.folder / "changed.bin"
    for length in random.sample(range(4096, len(content)), 40):
        changed.write_bytes(content[:length])
        assert nonos("verify", "--allow-dev", changed).status in (21, 22)
    for extra in (b"\0", b"x", bytes(64), content[-SIG:]):
        changed.write_bytes(content + extra)
        nonos("verify", "--allow-dev", changed).fails("ED25519")


def test_any_changed_byte_is_refused(nonos, signed):
    content = signed.read_bytes()
    trailer = len(content) - SIG - PQSIG
    offsets = {0, 63, 64, 4095, 4096, trailer - 1, trailer, len(content) - SIG - 1,
               len(content) - SIG, len(content) - 1}
    offsets.update(random.sample(range(len(content)), 150))
    for offset in sorted(offsets):
        bit = 1 << random.randrange(8)
        flip(signed, offset, bit)
        nonos("verify", "--allow-dev", signed).fails("ED25519")
        flip(signed, offset, bit)
    nonos("verify", "--allow-dev", signed).ok()


@pytest.mark.parametrize("changes, code", [
    ({"target": "x86_64-other"}, "POLICY_TARGET"),
    ({"sbom": "none\ngrant=log:write"}, "POLICY_GRANT")])
def test_sign_refuses_what_verify_would_refuse(nonos, tmp_path, changes, code):
    elf = link_kernel(tmp_path / "other", **changes)
    nonos("seal", elf, "-o", "other.bin").ok()
    nonos("sign", "other.bin").fails(code)
    assert (nonos.folder / "other.bin").read_bytes()[-SIG:] == bytes(SIG)


def test_names_of_files_cannot_fool_a_terminal(nonos):
    result = nonos("verify", "bad\033[2Jname\n").fails("NOT_FOUND", "bad?[2Jname?")
    assert "\033" not in result.err + result.out
