"""What ACPI says after a start through firmware, and the end of such machines; more processors than
there is room for.

`make matrix` runs this.
"""

import pytest

from test_platform import rows, start  # pylint: disable=unused-import


@pytest.mark.parametrize("kind", ["pc", "q35"])
@pytest.mark.parametrize("command", ["poweroff", "reboot"])
def test_uefi_machine_is_described_and_ends(start_uefi, build, kind, command):
    guest = start_uefi(f"{build}/nonos.img", extra=["-machine", kind, "-smp", "2"])
    guest.wait_for_prompt()
    found = rows(guest)
    assert "NONOS: ACPI" not in guest.text()
    assert found["APIC ids"] == ["0 1"]
    assert found["power off"] == ["ACPI"]
    assert found["I/O APIC"] == ["id 0 at 0xfec00000, interrupts from 0"]
    assert ("PCI" in found) == (kind == "q35")
    guest.send(command + "\r")
    assert guest.wait_for_end() == 0  # QEMU ends at a restart too


def test_64_processors_are_used_and_the_rest_is_counted(start):
    found = rows(start("-machine", "q35", "-smp", "70"))
    assert found["processors"] == ["64, 0 not enabled, 6 ignored; local APIC at 0xfee00000"]
    assert found["APIC ids"] == [" ".join(map(str, range(64)))]
