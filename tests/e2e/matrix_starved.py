"""A start that finds no memory, once, at each allocation in turn, on three machines."""

import pytest

import starved

MACHINES = {
    "microvm": (["-device", "virtio-rng-device"], 40, 30),
    # Registers of the local APIC in memory, a device on PCI, tables of firmware.
    "q35": (["-machine", "q35", "-cpu", "qemu64", "-device", "virtio-rng-pci"], 40, 30),
    # Has Meltdown: programs have tables of their own.
    "Skylake": (["-cpu", "Skylake-Server"], 80, 30),
}


@pytest.mark.parametrize("name", MACHINES)
def test_each_allocation_of_a_start_may_fail(start_pvh, build, tmp_path, name):
    words, least_refused, least_ready = MACHINES[name]
    refused, ready = starved.run(start_pvh, build, tmp_path, words)
    print(f"{name}: {refused} starts refused, {ready} with less")
    assert refused > least_refused and ready > least_ready
