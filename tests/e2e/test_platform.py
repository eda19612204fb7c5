"""What the kernel finds in ACPI's tables, beside what QEMU was told to build; and that it can
switch such a machine off, and start it anew."""

import re

import pytest

import guest as guest_module
import machine


@pytest.fixture
def start(build):
    """start(WORD...): the kernel on a machine that QEMU builds by these words. It may reboot."""
    guests = []

    def start_one(*words):
        guests.append(guest_module.Guest(machine.pvh_command(
            machine.find_qemu(), machine.TCG, f"{build}/kernel.bin", memory_mib=64, reboots=True,
            extra=words)))
        guests[-1].wait_for_prompt(30)
        return guests[-1]

    yield start_one
    for each in guests:
        each.end()


def rows(guest):
    """The answer of the command `machine`, a list of values for each label."""
    found = {}
    for label, value in re.findall(r"^  (\S.{10}) (.*)$", guest.ask("machine"), re.MULTILINE):
        found.setdefault(label.rstrip(), []).append(value)
    return found


MACHINES = {
    "pc": {"PM timer": ["port 0x608, 24 bits"], "HPET": ["0xfed00000"], "power off": ["ACPI"],
           "I/O APIC": ["id 0 at 0xfec00000, interrupts from 0"], "ISA 0": ["2, high, edge"],
           "8259": ["yes"]},
    "q35": {"PM timer": ["port 0x608, 24 bits"], "HPET": ["0xfed00000"], "power off": ["ACPI"],
            "PCI": ["segment 0, buses 0-255, at 0xb0000000"],
            "reset": ["port 0xcf9, 8 bits"], "ISA 0": ["2, high, edge"],
            "I/O APIC": ["id 0 at 0xfec00000, interrupts from 0"], "8259": ["yes"]},
    "q35,hpet=off": {"HPET": None},
    # Hardware-reduced ACPI: no fixed registers, no HPET, two I/O APICs.
    "microvm": {"PM timer": None, "HPET": None, "PCI": None, "ISA 0": None, "power off": ["ACPI"],
                "I/O APIC": ["id 0 at 0xfec00000, interrupts from 0",
                             "id 1 at 0xfec10000, interrupts from 24"],
                "reset": ["memory 0xfea00202, 8 bits"]},
    "microvm,acpi=off": {"I/O APIC": None, "HPET": None, "PM timer": None, "power off": ["unknown"],
                         "8259": ["yes"], "reset": None},
}

# What QEMU makes of -smp, by the rule that each level of the topology takes whole bits of the id.
PROCESSORS = [
    ("pc", "3,maxcpus=5", [0, 1, 2]),
    ("q35", "1", [0]),
    ("q35,hpet=off", "6,sockets=2,cores=3", [0, 1, 2, 4, 5, 6]),
    ("microvm", "2", [0, 1]),
    ("microvm,acpi=off", "2", [0]),  # only ACPI tells of more
]


@pytest.mark.parametrize("kind, smp, ids", PROCESSORS)
def test_the_machine_is_what_qemu_was_told(start, kind, smp, ids):
    guest = start("-machine", kind, "-smp", smp)
    found = rows(guest)
    assert "NONOS: ACPI" not in guest.text()
    assert found["APIC ids"] == [" ".join(map(str, ids))]
    assert found["processors"] == [
        f"{len(ids)}, 0 not enabled, 0 ignored; local APIC at 0xfee00000"]
    for label, values in MACHINES[kind].items():
        assert found.get(label) == values, label
    # Each of these machines can be started anew, and all that have ACPI can be switched off.
    guest.send("reboot\r")
    guest.wait_for_prompt(30)
    assert rows(guest) == found
    guest.send("poweroff\r")
    if kind.endswith("acpi=off"):
        assert guest.wait_for_line("NONOS: it cannot be") == \
            "NONOS: it cannot be powered off: there are no ACPI tables; halted"
    else:
        assert guest.wait_for_end() == 0


def test_a_malformed_table_is_named_once_and_the_rest_counts(start, tmp_path):
    """QEMU sets the checksum of what it is given right; the bytes are wrong all the same."""
    table = tmp_path / "table"
    table.write_bytes(bytes(8) + b"\0\0\0\xb0\0\0\0\0" b"\0\0\x08\x07" b"\0\0\0\0"  # bus 8 to 7
                      b"\0\0\0\xc0\0\0\0\0" b"\0\0\0\x0f" b"\0\0\0\0")
    guest = start("-machine", "pc", "-acpitable", f"sig=MCFG,data={table}")
    said = re.findall(r"^NONOS: ACPI.*$", guest.text(), re.MULTILINE)
    assert said == ["NONOS: ACPI: MCFG is malformed; what is wrong in it is left out"]
    found = rows(guest)
    assert found["PCI"] == ["segment 0, buses 0-15, at 0xc0000000"]
    assert found["HPET"] == ["0xfed00000"]
    guest.send("poweroff\r")
    assert guest.wait_for_end() == 0
