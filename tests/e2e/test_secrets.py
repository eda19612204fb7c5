"""What nothing inside can tell, seen from outside with QEMU's debugger port."""

import os
import socket
import struct
import subprocess
import time

import pytest

import guest as guest_module
import machine

RAX, RSP, R12, RIP, FLAGS = 0, 7, 12, 16, 17  # GDB's numbers of the registers
FLAG_ALIGNMENT_CHECK = 1 << 18  # in the kernel: SMAP does not hold
SECRET = 0x1122334455667788


class Debugger:
    """GDB's remote protocol (GDB manual, appendix E), as much of it as is needed."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        for _ in range(100):
            if os.path.exists(path):
                break
            time.sleep(0.1)
        self.socket.connect(path)
        self.buffer = b""
        # QEMU takes single registers only from who has asked which there are.
        self.ask("qXfer:features:read:target.xml:0,ff")

    def send(self, data):
        self.socket.sendall(b"$%s#%02x" % (data.encode(), sum(data.encode()) % 256))

    def receive(self):
        while b"#" not in self.buffer[:-2]:
            received = self.socket.recv(65536)
            assert received, "QEMU has closed the debugger's connection"
            self.buffer += received
        packet, rest = self.buffer.split(b"#", 1)
        self.buffer = rest[2:]
        self.socket.sendall(b"+")
        return packet.split(b"$", 1)[1].decode()

    def ask(self, data):
        self.send(data)
        return self.receive()

    def run_to(self, address):
        assert self.ask(f"Z1,{address:x},1") == "OK"
        assert self.ask("c").startswith("T05")
        assert self.ask(f"z1,{address:x},1") == "OK"

    def set_register(self, number, value):
        length = 4 if number == FLAGS else 8
        assert self.ask(f"P{number:x}={value.to_bytes(length, 'little').hex()}") == "OK"

    def register(self, number):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def read(self, address, length):
        return b"".join(
            bytes.fromhex(self.ask(f"m{at:x},{min(1024, address + length - at):x}"))
            for at in range(address, address + length, 1024))

    def interrupt(self):
        self.socket.sendall(b"\x03")
        return self.receive()


def symbol_addresses(elf):
    lines = subprocess.run(["readelf", "-sW", elf], stdout=subprocess.PIPE, text=True, check=True,
                           timeout=30).stdout.splitlines()
    fields = [line.split() for line in lines if line.count(" ") > 7]
    return {each[7]: int(each[1], 16) for each in fields if len(each) == 8 and each[0] != "Num:"}


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
    time.sleep(1)  # the last wipe comes after the last line
    assert debugger.interrupt().startswith("T")
    for base, length in stacks:
        assert length >= 8192 and not any(debugger.read(base, length))


def test_flags_of_whoever_started_the_kernel_are_not_kept(debugged):
    _, debugger, symbols = debugged
    debugger.set_register(FLAGS, debugger.register(FLAGS) | FLAG_ALIGNMENT_CHECK)
    debugger.run_to(symbols["paging_init"])
    assert debugger.register(FLAGS) & FLAG_ALIGNMENT_CHECK  # it was really set
    debugger.run_to(symbols["random_seed"])
    assert not debugger.register(FLAGS) & FLAG_ALIGNMENT_CHECK
