"""Every protection broken on purpose, and the words of the panic that follows.

The machine is started once and kept as it stands at the prompt; each fault begins there.
"""

import re

import pytest

import debugger
import guest as guest_module
import machine
from conftest import ROOT

DIRECT_MAP, MEMORY_MIB = 0xFFFF800000000000, 64
USER_CODE, USER_DATA = 0x400000, 0x401000
STACKS = ["kernel", "double-fault", "NMI", "machine-check", "crypto"]

FLAGS_LEFT = 1 << 18 | 1 << 10  # AC, DF
# Valid, uncorrected, enabled, the processor's context is corrupt: SDM vol. 3 §15.3.2.2.
MCE_ADDRESS = 1 << 58
MCE_UNCORRECTED = 1 << 63 | 1 << 61 | 1 << 60 | 1 << 57

NOT_MAPPED = "nothing is mapped there"
NOT_ALLOWED = "its page does not allow that"
A_PROGRAMS = "the page is a program's"
PRIVILEGED = "general protection fault in user mode (exception 13, error code 0x0)"


def gate_errors(vector):
    """The error code that names a gate: SDM vol. 3 §6.13, and what some versions of QEMU make of
    it, whose gates have 16 bytes."""
    return {vector * 8 + 2, vector * 16 + 2}


# The name of each fault; the reason of the panic, {} being an address or error code; where that
# address lies, or which values there may be.
EXPECTED = {
    "null-read": (f"page fault: read of {{}}: {NOT_MAPPED}", {8}),
    "null-write": (f"page fault: write to {{}}: {NOT_MAPPED}", {8}),
    "null-execute": (f"page fault: execution of {{}}: {NOT_MAPPED}", {8}),
    "non-canonical": ("general protection fault (exception 13, error code 0x0)", None),
    "write-code": (f"page fault: write to {{}}: {NOT_ALLOWED}", "text"),
    "write-constant": (f"page fault: write to {{}}: {NOT_ALLOWED}", "rodata"),
    "write-alias": (f"page fault: write to {{}}: {NOT_MAPPED}", "direct map of the image"),
    "execute-constant": (f"page fault: execution of {{}}: {NOT_ALLOWED}", "rodata"),
    "execute-data": (f"page fault: execution of {{}}: {NOT_ALLOWED}", "data"),
    "execute-stack": (f"page fault: execution of {{}}: {NOT_ALLOWED}", "stack kernel"),
    "execute-direct-map": (f"page fault: execution of {{}}: {NOT_ALLOWED}", "direct map"),
    "stack": ("double fault: the kernel stack has overflowed ({})", "below kernel"),
    "crypto-stack": ("double fault: the crypto stack has overflowed ({})", "below crypto"),
    "canary": ("a function's stack canary was overwritten", None),
    "free-twice": ("heap: {} is free already", "direct map"),
    "free-frame-twice": ("frames: {} is not the start of an allocated block", "frames"),
    "divide": ("divide error (exception 0, error code 0x0)", None),
    "invalid-opcode": ("invalid opcode (exception 6, error code 0x0)", None),
    "interrupt": ("general protection fault (exception 13, error code {})", gate_errors(0x80)),
    "sse": ("floating-point instruction (exception 7, error code 0x0)", None),
    "x87": ("floating-point instruction (exception 7, error code 0x0)", None),
    **{f"below-{name}": (f"page fault: the {name} stack has overflowed ({{}})", f"below {name}")
       for name in STACKS},
    **{f"above-{name}": (f"page fault: the {name} stack has underflowed ({{}})", f"above {name}")
       for name in STACKS},
    "smap-read": (f"page fault: read of {{}}: {A_PROGRAMS}", {USER_DATA}),
    "smap-write": (f"page fault: write to {{}}: {A_PROGRAMS}", {USER_DATA}),
    "smep": (f"page fault: execution of {{}}: {A_PROGRAMS}", {USER_CODE}),
    **{f"user-{name}": (PRIVILEGED, None)
       for name in "sgdt sidt sldt str smsw cli hlt wrmsr cr3 port flags".split()},
    "user-interrupt": (PRIVILEGED.replace("0x0", "{}"), gate_errors(14)),
    "user-syscall": ("invalid opcode in user mode (exception 6, error code 0x0)", None),
    "user-read": (f"page fault: read of {{}} in user mode: {NOT_ALLOWED}", "data"),
    "user-write": (f"page fault: write to {{}} in user mode: {NOT_ALLOWED}", "data"),
    "user-execute": (f"page fault: execution of {{}} in user mode: {NOT_ALLOWED}", "text"),
}
# Where secret code was running, the registers are not shown.
SECRET = ["crypto-stack"]
# No exception, so no registers either.
FOUND_BY_SOFTWARE = ["canary", "free-twice", "free-frame-twice"]


