"""nonos measure: with loaders that the build made, and images signed here.

What the values are is compared with a real TPM in tests/e2e/test_measured_boot.py.
"""

import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import BUILD, ROOT

VARIANTS = ROOT / BUILD / "variants"


def kernel_by(signer):
    return VARIANTS / f"kernel-by-{signer}.bin"


def predict(nonos, image, loader):
    return json.loads(nonos("measure", "--json", "--loader", loader, image).ok().out)


def test_another_kernel_and_another_policy_give_other_values(nonos):
    """Loaders of another policy differ in both PCRs, kernels in PCR 11 alone."""
    both = predict(nonos, kernel_by("acme"), VARIANTS / "both.efi")
    other = predict(nonos, kernel_by("other"), VARIANTS / "both.efi")
    strict = predict(nonos, VARIANTS / "release-by-acme.bin", VARIANTS / "release.efi")
    for bank, digits in ("sha256", 64), ("sha384", 96), ("sha512", 128):
        assert len({each["started"]["11"][bank] for each in (both, other, strict)}) == 3
        assert both["started"]["4"][bank] == other["started"]["4"][bank]
        assert both["started"]["4"][bank] != strict["started"]["4"][bank]
        assert re.fullmatch(f"[0-9a-f]{{{digits}}}", both["started"]["11"][bank])
    assert both["refused"]["nothing-measured"] == strict["refused"]["nothing-measured"]


def test_the_policy_is_the_loaders(nonos):
    policy = predict(nonos, VARIANTS / "release-by-acme.bin", VARIANTS / "release.efi")["policy"]
    with open(VARIANTS / "acme-release.identity", encoding="ascii") as file:
        identity = re.search("^id=(.*)$", file.read(), re.MULTILINE)[1]
    assert policy == ("NONOS-POLICY 1\nprofile=release\nfloor=1\n"
                      f"trusted={identity} kernel release\n")
    dev = predict(nonos, kernel_by("acme"), VARIANTS / "both.efi")["policy"]
    assert "profile=dev\n" in dev and dev.count("\ntrusted=") == 2


@pytest.mark.parametrize("loader, kernel, code", [
    ("rotation-revoked", "release-by-old", "REVOKED"),
    ("rotation-floor", "release-by-old", "POLICY_FLOOR"),
    ("release", "kernel-by-acme", "POLICY_PROFILE"), ("strict", "kernel-by-acme", "POLICY_DEV"),
    ("release", "kernel-by-other", "ED25519")])
def test_an_image_that_the_loader_refuses_has_no_prediction(nonos, loader, kernel, code):
    done = nonos("measure", "--loader", VARIANTS / f"{loader}.efi", VARIANTS / f"{kernel}.bin")
    assert "refuses this image: no kernel is measured" in done.fails(code).err
    assert done.out == ""


def test_the_loader_beside_the_image_is_taken(nonos):
    shutil.copy(kernel_by("acme"), nonos.folder / "kernel.bin")
    err = nonos("measure", "kernel.bin").fails("NOT_FOUND", "BOOTX64.EFI").err
    assert "--loader says where it is" in err
    shutil.copy(VARIANTS / "both.efi", nonos.folder / "BOOTX64.EFI")
    here = nonos("measure", "kernel.bin").ok().out
    there = nonos("measure", "--loader", VARIANTS / "both.efi", "kernel.bin").ok().out
    assert here == there.replace(str(VARIANTS / "both.efi"), "BOOTX64.EFI")
    nonos("measure", nonos.folder / "kernel.bin").ok()


def test_the_text_has_what_the_json_has(nonos):
    out = nonos("measure", "--loader", VARIANTS / "both.efi", kernel_by("acme")).ok().out
    made = predict(nonos, kernel_by("acme"), VARIANTS / "both.efi")
    for bank in "sha256", "sha384":
        for pcr in "4", "11":
            assert f" {bank}:{pcr}={made['started'][pcr][bank]}" in out
        for event in made["events"]:
            assert f" {bank}:{event['digests'][bank]}" in out
    values = {pcr: made["started"][pcr]["sha256"] for pcr in ("4", "11")}
    assert f"--tpm2-pcrs=7+4:sha256={values['4']}+11:sha256={values['11']}\n" in out
    assert made["policy"].splitlines() == [
        line.strip() for line in out.split("policy\n")[1].split("events\n")[0].splitlines()]


def test_a_signed_loader_has_the_digest_that_other_tools_compute(nonos):
    """efitools computes it too; sbsign adds a signature, which changes nothing."""
    said = subprocess.run(["hash-to-efi-sig-list", VARIANTS / "both.efi", "list"], text=True,
                          cwd=nonos.folder, check=True, stdout=subprocess.PIPE, timeout=60).stdout
    made = predict(nonos, kernel_by("acme"), VARIANTS / "both.efi")
    assert [event["digests"]["sha256"] for event in made["events"] if event["what"] == "the loader"
            ] == [said.split("HASH IS ")[1].strip()]
    subprocess.run(["openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                    "/CN=db", "-keyout", "db.key", "-out", "db.pem"], cwd=nonos.folder, check=True,
                   timeout=60, stderr=subprocess.DEVNULL)
    subprocess.run(["sbsign", "--key", "db.key", "--cert", "db.pem", "--output", "signed.efi",
                    VARIANTS / "both.efi"], cwd=nonos.folder, check=True, timeout=60,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    signed = predict(nonos, kernel_by("acme"), "signed.efi")
    assert os.path.getsize(nonos.folder / "signed.efi") > os.path.getsize(VARIANTS / "both.efi")
    assert signed["started"] == made["started"]


def test_a_file_that_is_no_loader_is_refused(nonos):
    for name, data in ("empty", b""), ("text", b"MZ" + 4096 * b"x"):
        (nonos.folder / name).write_bytes(data)
        nonos("measure", "--loader", name, kernel_by("acme")).fails("LOADER", name)
    nonos("measure", "--loader", kernel_by("acme"), kernel_by("acme")).fails("LOADER")
    without = (VARIANTS / "both.efi").read_bytes().replace(b".policy\0", b".another", 1)
    (nonos.folder / "without").write_bytes(without)
    nonos("measure", "--loader", "without", kernel_by("acme")).fails("LOADER", "without")


def test_what_is_no_image_is_refused(nonos):
    (nonos.folder / "short").write_bytes(b"x")
    nonos("measure", "--loader", VARIANTS / "both.efi", "short").fails("IMAGE_SHORT", "short")
    nonos("measure", "--loader", VARIANTS / "both.efi", "none").fails("NOT_FOUND", "none")


def test_what_is_no_log_is_refused(nonos):
    (nonos.folder / "log").write_bytes(64 * b"x")
    done = nonos("measure", "--log", "log").fails("EVENT_LOG", "log")
    assert "no event log of a TPM 2.0" in done.err and "PCR" not in done.out
    nonos("measure", "--log", "none").fails("NOT_FOUND", "none")


@pytest.mark.parametrize("arguments", [
    [], ["x", "y"], ["--log", "x", "y"], ["--log", "x", "--loader", "y"], ["--loader", "x"]])
def test_a_wrong_command_line_is_refused(nonos, arguments):
    nonos("measure", *arguments).fails("USAGE", "measure")
