"""QEMU's two ports for looking into a guest from outside: GDB's protocol and QMP."""

import json
import os
import re
import select
import socket
import subprocess
import time

RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP = range(8)  # GDB's numbers of the registers
R12, RIP, FLAGS = 12, 16, 17


def connect(path):
    """A stream to QEMU, which may still be starting."""
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(90)
    for _ in range(600):
        if os.path.exists(path):
            break
        time.sleep(0.1)
    stream.connect(path)
    return stream


def snapshots(folder):
    """What QEMU needs on its command line for Monitor.save: a place, which goes away with it."""
    disk = os.path.join(folder, "snapshots")
    with open(disk, "wb") as file:
        file.truncate(1 << 20)
    return ["-drive", f"if=none,format=raw,file={disk},snapshot=on"]


class Debugger:
    """GDB's remote protocol (GDB manual, appendix E), as much of it as is needed."""

    def __init__(self, path):
        self.socket = connect(path)
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

    def has_stopped(self, seconds):
        """Whether a guest that was sent on says anything, within this time."""
        end = time.monotonic() + seconds
        while b"#" not in self.buffer[:-2]:
            if not select.select([self.socket], [], [], max(0, end - time.monotonic()))[0]:
                return False
            self.buffer += self.socket.recv(65536)
        return True

    def set_breakpoint(self, address):
        assert self.ask(f"Z1,{address:x},1") == "OK"

    def clear_breakpoint(self, address):
        assert self.ask(f"z1,{address:x},1") == "OK"

    def run_to(self, address):
        self.set_breakpoint(address)
        assert self.ask("c").startswith("T05")
        self.clear_breakpoint(address)

    def set_register(self, number, value):
        length = 4 if number == FLAGS else 8
        assert self.ask(f"P{number:x}={value.to_bytes(length, 'little').hex()}") == "OK"

    def register(self, number):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def read(self, address, length):
        return b"".join(
            bytes.fromhex(self.ask(f"m{at:x},{min(1024, address + length - at):x}"))
            for at in range(address, address + length, 1024))

    def write(self, address, data):
        for at in range(0, len(data), 1024):
            part = data[at:at + 1024]
            assert self.ask(f"M{address + at:x},{len(part):x}:{part.hex()}") == "OK"

    def interrupt(self):
        self.socket.sendall(b"\x03")
        return self.receive()


class Monitor:
    """QEMU's machine protocol (QMP), as much of it as is needed."""

    def __init__(self, path):
        self.stream = connect(path).makefile("rwb")
        assert b"QMP" in self.stream.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        self.stream.flush()
        while True:
            line = self.stream.readline()
            assert line, "QEMU has closed the monitor's connection"
            answer = json.loads(line)
            if "event" not in answer:
                assert "return" in answer, answer
                return answer["return"]

    def human(self, line):
        """Runs a command of the human monitor; returns what it printed."""
        return self.ask("human-monitor-command", **{"command-line": line})

    def save(self, name):
        """Keeps the whole machine as it is now. Needs snapshots() on QEMU's command line."""
        assert self.human(f"savevm {name}").strip() == ""

    def load(self, name):
        assert self.human(f"loadvm {name}").strip() == ""

    def control_register(self, number):
        text = self.human("info registers")
        return int(re.search(rf"\bCR{number}=([0-9a-f]+)", text).group(1), 16)

    def dump(self, path, length):
        """Physical memory from 0 on, as bytes; the guest stands still meanwhile."""
        running = self.ask("query-status")["running"]  # else the debugger has stopped it
        if running:
            self.ask("stop")
        self.ask("pmemsave", val=0, size=length, filename=str(path))
        if running:
            self.ask("cont")
        with open(path, "rb") as file:
            memory = file.read()
        os.remove(path)
        assert len(memory) == length
        return memory


def symbol_addresses(elf):
    lines = subprocess.run(["readelf", "-sW", elf], stdout=subprocess.PIPE, text=True, check=True,
                           timeout=30).stdout.splitlines()
    fields = [line.split() for line in lines if line.count(" ") > 7]
    return {each[7]: int(each[1], 16) for each in fields if len(each) == 8 and each[0] != "Num:"}
