"""The folder of trusted and revoked identities, and the policy that a loader is built with."""

import re
import subprocess

import pytest
from conftest import ROOT, llvm


@pytest.fixture
def keys(nonos):
    """keys/ with one pinned release identity, acme, whose key is acme.key."""
    for folder in ("keys", "keys/trusted", "keys/revoked"):
        (nonos.folder / folder).mkdir()
    (nonos.folder / "keys/pins").write_text("# id, file\n\n")
    add(nonos, "acme")
    return nonos.folder / "keys"


def add(nonos, name, profile="release", folder="trusted", roles="kernel,capsule,bundle"):
    ident = nonos("keygen", "-o", f"{name}.key").ok().out.strip()
    nonos("pubkey", "-k", f"{name}.key", "--name", name, "--roles", roles, "--profile", profile,
          "-o", f"keys/{folder}/{name}.identity").ok()
    with open(nonos.folder / "keys/pins", "a") as pins:
        pins.write(f"{ident} {name}.identity\n")
    return ident


def policy(nonos, *arguments, profile="release"):
    return nonos("policy", "--profile", profile, "--keys", "keys", *arguments, "-o", "policy.c")


@pytest.fixture
def signed(nonos, keys, release):
    nonos("sign", "-k", "acme.key", release).ok()
    return release


def test_identities_in_keys_are_trusted(nonos, signed):
    assert "signer     acme (release)" in nonos("verify", signed).ok().out
    (nonos.folder / "keys").rename(nonos.folder / "others")
    nonos("verify", signed).fails("NO_IDENTITY")
    nonos("verify", "--keys", "others", signed).ok()
    nonos("verify", "--keys", "keys", signed).fails("NOT_FOUND", "keys")


def test_folders_and_files_that_are_not_there_are_empty(nonos, signed, keys):
    (keys / "revoked").rmdir()
    nonos("verify", signed).ok()
    (keys / "trusted/acme.identity").unlink()
    (keys / "trusted").rmdir()
    (keys / "pins").unlink()
    nonos("verify", signed).fails("NO_IDENTITY")


def test_a_revoked_signer_is_called_that(nonos, signed, keys):
    (keys / "trusted/acme.identity").rename(keys / "revoked/acme.identity")
    result = nonos("verify", signed).fails("REVOKED")
    assert "signer     acme (release)" in result.out
    add(nonos, "other")
    nonos("verify", signed).fails("REVOKED")


def test_what_is_revoked_stays_revoked_with_an_identity_given(nonos, signed, keys):
    (keys / "trusted/acme.identity").rename(keys / "revoked/acme.identity")
    nonos("pubkey", "-k", "acme.key", "--name", "acme", "--roles", "kernel", "--profile", "release",
          "-o", "acme.identity").ok()
    nonos("verify", "-i", "acme.identity", signed).fails("REVOKED")


def test_a_revoked_development_key_is_called_that(nonos, image, keys):
    ident = nonos("keygen").ok().out.strip()
    nonos("sign", image).ok()
    nonos("pubkey", "-o", "keys/revoked/dev.identity").ok()
    with open(keys / "pins", "a") as pins:
        pins.write(f"{ident} dev.identity\n")
    nonos("verify", "--allow-dev", image).fails("REVOKED")


def test_an_identity_is_trusted_or_revoked_and_not_both(nonos, signed, keys):
    (keys / "revoked/acme.identity").write_text((keys / "trusted/acme.identity").read_text())
    nonos("verify", signed).fails("IDENTITY_DUPLICATE")


def test_an_identity_must_be_pinned_by_its_id(nonos, signed, keys):
    pins = (keys / "pins").read_text()
    (keys / "pins").write_text("")
    result = nonos("verify", signed).fails("IDENTITY_PIN", "keys/trusted/acme.identity")
    assert pins.splitlines()[-1] in result.err
    (keys / "pins").unlink()
    nonos("verify", signed).fails("IDENTITY_PIN")
    (keys / "pins").write_text(re.sub(r"^[0-9a-f]{64}", 64 * "0", pins, flags=re.MULTILINE))
    nonos("verify", signed).fails("IDENTITY_PIN")
    (keys / "pins").write_text(pins + pins)
    nonos("verify", signed).fails("IDENTITY_PIN")
    (keys / "pins").write_text(pins)
    nonos("verify", signed).ok()


def test_another_identity_under_a_pinned_name_is_refused(nonos, signed, keys):
    nonos("keygen", "-o", "mallory.key").ok()
    nonos("pubkey", "-k", "mallory.key", "--name", "acme", "--roles", "kernel", "--profile",
          "release", "-o", "keys/trusted/acme.identity").ok()
    nonos("verify", signed).fails("IDENTITY_PIN")


def test_a_pin_without_its_file_is_refused(nonos, signed, keys):
    with open(keys / "pins", "a") as pins:
        pins.write(64 * "0" + " lost.identity\n")
    assert "line 4 " in nonos("verify", signed).fails("IDENTITY_PIN", "keys/pins").err


