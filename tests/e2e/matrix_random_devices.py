"""More machines with a random device, and without RDRAND or with it."""

import pytest

from test_random_devices import expect_entropy, start_with  # noqa: F401 (a fixture)

ROWS = {
    "microvm, MMIO of version 2": (
        "qemu64", "virtio-rng",
        ("-global", "virtio-mmio.force-legacy=false", "-device", "virtio-rng-device")),
    "microvm with PCI Express": (
        "qemu64", "virtio-rng",
        ("-machine", "microvm,pcie=on", "-device", "virtio-rng-device")),
    "q35, behind a root port": (
        "qemu64", "virtio-rng",
        ("-machine", "q35", "-device", "pcie-root-port,id=root", "-device",
         "virtio-rng-pci,bus=root")),
    "q35, behind two bridges, function 3 of device 5": (
        "qemu64", "virtio-rng",
        ("-machine", "q35", "-device", "pcie-pci-bridge,id=outer", "-device",
         "pci-bridge,id=inner,bus=outer,chassis_nr=2", "-device",
         "pci-testdev,bus=inner,addr=05.0,multifunction=on", "-device",
         "virtio-rng-pci,bus=inner,addr=05.3")),
    "pc, without the legacy interface": (
        "qemu64", "virtio-rng",
        ("-machine", "pc", "-device", "virtio-rng-pci-non-transitional")),
    "with other virtio devices": (
        "qemu64", "virtio-rng",
        ("-machine", "q35", "-device", "virtio-net-pci", "-device", "virtio-rng-pci")),
    "beside RDRAND": (
        "max", "RDRAND, virtio-rng", ("-machine", "q35", "-device", "virtio-rng-pci")),
    "beside RDRAND, which a microvm has alone": (
        "EPYC", "RDRAND", ()),
}


@pytest.mark.parametrize("name", ROWS)
def test_it_is_found_and_counts(start_with, name):  # noqa: F811
    cpu, sources, words = ROWS[name]
    expect_entropy(start_with(words, cpu=cpu), sources)
