"""Processors, memory, CPU models, machines and ways to start, tried together: which rows there are,
and how each of them ends, as docs/boot.md says."""

import collections
import itertools
import os
import re
import shutil

import guest as guest_module
import machine
import test_guests
from conftest import expect_verified_boot, is_documented
from test_platform import rows

PROTECTIONS = ("SMEP", "SMAP", "UMIP", "RDRAND", "RDSEED")
# What TCG gives of each model (QEMU 7.2).
LACKS = {"qemu64": {"SMEP", "SMAP", "UMIP", "RDRAND", "RDSEED"}, "max": {"RDSEED"},
         "EPYC": {"UMIP", "RDSEED"}, "Skylake-Server": {"UMIP", "RDSEED"}}
# What `info` says of them; QEMU's other models are AMD's (docs/speculation.md).
SPECULATION = {"Skylake-Server": "control 0x0 isolation; the processor lacks VERW IBPB"}
SPECULATION_AMD = "control 0x0; the processor lacks IBPB"
COLUMNS = {
    "start": ["microvm, PVH", "pc, PVH", "q35, PVH", "q35, UEFI", "pc, UEFI"],
    "cpu": list(LACKS),
    "processors": [1, 2, 4, 8],
    "mib": [64, 128, 256, 1024, 4096, 8192, 16384],
    "device": [True, False],  # whether there is a virtio-rng
}
FEW_COLUMNS = {**COLUMNS, "start": COLUMNS["start"][:4], "mib": [64, 1024, 16384]}
Row = collections.namedtuple("Row", COLUMNS)
NO_SOURCE = "no source of randomness: the handoff, the processor and devices have none"
NO_SOURCE_UEFI = "the machine: there is no source of randomness (NO_ENTROPY, code 101)"


def name_of(row):
    return (f"{row.start}, -cpu {row.cpu}, {row.processors} processors, {row.mib} MiB, "
            f"{'virtio-rng' if row.device else 'no random device'}")


def meetings(row, strength):
    """Each set of so many of its values, with the columns that they are in."""
    return set(itertools.combinations(enumerate(row), strength))


def product(columns):
    return [Row(*values) for values in itertools.product(*columns.values())]


def choose(columns, strength, chosen=()):
    """Those chosen, and the fewest more that a greedy choice needs until every so many values of
    different columns have met."""
    every, chosen = product(columns), list(chosen)
    missing = set().union(*(meetings(row, strength) for row in every))
    missing = missing.difference(*(meetings(row, strength) for row in chosen))
    while missing:
        chosen.append(max(every, key=lambda row: len(meetings(row, strength) & missing)))
        missing -= meetings(chosen[-1], strength)
    return chosen


def in_order(strength):
    """Every row in which so many values meet, in an order such that pairs have met early; more than
    there are columns: the whole product."""
    chosen = []
    for each in range(2, min(strength, len(COLUMNS)) + 1):
        chosen = choose(COLUMNS, each, chosen)
    return chosen


def has_no_source(row):
    return row.cpu == "qemu64" and not row.device


def expect_report(text, row):
    has, lacks = re.search(r"protection +(.*); the processor lacks (.*)", text).groups()
    assert set(lacks.split(", ")) == LACKS[row.cpu], lacks
    assert set(has.split()) == {"NX", "WP"} | (set(PROTECTIONS[:3]) - LACKS[row.cpu]), has
    total = int(re.search(r"memory +\d+ of (\d+) MiB free", text).group(1))
    assert row.mib - 10 - row.mib // 512 <= total <= row.mib, total
    complaint = re.search(r"^NONOS: (processor|ACPI).*", text.split("NONOS: ready")[0],
                          re.MULTILINE)
    assert not complaint, complaint.group()


def run_pvh(row, build, guests, limit):
    """The suite of several processors, on such a machine."""
    kind = row.start.split(", ")[0]
    name = "virtio-rng-device" if kind == "microvm" else "virtio-rng-pci"
    words = ["-machine", kind, *(["-device", name] if row.device else [])]

    def start(kernel, suite_words, memory_mib):
        guests.append(guest_module.Guest(machine.pvh_command(
            machine.find_qemu(), ["-accel", "tcg", "-cpu", row.cpu], kernel,
            memory_mib=memory_mib, extra=[*suite_words, *words])))
        return guests[-1]

    if has_no_source(row):
        guest = start(f"{build}/kernel.bin", ["-smp", str(row.processors)], row.mib)
        assert guest.wait_for_line("NONOS: panic: ", limit) == f"NONOS: panic: {NO_SOURCE}"
        assert is_documented(NO_SOURCE) and "NONOS: ready" not in guest.text()
        return
    test_guests.run(start, build, "processors", test_guests.Suite(
        processors=row.processors, memory_mib=row.mib, options={"processors": row.processors},
        limit=limit))
    expect_report(guests[-1].text(), row)
    sources = [*(["RDRAND"] if "RDRAND" not in LACKS[row.cpu] else []),
               *(["virtio-rng"] if row.device else []), "timing jitter"]
    assert re.search(f"^  entropy     {', '.join(sources)}$", guests[-1].text(), re.MULTILINE)


def run_uefi(row, build, guests, folder, limit):
    """The disk image, to the prompt."""
    firmware = machine.find_firmware()
    device = ["-device", "virtio-rng-pci"]
    command = machine.uefi_command(
        machine.find_qemu(), ["-accel", "tcg", "-cpu", row.cpu], firmware,
        machine.fresh_variables(firmware, folder), f"{build}/nonos.img", memory_mib=row.mib,
        extra=["-machine", row.start.split(", ")[0], "-smp", str(row.processors)])
    if not row.device:
        at = [command[at:at + len(device)] for at in range(len(command))].index(device)
        del command[at:at + len(device)]
    guests.append(guest_module.Guest(command))
    guest = guests[-1]
    if has_no_source(row):
        assert guest.wait_for_line("NONOS: refused: ", limit) == f"NONOS: refused: {NO_SOURCE_UEFI}"
        assert is_documented(NO_SOURCE_UEFI)
        return
    guest.wait_for_line("NONOS: 3/10 hardware: ", limit)
    text = expect_verified_boot(guest)
    expect_report(text, row)
    assert rows(guest)["APIC ids"] == [" ".join(map(str, range(row.processors)))]
    expected = SPECULATION.get(row.cpu, SPECULATION_AMD)
    assert re.search(f"^  speculation {expected}$", guest.ask("info", limit), re.MULTILINE)
    assert is_documented(f"`speculation {expected}`")
    assert "7 passed" in guest.ask("selftest", limit)


def run(row, build, folder, limit=120):
    """Starts such a machine and waits for its end; limit: seconds for any one thing."""
    guests = []
    try:
        if row.start.endswith("UEFI"):
            run_uefi(row, build, guests, folder, limit)
        else:
            run_pvh(row, build, guests, limit)
    except Exception as problem:
        problem.add_note("\n".join(each.text() for each in guests))
        raise
    finally:
        for each in guests:
            each.end()
