"""Processors, memory, CPU models, machines and ways to start: each row ends as docs/boot.md says.

`make matrix` runs rows such that each value of one column meets each value of every other;
`make matrix-all` (NONOS_MATRIX=all) the whole product.
"""

import itertools
import os
import re

import pytest

import guest as guest_module
import machine
import test_guests
from conftest import expect_verified_boot, is_documented
from test_platform import rows

PROTECTIONS = ("SMEP", "SMAP", "UMIP", "RDRAND", "RDSEED")
# What TCG gives of each model (QEMU 7.2).
LACKS = {"qemu64": {"SMEP", "SMAP", "UMIP", "RDRAND", "RDSEED"}, "max": {"RDSEED"},
         "EPYC": {"UMIP", "RDSEED"}, "Skylake-Server": {"UMIP", "RDSEED"}}
COLUMNS = {
    "start": ["microvm, PVH", "pc, PVH", "q35, PVH", "q35, UEFI"],
    "cpu": list(LACKS),
    "processors": [1, 2, 4, 8],
    "mib": [64, 1024, 16384],
    "device": [True, False],  # whether there is a virtio-rng
}
ALL_COLUMNS = {**COLUMNS, "start": [*COLUMNS["start"], "pc, UEFI"],
               "mib": [64, 128, 256, 1024, 4096, 8192, 16384]}
NO_SOURCE = "no source of randomness: the handoff, the processor and devices have none"
NO_SOURCE_UEFI = "the machine: there is no source of randomness (NO_ENTROPY, code 101)"


def pairs_of(row):
    """Each value with the column that it is in, and each other one."""
    return set(itertools.combinations(enumerate(row), 2))


def choose_pairwise(columns):
    """The fewest rows that a greedy choice needs until every pair of values has met."""
    product = list(itertools.product(*columns))
    missing = set().union(*map(pairs_of, product))
    chosen = []
    while missing:
        chosen.append(max(product, key=lambda row: len(pairs_of(row) & missing)))
        missing -= pairs_of(chosen[-1])
    return chosen


ROWS = (list(itertools.product(*ALL_COLUMNS.values())) if os.environ.get("NONOS_MATRIX") == "all"
        else choose_pairwise(COLUMNS.values()))


def expect_report(text, cpu, mib):
    has, lacks = re.search(r"protection +(.*); the processor lacks (.*)", text).groups()
    assert set(lacks.split(", ")) == LACKS[cpu]
    assert set(has.split()) == {"NX", "WP"} | (set(PROTECTIONS[:3]) - LACKS[cpu])
    total = int(re.search(r"memory +\d+ of (\d+) MiB free", text).group(1))
    assert mib - 10 - mib // 512 <= total <= mib
    assert not re.search(r"^NONOS: (processor|ACPI)", text.split("NONOS: ready")[0], re.MULTILINE)


def expect_entropy(text, first):
    assert re.search(f"^  entropy     {', '.join([*first, 'timing jitter'])}$", text, re.MULTILINE)


def run_pvh(kind, cpu, processors, mib, device, build):
    """The suite of several processors, on such a machine."""
    name = "virtio-rng-device" if kind == "microvm" else "virtio-rng-pci"
    words = ["-machine", kind, *(["-device", name] if device else [])]
    guests = []

    def start(kernel, suite_words, memory_mib):
        guests.append(guest_module.Guest(machine.pvh_command(
            machine.find_qemu(), ["-accel", "tcg", "-cpu", cpu], kernel, memory_mib=memory_mib,
            extra=[*suite_words, *words])))
        return guests[-1]

    try:
        if cpu == "qemu64" and not device:
            guest = start(f"{build}/kernel.bin", [], mib)
            assert guest.wait_for_line("NONOS: panic: ") == f"NONOS: panic: {NO_SOURCE}"
            assert is_documented(NO_SOURCE) and "NONOS: ready" not in guest.text()
            return
        test_guests.run(start, build, "processors", test_guests.Suite(
            processors=processors, memory_mib=mib, options={"processors": processors}, limit=120))
        expect_report(guests[-1].text(), cpu, mib)
        expect_entropy(guests[-1].text(), (["RDRAND"] if cpu != "qemu64" else [])
                       + (["virtio-rng"] if device else []))
    finally:
        for each in guests:
            each.end()


def run_uefi(kind, cpu, processors, mib, device, build, start_uefi):
    """The disk image, to the prompt."""
    guest = start_uefi(f"{build}/nonos.img", ["-accel", "tcg", "-cpu", cpu], memory_mib=mib,
                       extra=["-machine", kind, "-smp", str(processors)],
                       without=() if device else ("-device", "virtio-rng-pci"))
    if cpu == "qemu64" and not device:
        assert guest.wait_for_line("NONOS: refused: ") == f"NONOS: refused: {NO_SOURCE_UEFI}"
        assert is_documented(NO_SOURCE_UEFI)
        return
    text = expect_verified_boot(guest)
    expect_report(text, cpu, mib)
    assert rows(guest)["APIC ids"] == [" ".join(map(str, range(processors)))]
    assert "7 passed" in guest.ask("selftest")


@pytest.mark.parametrize("start, cpu, processors, mib, device", ROWS)
def test_a_machine_ends_as_the_documents_say(start, cpu, processors, mib, device, build,
                                             start_uefi):
    kind, how = start.split(", ")
    if how == "UEFI":
        run_uefi(kind, cpu, processors, mib, device, build, start_uefi)
    else:
        run_pvh(kind, cpu, processors, mib, device, build)


def test_every_pair_of_values_meets():
    if os.environ.get("NONOS_MATRIX") != "all":
        met = set().union(*map(pairs_of, ROWS))
        for (i, one), (j, other) in itertools.combinations(enumerate(COLUMNS.values()), 2):
            assert {((i, a), (j, b)) for a in one for b in other} <= met
    assert len(ROWS) > 10
