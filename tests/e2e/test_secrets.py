"""What nothing inside can tell, seen from outside with QEMU's debugger port."""

import struct
import time

import pytest

import guest as guest_module
import machine
from debugger import FLAGS, R12, RAX, RIP, RSP, Debugger, symbol_addresses

FLAG_ALIGNMENT_CHECK = 1 << 18  # in the kernel: SMAP does not hold
SECRET = 0x1122334455667788


def read_stacks(debugger, address, count=5):
    """(base, length) of each in the kernel's table (kernel/mem/stack.c)."""
    table = debugger.read(address, 24 * count)
    return [struct.unpack_from("<8xQQ", table, 24 * i) for i in range(count)]


@pytest.fixture
def debugged(build, tmp_path):
    """The kernel at the start of its first function: a guest, its debugger, its symbols."""
    path = str(tmp_path / "gdb")
    guest = guest_module.Guest(machine.pvh_command(
        machine.find_qemu(), machine.TCG, f"{build}/kernel.bin",
        extra=["-S", "-gdb", f"unix:{path},server=on,wait=off"]))
    try:
        debugger = Debugger(path)
        symbols = symbol_addresses(f"{build}/kernel.elf")
        debugger.run_to(symbols["pvh_start"])
        yield guest, debugger, symbols
    finally:
        guest.end()


def are_wiped(debugger, stacks):
    """Whether no stack has anything left, now or soon: the last wipe comes after the last line."""
    for _ in range(60):
        time.sleep(0.5)
        assert debugger.interrupt().startswith("T")
        if not any(any(debugger.read(base, length)) for base, length in stacks):
            return True
        debugger.send("c")
    return False


@pytest.mark.parametrize("fault", ["on its stack", "on a stack of its own"])
def test_fault_in_secret_code_leaves_nothing_on_any_stack(debugged, fault):
    guest, debugger, symbols = debugged
    debugger.run_to(symbols["random_seed"])
    stacks = read_stacks(debugger, symbols["stacks"])
    debugger.set_register(RAX, SECRET)
    debugger.set_register(R12, SECRET)
    if fault == "on its stack":
        debugger.set_register(RIP, 0)
    else:
        debugger.set_register(RSP, stacks[0][0] - 2048)  # in the guard page: a double fault
    assert any(any(debugger.read(base, length)) for base, length in stacks)
    debugger.send("c")
    assert "fault" in guest.wait_for_line("NONOS: panic: ", 30)
    guest.wait_for_line("NONOS: stopped", 30)
    assert "registers are not shown" in guest.text()
    assert f"{SECRET:016x}" not in guest.text()
    assert all(length >= 8192 for _, length in stacks) and are_wiped(debugger, stacks)


def test_flags_of_whoever_started_the_kernel_are_not_kept(debugged):
    _, debugger, symbols = debugged
    debugger.set_register(FLAGS, debugger.register(FLAGS) | FLAG_ALIGNMENT_CHECK)
    debugger.run_to(symbols["paging_init"])
    assert debugger.register(FLAGS) & FLAG_ALIGNMENT_CHECK  # it was really set
    debugger.run_to(symbols["random_seed"])
    assert not debugger.register(FLAGS) & FLAG_ALIGNMENT_CHECK