class Machine:
    """A guest at its prompt, and how to bring it back there."""

    def __init__(self, build, folder, cpu="max"):
        self.guest = guest_module.Guest(machine.pvh_command(
            machine.find_qemu(), ["-accel", "tcg", "-cpu", cpu], f"{build}/provoke/kernel.unsigned",
            memory_mib=MEMORY_MIB, extra=["-qmp", f"unix:{folder}/qmp,server=on,wait=off",
                                          *debugger.snapshots(folder)]))
        self.guest.wait_for_prompt(60)
        self.monitor = debugger.Monitor(f"{folder}/qmp")
        self.monitor.save("prompt")
        self.ranges = self.find_ranges(debugger.symbol_addresses(f"{build}/provoke/kernel.elf"))

    def find_ranges(self, symbols):
        """Where things are, [start, end): by the linker, and by the kernel's table of stacks."""
        image = {name: (symbols[f"kernel_{name}_start"], symbols[f"kernel_{name}_end"])
                 for name in ("rodata", "text", "data")}
        moved = DIRECT_MAP - 0xFFFFFFFF80000000
        ranges = {**image, "frames": (0x100000, MEMORY_MIB << 20),
                  "direct map": (DIRECT_MAP + 0x100000, DIRECT_MAP + (MEMORY_MIB << 20)),
                  "direct map of the image": tuple(at + moved for at in image["text"])}
        words = self.monitor.human(f"x/{3 * len(STACKS)}gx {symbols['stacks']:#x}")
        table = [int(word, 16) for word in re.findall(r"(?<!^)0x[0-9a-f]{16}", words)]
        for i, name in enumerate(STACKS):
            base, length = table[3 * i + 1:3 * i + 3]
            ranges[f"stack {name}"] = (base, base + length)
            ranges[f"below {name}"] = (base - 4096, base)
            ranges[f"above {name}"] = (base + length, base + length + 4096)
        return ranges

    def return_to_the_prompt(self):
        self.monitor.load("prompt")
        self.guest.seen = b""

    def register(self, name):
        """A register of the processor as it stands."""
        return int(re.search(rf"\b{name}=([0-9a-f]+)", self.monitor.human("info registers"))[1], 16)

    def panic(self, name):
        """Provokes a fault; returns the reason of the panic and the report below it."""
        self.guest.send(f"panic {name}\r")
        return self.wait_for_panic()

    def wait_for_panic(self):
        reason = self.guest.wait_for_line("NONOS: panic: ", 30)
        self.guest.wait_for(rb"NONOS: stopped\r+\n", 30)
        return reason[len("NONOS: panic: "):], self.guest.text()


@pytest.fixture(scope="module")
def at_the_prompt(build, tmp_path_factory):
    started = Machine(build, tmp_path_factory.mktemp("machine"))
    yield started
    started.guest.end()


@pytest.fixture(scope="module")
def without_features(build, tmp_path_factory):
    started = Machine(build, tmp_path_factory.mktemp("machine"), "max,-smep,-smap,-umip")
    yield started
    started.guest.end()


