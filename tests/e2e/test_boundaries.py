"""Each instruction between a program and the kernel is interrupted: by a debug exception, an NMI, a
machine check. tests/guest/suite_boundary.c is the guest, and checks what it finds there."""

import re
import struct
import subprocess

import pytest

from conftest import ROOT
from debugger import RIP
from examined import LINKED_OFFSET

EXIT = ("-device", "isa-debug-exit,iobase=0x501,iosize=4")
ALL_OK = 1
PROGRAM = 0x400000  # GUEST_CODE_VADDR
DEBUG, NMI, OPCODE, PAGE_FAULT, MACHINE_CHECK, TIMER = 1, 2, 6, 14, 18, 59
RAISED = [DEBUG, NMI, OPCODE, PAGE_FAULT, TIMER]
LOG_MAX = 16384
DATA = ("trap_segment", "syscall_segment")  # among the instructions
# An uncorrected error of bank 1 after which the program could go on (SDM vol. 3 §15.3).
MACHINE_CHECK_COMMAND = "mce 0 1 0xb200000000000000 0x5 0 0"
ROUNDS = 2
# After so many runs of the program none of the instructions that are left comes any more.
LAST_RUNS, LOOK_SECONDS = 10, 0.3
# One whose programs need no tables of their own, one whose do; together they use all instructions.
MODELS = ["max", "Skylake-Server"]
PARTS = {"kernel/cpu/trap_entry.S": (".text.trap", "trap_entries"),
         "kernel/user/syscall_entry.S": (".text.syscall", "syscall_entry")}


def entry_len():
    with open(f"{ROOT}/kernel/cpu/vectors.h", encoding="utf-8") as file:
        return int(re.search(r"#define VECTOR_ENTRY_LEN (\d+)", file.read()).group(1))


def section_len(file, name):
    said = subprocess.run(["readelf", "-SW", file], stdout=subprocess.PIPE, text=True, check=True,
                          timeout=30).stdout
    return int(re.search(rf" {re.escape(name)} +PROGBITS +\w+ \w+ (\w+)", said).group(1), 16)


def instructions(build, symbols, elf):
    """{address: text} of the ways into the kernel and out of it, but for what fills gaps."""
    found = {}
    for source, (section, symbol) in PARTS.items():
        first = symbols[symbol]
        end = first + section_len(f"{build}/kernel/{source}.o", section)
        said = subprocess.run(["objdump", "-d", "--no-show-raw-insn", f"--start-address={first:#x}",
                               f"--stop-address={end:#x}", elf], stdout=subprocess.PIPE, text=True,
                              check=True, timeout=30).stdout
        found |= {int(address, 16): text for address, text in
                  re.findall(r"^([0-9a-f]{16}):\t(.*?) *$", said, re.MULTILINE)}
    return {address: text for address, text in found.items() if text != "int3"}


class Boundary:
    """The guest and its debugger, the instructions, and what has come at them."""

    def __init__(self, examine, build, model):
        self.elf = f"{build}/guests/boundary.elf"
        self.examined = examine(self.elf, words=(*EXIT, "-cpu", model))
        self.debugger, self.monitor = self.examined.debugger, self.examined.monitor
        self.symbols = self.examined.symbols
        self.instructions = instructions(build, self.symbols, self.elf)
        self.entry_len = entry_len()

    def entry(self, vector):
        """The instructions of a vector's entry."""
        first = self.symbols["trap_entries"] + vector * self.entry_len
        return {each for each in self.instructions if first <= each < first + self.entry_len}

    def function(self, name):
        text = subprocess.run(["readelf", "-sW", self.elf], stdout=subprocess.PIPE, text=True,
                              check=True, timeout=30).stdout
        first, length = re.search(rf"([0-9a-f]{{16}}) +(\d+) FUNC .* {name}$", text,
                                  re.MULTILINE).groups()
        first = int(first, 16)
        return {each for each in self.instructions if first <= each < first + int(length)}

    def find_paths(self):
        """What NMIs and machine checks go through. A debug exception has the stack of the latter,
        on which another one is put where the first one's frame is: neither may come there."""
        self.nmi_path = path_of(self, self.send_nmi)
        self.debug_stack = (path_of(self, self.send_machine_check) | self.entry(DEBUG)
                            | self.function("trap_debug"))

    def send_nmi(self):
        self.monitor.ask("inject-nmi")

    def send_machine_check(self):
        assert self.monitor.human(MACHINE_CHECK_COMMAND).strip() == ""

    def physical(self, name):
        """Where a variable is in memory, for the debugger: programs' tables do not have it."""
        assert self.debugger.ask("Qqemu.PhyMemMode:1") == "OK"
        return self.symbols[name] - LINKED_OFFSET

    def word(self, name):
        return struct.unpack("<Q", self.debugger.read(self.physical(name), 8))[0]

    def logged(self, first=0):
        """[(rip, vector)] of what has come, from an index on."""
        count = self.word("boundary_log")
        assert first <= count <= LOG_MAX, count
        raw = self.debugger.read(self.physical("boundary_log") + 8 + 16 * first,
                                 16 * (count - first))
        return list(struct.iter_unpack("<QQ", raw))


