"""The loader and a TPM 2.0 that does not do all it should: programs of tests/variants stand for it,
so that what it was asked is known."""

import re

import machine
from conftest import expect_verified_boot, make_image


def start_with(program, start_uefi, build, folder):
    with open(f"{build}/kernel.bin", "rb") as file:
        image = make_image(build, folder, file.read(), program=f"{build}/variants/{program}.efi")
    return start_uefi(image, machine.TCG)


def test_tpm_that_fails_in_the_middle_is_refused_and_capped(start_uefi, build, tmp_path):
    guest = start_with("failing_tpm", start_uefi, build, tmp_path)
    refused = guest.wait_for_line("NONOS: refused")
    assert refused == ("NONOS: refused: measuring, the manifest: the TPM is there and fails "
                       "(TPM, code 106)")
    asked = re.findall(r"TEST: PCR (\d+), type (\d+), starts with 0x([0-9a-f]+), (taken|not taken)",
                       guest.text())
    # The kernel's text, the manifest's, and then nothing but the separator of a refusal.
    assert asked == [("11", "13", f"{ord('n'):x}", "taken"), ("11", "13", f"{ord('N'):x}",
                                                             "not taken"),
                     ("11", "4", "1", "taken")]
    assert guest.wait_for_line("NONOS: press a key")
    assert "9/10" not in guest.text() and "started by a loader" not in guest.text()


def test_log_that_is_truncated_is_not_handed_over(start_uefi, build, tmp_path):
    guest = start_with("silent_tpm", start_uefi, build, tmp_path)
    text = expect_verified_boot(guest)
    assert re.search(r"^NONOS: 3/10 .*; TPM 2\.0\r?$", text, re.MULTILINE)
    assert re.search(r"^NONOS: 9/10 placed: .*; measured into PCR 11\r?$", text, re.MULTILINE)
    assert "NONOS: the event log is not handed over: firmware had no room for all of it" in text
    told = "PCR 11, the loader reports; no event log"
    assert re.search(rf"^  measured +{told}\r?$", text, re.MULTILINE)
    assert guest.ask("measured").strip() == told