@pytest.mark.parametrize("name", EXPECTED)
def test_provoked_fault_is_caught_with_the_right_words(at_the_prompt, name):
    at_the_prompt.return_to_the_prompt()
    words, where = EXPECTED[name]
    reason, report = at_the_prompt.panic(name)
    found = re.fullmatch(re.escape(words).replace(r"\{\}", "(0x[0-9a-f]+)"), reason)
    assert found, reason
    if where is not None:
        allowed = range(*at_the_prompt.ranges[where]) if isinstance(where, str) else where
        assert int(found.group(1), 16) in allowed, reason
    assert ("registers are not shown" in report) == (name in SECRET)
    if name not in SECRET + FOUND_BY_SOFTWARE:
        assert re.search(r"^rax [0-9a-f]{16}  rbx ", report, re.M)
    if name.startswith("user-"):  # it was that instruction, not the one after it
        rip = {"user-execute": at_the_prompt.ranges["text"][0],
               "user-flags": USER_CODE + 6, "user-syscall": USER_CODE + 2}.get(name, USER_CODE)
        assert re.search(rf"^rip {rip:016x} ", report, re.M)
    assert re.search(r"^  0x[0-9a-f]{16} prompt_run\+0x", report, re.M) or name in SECRET


def test_flags_of_a_program_are_not_those_of_the_kernel(at_the_prompt):
    at_the_prompt.return_to_the_prompt()
    _, report = at_the_prompt.panic("user-flags")
    left = int(re.search(r"rflags ([0-9a-f]{16})", report).group(1), 16)
    assert left & FLAGS_LEFT == FLAGS_LEFT  # it had them
    assert at_the_prompt.register("RFL") & FLAGS_LEFT == 0


def test_a_machine_check_has_a_stack_of_its_own_and_tells_its_banks(without_features):
    without_features.return_to_the_prompt()
    command = f"mce 0 1 {MCE_UNCORRECTED | MCE_ADDRESS:#x} 5 0x1234000 0"
    assert without_features.monitor.human(command).strip() == ""
    reason, report = without_features.wait_for_panic()
    assert reason == "machine check (exception 18, error code 0x0)"
    assert ("machine check: bank 1 status "
            f"{MCE_UNCORRECTED | MCE_ADDRESS:016x} address 0000000001234000\n") in report
    before = int(re.search(r"rsp ([0-9a-f]{16})", report).group(1), 16)
    own = range(*without_features.ranges["stack machine-check"])
    assert before not in own and without_features.register("RSP") in own


def test_an_interrupt_that_cannot_be_masked_and_nobody_asked_for_is_counted(without_features):
    without_features.return_to_the_prompt()
    for count in (1, 2):
        without_features.monitor.human("nmi")
        without_features.guest.ask("help")
        assert (f"NONOS: 1 non-maskable interrupts that nobody asked for, {count} in all\n"
                in without_features.guest.text())


def test_every_name_that_the_kernel_lists_is_expected_and_documented(at_the_prompt):
    at_the_prompt.return_to_the_prompt()
    listed = at_the_prompt.guest.ask("panic list").split()
    assert sorted(listed) == sorted(EXPECTED) and len(set(listed)) == len(listed)
    with open(f"{ROOT}/docs/kernel.md", encoding="utf-8") as file:
        rows = re.findall(r"^\| [^|]+ \| `([\w-]+)` \| `([^|]+)` \|$", file.read(), re.M)
    assert dict(rows) == {name: words.replace("{}", "0x...")
                          for name, (words, _) in EXPECTED.items()}
    assert len(rows) == len(EXPECTED)
    assert "there is no fault 'nonsense'" in at_the_prompt.guest.ask("panic nonsense")


@pytest.mark.parametrize("feature", ["SMEP", "SMAP", "UMIP"])
def test_missing_protection_is_said_and_not_tried(without_features, feature):
    without_features.return_to_the_prompt()
    names = {"SMEP": ["smep"], "SMAP": ["smap-read", "smap-write"],
             "UMIP": [f"user-{name}" for name in "sgdt sidt sldt str smsw".split()]}
    for name in names[feature]:
        assert without_features.guest.ask(f"panic {name}") == (
            f"panic: the processor has no {feature}\n")
    # What needs none of them is caught as ever.
    assert without_features.panic("user-cli")[0] == PRIVILEGED
