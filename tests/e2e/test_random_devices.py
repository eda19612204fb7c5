"""Processors without RDRAND, started without firmware: a hypervisor's random device is enough."""

import pytest

import guest as guest_module
import machine

# One row for each way to find a device; matrix_random_devices.py has more machines.
DEVICES = {
    "microvm": ("-device", "virtio-rng-device"),
    "q35": ("-machine", "q35", "-device", "virtio-rng-pci"),
    "pc": ("-machine", "pc", "-device", "virtio-rng-pci"),
}


@pytest.fixture
def start_with(build):
    """start_with(WORDS): the kernel on a processor without RDRAND; the words name the machine and
    its devices."""
    guests = []

    def start(words, cpu="qemu64", memory=128):
        guests.append(guest_module.Guest(machine.pvh_command(
            machine.find_qemu(), ["-accel", "tcg", "-cpu", cpu], f"{build}/kernel.bin",
            memory_mib=memory, extra=words)))
        return guests[-1]

    yield start
    for each in guests:
        each.end()


def expect_entropy(guest, sources):
    """Boots with these sources, which the report names, and gives bytes that differ."""
    guest.wait_for_prompt(60)
    report = [line for line in guest.text().splitlines() if line.startswith("  entropy ")]
    assert report == [f"  entropy     {sources}, timing jitter"]
    lines = guest.ask("random 4096").split()
    assert [len(line) for line in lines] == [64] * 128 and len(set(lines)) == 128


@pytest.mark.parametrize("name", DEVICES)
def test_the_device_is_enough(start_with, name):
    expect_entropy(start_with(DEVICES[name]), "virtio-rng")


def test_no_other_device_is_taken_for_one(start_with):
    guest = start_with(("-machine", "q35", "-device", "virtio-net-pci", "-device",
                        "virtio-balloon-pci"))
    guest.wait_for_line("NONOS: panic: no source of randomness: ", 60)
    assert "NONOS: ready" not in guest.text()
