"""Measured boot with swtpm: what was predicted, what the TPM has, what the log and the kernel say.

The PCRs are read from swtpm itself once QEMU is gone (tpm.py). Few starts, since each is slow: most
tests ask the same one.
"""

import collections
import hashlib
import json
import re
import subprocess

import pytest

import guest as guest_module
import machine
import tpm as tpm_module
from conftest import expect_verified_boot, is_documented, make_image
from debugger import Debugger, RDI, symbol_addresses
from signing import ERRORS

BANKS = ("sha256", "sha384", "sha512")  # of which nonos knows the arithmetic
PCRS = range(24)
# Offsets in the handoff (abi/handoff.h).
HANDOFF_FLAGS, HANDOFF_LOG = 12, 192
DIRECT_MAP = 0xFFFF800000000000
FLAG_MEASURED = 1 << 6

Measured = collections.namedtuple("Measured", "pcrs log text answer")


def start(folder, image, tpm, extra=()):
    firmware = machine.find_firmware()
    variables = machine.fresh_variables(firmware, folder)
    return guest_module.Guest(machine.uefi_command(
        machine.find_qemu(), machine.TCG, firmware, variables, image,
        extra=[*tpm.qemu_words(), *extra]))


def log_at_the_entry(debugger, elf):
    """The event log as the kernel gets it, out of the guest's memory at its first instruction."""
    debugger.run_to(symbol_addresses(elf)["kernel_main"])
    handoff = debugger.register(RDI)
    flags = int.from_bytes(debugger.read(handoff + HANDOFF_FLAGS, 4), "little")
    assert flags & FLAG_MEASURED
    words = debugger.read(handoff + HANDOFF_LOG, 12)
    paddr, length = int.from_bytes(words[:8], "little"), int.from_bytes(words[8:], "little")
    assert paddr != 0 and length > 0
    return debugger.read(DIRECT_MAP + paddr, length)


def read_after(guest, tpm, banks=BANKS, pcrs=PCRS):
    guest.kill()
    return tpm.read_pcrs(banks, pcrs)


@pytest.fixture(scope="module")
def measured(build, tmp_path_factory):
    """One boot of this build: all PCRs, the log, the serial line, and what `measured` prints."""
    folder = tmp_path_factory.mktemp("measured")
    tpm = tpm_module.Tpm(folder)
    port = str(folder / "gdb")
    guest = None
    try:
        guest = start(folder, f"{build}/nonos.img", tpm,
                      ["-S", "-gdb", f"unix:{port},server=on,wait=off"])
        debugger = Debugger(port)
        log = log_at_the_entry(debugger, f"{build}/kernel.elf")
        debugger.send("c")
        expect_verified_boot(guest)
        answer = guest.ask("measured")
        yield Measured(read_after(guest, tpm, (*BANKS, "sha1")), log, guest.text(), answer)
    finally:
        if guest:
            guest.end()
        tpm.end()


def predict(nonos, *arguments):
    done = nonos("measure", "--json", *arguments)
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout)


def replay(nonos, log, folder):
    (folder / "log").write_bytes(log)
    return predict(nonos, "--log", str(folder / "log"))


def test_predicted_pcrs_are_those_of_the_tpm(measured, nonos, build):
    made = predict(nonos, f"{build}/kernel.bin")
    for pcr in "4", "11":
        assert made["started"][pcr] == {bank: measured.pcrs[bank][pcr] for bank in BANKS}
    assert measured.pcrs["sha256"]["11"] != 64 * "0"


def test_the_log_is_that_of_a_measured_boot(measured, nonos, build, tmp_path):
    said = replay(nonos, measured.log, tmp_path)
    with open(f"{build}/gen/manifest.txt", encoding="ascii") as file:
        assert said["manifest"] == file.read()
    made = predict(nonos, f"{build}/kernel.bin")
    assert said["kernel"] == f"nonos-kernel blake3:{made['digest']}"
    assert said["policy"] == made["policy"]
    assert said["started"] is True


def leaving(bank, value):
    """PCR 5 once boot services are left: firmware logs that elsewhere, after the log was taken."""
    for words in b"Exit Boot Services Invocation", b"Exit Boot Services Returned with Success":
        digest = hashlib.new(bank, words).digest()
        value = hashlib.new(bank, bytes.fromhex(value) + digest).hexdigest()
    return value


def test_the_log_replays_to_every_pcr_of_the_tpm(measured, nonos, tmp_path):
    said = replay(nonos, measured.log, tmp_path)["pcrs"]
    for bank in BANKS:
        assert {"0", "4", "5", "7", "11"} <= set(said[bank])
        said[bank]["5"] = leaving(bank, said[bank]["5"])
        untouched = {str(pcr): ("f" if 17 <= pcr <= 22 else "0") * len(said[bank]["4"])
                     for pcr in PCRS}
        assert measured.pcrs[bank] == {**untouched, **said[bank]}