def is_to_stop(boundary, runs):
    """Whether the guest stops before the program has run so often."""
    while not boundary.debugger.has_stopped(LOOK_SECONDS):
        stop = boundary.debugger.interrupt()
        if stop.startswith("T05"):
            boundary.debugger.buffer = b"$" + stop.encode() + b"#00"
            return True
        if boundary.word("boundary_runs") >= runs:
            return False
        boundary.debugger.send("c")
    return True


def once_each(boundary, wanted, inject):
    """Stops at each of these instructions as it comes, injects something there, and does not stop
    there again; returns those that came, in order."""
    debugger, came, left = boundary.debugger, [], set(wanted)
    for address in left:
        debugger.set_breakpoint(address)
    while left:
        runs = boundary.word("boundary_runs") + LAST_RUNS
        debugger.send("c")
        if not is_to_stop(boundary, runs):
            break
        assert debugger.receive().startswith("T05")
        at = debugger.register(RIP)
        debugger.clear_breakpoint(at)
        left.remove(at)
        came.append(at)
        inject()
    for address in left:
        debugger.clear_breakpoint(address)
    return came


def path_of(boundary, inject):
    """The instructions that one of these takes, from a program and from the kernel and back."""
    debugger, paths = boundary.debugger, set()
    for address in (boundary.symbols["syscall_entry"], PROGRAM):
        path = set()
        debugger.run_to(address)
        inject()
        for each in {address, *boundary.instructions}:
            debugger.set_breakpoint(each)
        at = None
        while at is None or boundary.instructions[at] != "iretq":
            assert debugger.ask("c").startswith("T05")
            at = debugger.register(RIP)
            debugger.clear_breakpoint(at)
            path.add(at)
        for each in {address, *boundary.instructions} - path:
            debugger.clear_breakpoint(each)
        paths |= path
    return paths


def nmis(boundary):
    """NMIs at all instructions; in the handler of one, the next is kept until its IRET."""
    first = boundary.word("boundary_log")
    came = once_each(boundary, boundary.instructions, boundary.send_nmi)
    taken = {rip for rip, vector in boundary.logged(first) if vector == NMI}
    lost = set(came) - boundary.nmi_path - taken
    assert taken and not lost, {hex(each): boundary.instructions[each] for each in lost}
    return set(came)


def machine_checks(boundary):
    """Machine checks; the guest goes on, which the product does not."""
    first = boundary.word("boundary_log")
    came = once_each(boundary, set(boundary.instructions) - boundary.debug_stack,
                     boundary.send_machine_check)
    taken = [rip for rip, vector in boundary.logged(first) if vector == MACHINE_CHECK]
    assert taken == came
    return set(came)


def debug_exceptions(boundary):
    wanted = sorted(set(boundary.instructions) - boundary.debug_stack)
    wanted += [0] * (-len(wanted) % 4)
    boundary.debugger.write(boundary.physical("boundary_request"),
                            struct.pack(f"<{1 + len(wanted)}Q", len(wanted), *wanted))
    boundary.examined.run_to("boundary_is_debugged")
    return {rip for rip, vector in boundary.logged() if vector == DEBUG}


def interrupt_each(examine, build, model):
    """Has a guest interrupted everywhere, in all three ways; returns it and, for each way, the
    instructions at which that was."""
    boundary = Boundary(examine, build, model)
    boundary.examined.run_to("boundary_is_begun")
    boundary.find_paths()
    boundary.examined.run_to("boundary_is_ready")
    came = {"debug": debug_exceptions(boundary), "nmi": set(), "machine check": set()}
    for _ in range(ROUNDS):
        came["nmi"] |= nmis(boundary)
        came["machine check"] |= machine_checks(boundary)
    boundary.debugger.write(boundary.physical("boundary_over"), b"\1")
    boundary.debugger.send("c")
    guest = boundary.examined.guest
    status = guest.wait_for_end(60)
    assert "suite: 2 tests, 0 failed" in guest.text() and status == ALL_OK, guest.text()
    return boundary, came


def expected(boundary):
    """The instructions that come in one model or the other."""
    others = set().union(*(boundary.entry(vector) for vector in range(64) if vector not in RAISED))
    words = {boundary.symbols.get(name) for name in DATA}
    return {each for each, text in boundary.instructions.items()
            if each not in others | words and "syscall_end_thread" not in text}


def test_each_instruction_between_program_and_kernel_may_be_interrupted(examine, build):
    reached, own = {}, set()
    for model in MODELS:
        boundary, came = interrupt_each(examine, build, model)
        own |= boundary.debug_stack | boundary.entry(NMI)
        for kind, where in came.items():
            reached.setdefault(kind, set()).update(where)
    for kind, where in reached.items():
        left = expected(boundary) - where - (set() if kind == "nmi" else own)
        assert not left, (kind, {hex(each): boundary.instructions[each] for each in left})