@pytest.mark.parametrize("line", ["x", 64 * "0", 63 * "0" + " a", 64 * "A" + " a",
                                  64 * "0" + " ../a", 64 * "0" + "  a", 64 * "0" + " a b"])
def test_a_malformed_pin_is_refused(nonos, signed, keys, line):
    with open(keys / "pins", "a") as pins:
        pins.write(line + "\n")
    assert "line 4 " in nonos("verify", signed).fails("IDENTITY_SYNTAX", "keys/pins").err


def test_a_file_that_is_no_identity_is_not_passed_over(nonos, signed, keys):
    for name in (".keep", "README.md"):
        (keys / "revoked" / name).write_text("notes")
    nonos("verify", signed).ok()
    (keys / "revoked/acme.identiy").write_text("a revocation with a slip of the pen")
    nonos("verify", signed).fails("IDENTITY_SYNTAX", "keys/revoked/acme.identiy")


def compile_policy(nonos):
    """Compiles policy.c with the loader's warnings; returns what it says, by linking a printer."""
    (nonos.folder / "print.c").write_text("""
#include "boot/policy.h"
#include <stdio.h>
int main(void)
{
    const struct image_policy *p = &boot_policy;
    printf("%u %zu %zu %u %d %u\\n", (unsigned)p->wanted, p->trusted_count, p->revoked_count,
           p->security_version_floor, p->allow_dev, boot_profile);
    for (size_t i = 0; i < p->trusted_count + p->revoked_count; i++) {
        const struct identity *id = i < p->trusted_count ? &p->trusted[i]
                                                         : &p->revoked[i - p->trusted_count];
        printf("%s %u %u ", id->name, id->roles, id->profile);
        for (unsigned j = 0; j < sizeof(id->id); j++)
            printf("%02x", id->id[j]);
        for (unsigned j = 0; j < sizeof(id->mldsa65); j++)
            printf("%02x", id->mldsa65[j]);
        printf("\\n");
    }
}
""")
    subprocess.run([llvm("clang"), "-std=c23", f"-I{ROOT}", "-Wall", "-Wextra", "-Wpedantic",
                    "-Wconversion", "-Werror", "policy.c", "print.c", "-o", "print"],
                   cwd=nonos.folder, check=True)
    out = subprocess.run(["./print"], cwd=nonos.folder, check=True, stdout=subprocess.PIPE)
    return out.stdout.decode().splitlines()


def test_policy_writes_what_keys_says(nonos, keys):
    revoked = add(nonos, "old", folder="revoked", roles="kernel")
    policy(nonos).ok()
    first, acme, old = compile_policy(nonos)
    assert first == "1 1 1 1 0 2"
    text = (keys / "trusted/acme.identity").read_text()
    assert acme == "acme 7 2 " + "".join(re.search(f"^{key}=(.*)$", text, re.MULTILINE).group(1)
                                         for key in ("id", "mldsa65"))
    assert old.startswith(f"old 1 2 {revoked}")


def test_policy_of_a_development_build(nonos, keys):
    nonos("keygen", "-o", "dev.key").ok()
    nonos("pubkey", "-k", "dev.key", "-o", "dev.identity").ok()
    policy(nonos, "--dev", "dev.identity", "--floor", "5", profile="dev").ok()
    first, *identities = compile_policy(nonos)
    assert first == "1 2 0 5 1 1"
    assert [line.split()[0] for line in identities] == ["acme", "dev"]


def test_policy_with_nobody_in_keys(nonos):
    (nonos.folder / "keys").mkdir()
    nonos("keygen", "-o", "dev.key").ok()
    nonos("pubkey", "-k", "dev.key", "-o", "dev.identity").ok()
    policy(nonos, "--dev", "dev.identity", profile="dev").ok()
    assert compile_policy(nonos)[0] == "1 1 0 1 1 1"
    policy(nonos, profile="dev").ok()
    assert compile_policy(nonos) == ["1 0 0 1 1 1"]


def test_policy_is_the_same_each_time(nonos, keys):
    for name in ("zeta", "beta", "mike"):
        add(nonos, name)
    policy(nonos).ok()
    first = (nonos.folder / "policy.c").read_bytes()
    policy(nonos).ok()
    assert (nonos.folder / "policy.c").read_bytes() == first
    assert re.findall(rb'\.name = "(\w+)"', first) == [b"acme", b"beta", b"mike", b"zeta"]


def test_a_release_policy_refuses_a_development_identity(nonos, keys):
    add(nonos, "dev", profile="dev")
    assert "keys/trusted" in policy(nonos).fails("POLICY_DEV", "dev").err
    policy(nonos, profile="dev").ok()


def test_a_release_policy_needs_somebody_who_signs_kernels(nonos, keys):
    (keys / "trusted/acme.identity").unlink()
    (keys / "pins").write_text("")
    policy(nonos).fails("NO_IDENTITY", "keys")
    add(nonos, "capsules", roles="capsule,bundle")
    policy(nonos).fails("NO_IDENTITY", "keys")
    assert not (nonos.folder / "policy.c").exists()


def test_policy_needs_its_folder(nonos):
    policy(nonos).fails("NOT_FOUND", "keys")
