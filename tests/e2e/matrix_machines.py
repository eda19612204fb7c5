"""Machines that lack something, started through firmware and loader: each ends as documented.

`make matrix` runs this, one boot a test.
"""

import re

import pytest

from conftest import expect_verified_boot, is_documented
from test_uefi import CR4_LA57, start_through

RANDOM_DEVICE = ["-device", "virtio-rng-pci"]


def expect_refusal(guest, line):
    assert is_documented(line.removeprefix("NONOS: "))
    assert guest.wait_for_line("NONOS: refused: ") == line
    assert "10/10" not in guest.text()


@pytest.fixture
def start(start_uefi, build):
    """start(CPU, WITHOUT): the disk image of the build on such a machine."""

    def start_one(cpu="max", without=()):
        return start_uefi(f"{build}/nonos.img", ["-accel", "tcg", "-cpu", cpu],
                          without=without)

    return start_one


def test_missing_protections_are_named_and_the_kernel_starts(start):
    text = expect_verified_boot(start("max,-smep,-smap,-umip"))
    assert "3/10 hardware: NX, SYSCALL, random from" in text
    assert re.search(r"protection +NX WP; the processor lacks SMEP, SMAP, UMIP", text)


def test_without_rdrand_a_random_device_is_enough(start):
    text = expect_verified_boot(start("max,-rdrand"))
    assert "random from firmware;" in text
    assert re.search(r"entropy +firmware, virtio-rng, timing jitter$", text, re.MULTILINE)


def test_without_a_random_device_rdrand_is_enough(start):
    text = expect_verified_boot(start(without=RANDOM_DEVICE))
    assert "random from RDRAND;" in text
    assert re.search(r"entropy +RDRAND, timing jitter$", text, re.MULTILINE)


def test_without_rdrand_and_random_device_the_loader_refuses(start):
    expect_refusal(start("max,-rdrand", without=RANDOM_DEVICE),
                   "NONOS: refused: the machine: there is no source of randomness (NO_ENTROPY, "
                   "code 101)")


@pytest.mark.parametrize("feature", ["NX", "SYSCALL"])
def test_without_a_needed_feature_the_loader_refuses(start, feature):
    expect_refusal(start(f"max,-{feature.lower()}"),
                   f"NONOS: refused: the processor, {feature}: the processor lacks a feature that "
                   "is needed (CPU_FEATURE, code 100)")


def test_5_level_paging_stays_on_while_the_loader_works(start_uefi, build, tmp_path):
    """So it is the loader's last step, and not firmware, that turns it off in test_uefi.py."""
    guest, monitor = start_through("five_levels", start_uefi, build, tmp_path, "kernel.unsigned")
    guest.wait_for_line("NONOS: refused: ")
    assert monitor.control_register(4) & CR4_LA57
