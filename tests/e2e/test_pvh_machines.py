"""Machines of many kinds, started without firmware: each ends as the documents say."""

import re

import pytest

import guest as guest_module
import machine
from conftest import is_documented
from debugger import symbol_addresses

NO_LONG_MODE = "NONOS: panic: the processor has no 64-bit mode or no NX"
TOO_LITTLE = "NONOS: panic: there is less memory than the image takes"


@pytest.fixture
def start(build):
    """start(CPU, MEMORY): the kernel on a machine with that processor and that much memory."""
    guests = []

    def start_one(cpu="max", memory=64):
        accelerator = ["-accel", "tcg", "-cpu", cpu]
        guests.append(guest_module.Guest(machine.pvh_command(
            machine.find_qemu(), accelerator, f"{build}/kernel.bin", memory_mib=memory)))
        return guests[-1]

    yield start_one
    for each in guests:
        each.end()


def expect_ready(guest):
    guest.wait_for_prompt(30)
    assert "self-tests  7 passed" in guest.text()
    return guest.text()


def expect_panic(guest, line):
    assert is_documented(line.removeprefix("NONOS: panic: "))
    assert guest.wait_for_line("NONOS: panic: ", 30) == line
    assert "NONOS: ready" not in guest.text()


@pytest.mark.parametrize("feature", ["SMEP", "SMAP", "UMIP"])
def test_missing_protection_is_named_and_the_kernel_starts(start, feature):
    text = expect_ready(start(f"max,-{feature.lower()}"))
    has, lacks = re.search(r"protection +(.*); the processor lacks (.*)", text).groups()
    assert feature in lacks.split(", ") and feature not in has.split()
    assert set(has.split()) | {feature} == {"NX", "WP", "SMEP", "SMAP", "UMIP"}


def test_kernel_starts_without_1_gib_pages_and_global_pages(start):
    expect_ready(start("max,-pdpe1gb,-pge", 4096))


@pytest.mark.parametrize("cpu, line", [
    ("max,-rdrand", "NONOS: panic: no source of randomness: the handoff, the processor and devices "
                    "have none"),
    ("max,-syscall", "NONOS: panic: the processor lacks SYSCALL"),
    ("max,-nx", NO_LONG_MODE),
    ("max,-lm", NO_LONG_MODE),
])
def test_a_processor_that_lacks_what_is_needed_is_a_panic(start, cpu, line):
    expect_panic(start(cpu), line)


@pytest.mark.parametrize("mib", [2, 64, 128, 256, 1024, 4096, 8192, 16384])
def test_memory_of_this_size_is_used(start, mib):
    guest = start(memory=mib)
    text = expect_ready(guest)
    free, total = map(int, re.search(r"memory +(\d+) of (\d+) MiB free", text).groups())
    assert mib - 2 - mib // 512 <= total <= mib and total - 2 <= free <= total
    assert "7 passed" in guest.ask("selftest")


# By how many KiB memory ends after the image; QEMU rounds up to 8.
@pytest.mark.parametrize("more_kib", [-64, -8])
def test_memory_that_ends_in_the_image_is_a_panic(start, build, more_kib):
    expect_panic(start(memory=f"{end_of_image(build) + more_kib}K"), TOO_LITTLE)


@pytest.mark.parametrize("more_kib, what", [(0, "the allocator"), (160, "the stacks")])
def test_too_little_memory_is_said_and_no_panic(start, build, more_kib, what):
    guest = start(memory=f"{end_of_image(build) + more_kib}K")
    said = f"there is no memory for {what}"
    assert is_documented(said)
    guest.wait_for_line("NONOS: stopped", 30)
    assert f"\n\nNONOS: {said} (NO_MEMORY, code 5)\nNONOS: stopped" in guest.text()
    assert "panic" not in guest.text() and "backtrace" not in guest.text()


def end_of_image(build):
    """In KiB."""
    return (symbol_addresses(f"{build}/kernel.elf")["kernel_data_end"] - 0xFFFFFFFF80000000) // 1024
