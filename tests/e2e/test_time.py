"""Clocks and interrupts of several machines: the rate that is found, deadlines, waiting."""

import re

import pytest

import guest as guest_module
import machine
from debugger import Monitor
from test_guests import ALL_OK, EXIT

# The machine's own time is the count of its instructions, a nanosecond each.
COUNTED = ["-icount", "shift=0,sleep=off"]


@pytest.fixture
def start(build):
    """start(KERNEL, WORD...): a kernel of this build on the machine of these words."""
    guests = []

    def start_one(kernel, *words):
        guests.append(guest_module.Guest(machine.pvh_command(
            machine.find_qemu(), machine.TCG, f"{build}/{kernel}", memory_mib=64, extra=words)))
        return guests[-1]

    yield start_one
    for each in guests:
        each.end()


def clock_row(guest):
    """(kHz, who said so, who confirmed it or "")"""
    guest.wait_for_prompt(30)
    row = re.search(r"^  clock +(\d+) kHz by (.+?)(?:, confirmed by (.+?))?; ", guest.text(),
                    re.MULTILINE)
    return int(row.group(1)), row.group(2), row.group(3) or ""


@pytest.mark.parametrize("machine_words, source, witness", [
    ("q35", "HPET", "PM timer"),
    ("pc,hpet=off", "PM timer", "PIT"),
    ("microvm", "PIT", ""),
])
def test_rate_is_found_where_an_instruction_takes_a_nanosecond(start, machine_words, source,
                                                               witness):
    guest = start("kernel.bin", "-machine", machine_words, *COUNTED)
    khz, said, confirmed = clock_row(guest)
    assert (said, confirmed) == (source, witness)
    assert abs(khz - 1000000) <= 50, khz


def test_nobody_to_ask_is_said_and_1_ghz_assumed(start):
    guest = start("kernel.bin", "-machine", "microvm,pit=off", *COUNTED)
    assert clock_row(guest) == (1000000, "assumption", "")
    assert "poweroff" in guest.ask("help")


@pytest.mark.parametrize("words", [
    ("-machine", "microvm"),
    ("-machine", "pc"),
    ("-machine", "q35", *COUNTED, "-fw_cfg", "name=opt/nonos/exact,string=1"),
])
def test_time_and_interrupts_on_a_machine(start, words):
    guest = start("guests/time.unsigned", *EXIT, "-smp", "2", *words)
    status = guest.wait_for_end(60)
    assert re.search(r"^suite: 5 tests, 0 failed$", guest.text(), re.MULTILINE), guest.text()
    assert status == ALL_OK


@pytest.mark.parametrize("machine_words", ["q35", "microvm,acpi=off"])
def test_processor_is_halted_while_the_prompt_waits(start, tmp_path, machine_words):
    """By the port's interrupt, or where no I/O APIC is known with a look once in a while."""
    path = str(tmp_path / "qmp")
    guest = start("kernel.bin", "-machine", machine_words, "-qmp", f"unix:{path},server,nowait")
    guest.wait_for_prompt(30)
    monitor = Monitor(path)
    halted = sum("HLT=1" in monitor.human("info registers") for _ in range(50))
    assert halted >= 25
    for _ in range(3):
        assert "poweroff" in guest.ask("help")