def test_tpm2_tools_reads_the_same_log(measured, nonos, tmp_path):
    """A public tool that shares no code with ours, SHA-1 included."""
    said = replay(nonos, measured.log, tmp_path)["pcrs"]
    out = subprocess.run(["tpm2_eventlog", str(tmp_path / "log")], stdout=subprocess.PIPE,
                         check=True, text=True, timeout=60).stdout
    values = {}
    for line in out.split("\npcrs:\n")[1].splitlines():
        bank = re.fullmatch(r"  (\w+):", line)
        value = re.fullmatch(r"    (\d+) *: 0x([0-9a-f]+)", line)
        if bank:
            values[bank[1]] = {}
        elif value:
            values[list(values)[-1]][value[1]] = value[2]
    assert values["sha1"]["11"] == measured.pcrs["sha1"]["11"]
    for bank in BANKS:
        assert values[bank] == said[bank]
    assert out.count("EventType: EV_IPL") == 3


def test_the_kernel_shows_the_log(measured):
    assert re.search(r"^NONOS: 9/10 placed: .*; measured into PCR 11$", measured.text, re.MULTILINE)
    assert "PCR 11: 4 events, capped" in measured.text
    listed = re.findall(r"^ +11  (\S+) +([0-9a-f]{64})$", measured.answer.replace("\r", ""),
                        re.MULTILINE)
    assert [event for event, _ in listed] == ["IPL", "IPL", "IPL", "separator"]
    value = bytes(32)
    for _, digest in listed:
        value = hashlib.sha256(value + bytes.fromhex(digest)).digest()
    assert value.hex() == measured.pcrs["sha256"]["11"]


@pytest.fixture
def boot(build, tmp_path):
    """boot(KERNEL, LOADER=None, fail_at=None): a guest with that, and its TPM."""
    started = []

    def begin(kernel, loader=None, fail_at=None):
        tpm = (tpm_module.FailingTpm(tmp_path, fail_at) if fail_at else tpm_module.Tpm(tmp_path))
        started.append(tpm)
        started.insert(0, start(tmp_path, make_image(build, tmp_path, kernel, loader), tpm))
        return started[0], tpm

    yield begin
    for each in started:
        each.end()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def test_another_kernel_and_another_policy_are_predicted_too(measured, boot, nonos, build):
    kernel, loader = f"{build}/variants/kernel-by-other.bin", f"{build}/variants/both.efi"
    guest, tpm = boot(read(kernel), loader)
    guest.wait_for_line("NONOS: ready")
    pcrs = read_after(guest, tpm, pcrs=(4, 7, 11))
    made = predict(nonos, "--loader", loader, kernel)["started"]
    for bank in BANKS:
        for pcr in "4", "11":
            assert pcrs[bank][pcr] == made[pcr][bank] != measured.pcrs[bank][pcr]
        assert pcrs[bank]["7"] == measured.pcrs[bank]["7"]


def expect_refusal(guest, what, name):
    code, reason = ERRORS[name]
    assert guest.wait_for_line("NONOS: refused: ") == (
        f"NONOS: refused: {what}: {reason} ({name}, code {code})")
    assert "NONOS: ready" not in guest.text()


def test_a_refusal_caps_pcr_11(measured, boot, nonos, build):
    guest, tpm = boot(read(f"{build}/variants/kernel-by-other.bin"))
    expect_refusal(guest, r"\EFI\nonos\kernel.bin", "ED25519")
    guest.wait_for(rb"key|reset", 30)
    pcrs = read_after(guest, tpm, pcrs=(4, 11))
    refused = predict(nonos, f"{build}/kernel.bin")["refused"]["nothing-measured"]
    for bank in BANKS:
        assert pcrs[bank]["11"] == refused[bank]
        assert pcrs[bank]["4"] == measured.pcrs[bank]["4"]


@pytest.mark.parametrize("fail_at, what, step", [
    (1, "measuring, the kernel", 8), (4, "measuring, the end of the boot", 10)])
def test_a_tpm_that_fails_in_mid_boot_is_refused(boot, build, fail_at, what, step):
    """From that extension of PCR 11 on, it answers every command with TPM_RC_FAILURE."""
    guest, tpm = boot(read(f"{build}/kernel.bin"), fail_at=fail_at)
    expect_refusal(guest, what, "TPM")
    assert re.findall(r"^NONOS: (\d+)/10 ", guest.text(), re.MULTILINE)[-1] == str(step)
    guest.wait_for_line("NONOS: the TPM did not take the mark of this refusal: PCR 11 is open")
    assert "started by a loader" not in guest.text()
    assert tpm.failures > 0 and tpm.extensions >= fail_at
    assert is_documented("| `TPM`, 106 |")
