"""What a loader that refuses has left in memory: nothing of the entropy, at whatever step it was.

`make matrix` runs this, one boot a test. Where the loader is, tests/variants/announced.c tells.
"""

import re

import pytest

from conftest import make_image
from debugger import RAX, RDX, RIP, RSP
from leftovers import in_words

ENTROPY_LEN = 64  # boot/entropy.h
FIRMWARE = 102  # abi/errors.def


def loader_addresses(map_file, base):
    """{function: address}, of a loader that firmware has put at base."""
    with open(map_file, encoding="ascii") as file:
        return {name: base + int(address, 16) for address, name in
                re.findall(r"^([0-9a-f]{8}) 00000000 +0 +(\w+)$", file.read(), re.MULTILINE)}


class Stopped:
    """A loader at the point where it has its entropy."""

    def __init__(self, guest, map_file):
        self.guest = guest
        guest.debugger.send("c")
        line = guest.guest.wait_for_line("TEST: the loader is at ")
        assert guest.debugger.interrupt().startswith("T")
        self.addresses = loader_addresses(map_file, int(line.rsplit(" ", 1)[1], 16))
        guest.guest.send("x")
        self.run_to("entropy_collect")
        out = guest.debugger.register(RDX)  # Microsoft's calling convention
        self.run_to("kernel_file_read")
        self.entropy = guest.debugger.read(out, ENTROPY_LEN)
        assert len(set(self.entropy)) > 32
        assert self.find()

    def run_to(self, function):
        self.guest.debugger.run_to(self.addresses[function])

    def return_from(self, status):
        """From the start of a function back to its caller, with a result."""
        debugger = self.guest.debugger
        stack = debugger.register(RSP)
        debugger.set_register(RIP, int.from_bytes(debugger.read(stack, 8), "little"))
        debugger.set_register(RSP, stack + 8)
        debugger.set_register(RAX, status)

    def wait_for_refusal(self):
        self.guest.debugger.send("c")
        line = self.guest.guest.wait_for_line("NONOS: refused: ")
        self.guest.guest.wait_for_line("NONOS: press a key")
        return line

    def find(self):
        return self.guest.find({"entropy": self.entropy})


@pytest.fixture
def stop(examine, build, tmp_path):
    """stop(KERNEL, LOADER): the loader, stopped, with a kernel's bytes on its volume."""

    def start(kernel, loader="BOOTX64.EFI", map_file="loader.map"):
        image = make_image(build, tmp_path, kernel, f"{build}/{loader}",
                           f"{build}/variants/announced.efi")
        return Stopped(examine(f"{build}/kernel.elf", image), f"{build}/{map_file}")

    return start


@pytest.fixture
def kernel(build):
    with open(f"{build}/kernel.bin", "rb") as file:
        return file.read()


def changed(kernel):
    return kernel[:5000] + bytes([kernel[5000] ^ 1]) + kernel[5001:]


def test_refusing_an_image_leaves_no_entropy(stop, kernel):
    loader = stop(changed(kernel))
    assert "(ED25519, code 22)" in loader.wait_for_refusal()
    found = loader.find()
    assert not found, in_words(found)


def test_failing_to_leave_firmware_leaves_no_entropy(stop, kernel):
    loader = stop(kernel)
    loader.run_to("departure_leave")
    assert loader.find()  # in the handoff
    loader.return_from(FIRMWARE)
    assert "leaving boot services" in loader.wait_for_refusal()
    found = loader.find()
    assert not found, in_words(found)


def test_the_search_finds_entropy_that_a_refusal_has_kept(stop, kernel):
    loader = stop(changed(kernel), "variants/kept.efi", "variants/kept.map")
    assert "(ED25519, code 22)" in loader.wait_for_refusal()
    assert loader.find()
