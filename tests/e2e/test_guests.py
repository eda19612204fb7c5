"""The suites of tests/guest/, each a kernel of its own that ends the machine when it is through."""

import collections
import re
import string

import pytest

# As tests/guest/guest.h says: isa-debug-exit makes 1 of 0, and 3 of 1.
EXIT = ("-device", "isa-debug-exit,iobase=0x501,iosize=4")
ALL_OK = 1

# What a suite runs on: processors, memory, what its guest_option() asks for, and how long it may
# take at most (seconds); words: more of QEMU's; accelerator: in place of the one that works here.
Suite = collections.namedtuple("Suite", "processors memory_mib options limit words accelerator",
                               defaults=(1, 128, {}, 60, (), None))
# The name of a suite; after a comma, what tells one row from another.
# QEMU 7.2 itself ends at a VPINSR of 256 bits, where a processor would raise an exception.
ATTACKED = ("-cpu", "max,-avx,-avx2")
# One that does not say it is free of Meltdown: programs run on tables without the kernel.
ISOLATED = ("-cpu", "Skylake-Server,-avx,-avx2")
# One thread for all processors: with one for each, an NMI costs what two threads wait for the host.
TAKING_TURNS = ("-accel", "tcg,thread=single", "-cpu", "max")
SUITES = {
    "walk": Suite(processors=2),
    "random": Suite(processors=2, words=("-machine", "q35", "-cpu", "qemu64", "-device",
                                         "virtio-rng-pci")),
    "soak": Suite(processors=4, options={"time": 10}, limit=120),
    "attack": Suite(processors=2, options={"runs": 10000}, words=ATTACKED),
    "attack, isolated": Suite(processors=2, options={"runs": 2000}, words=ISOLATED),
    "soak, isolated": Suite(processors=4, options={"time": 5}, limit=120, words=ISOLATED),
    "processors, isolated": Suite(processors=2, options={"processors": 2}, words=ISOLATED),
    "allocation, isolated": Suite(words=ISOLATED),
    "gate": Suite(processors=2, words=ISOLATED),
    "gate-forced": Suite(processors=2, options={"work": 7}),
    "attack-forced": Suite(processors=2, options={"runs": 1000}, words=ATTACKED),
    "allocation": Suite(),
    "sched": Suite(processors=2),
    "nmi": Suite(processors=2, options={"nmis": 3000}, accelerator=TAKING_TURNS),
    "processors, 2": Suite(processors=2, options={"processors": 2}),
    "processors, 8": Suite(processors=8, options={"processors": 8}),
}


def words_of(suite):
    words = [*EXIT, "-smp", str(suite.processors), *suite.words]
    for name, value in suite.options.items():
        words += ["-fw_cfg", f"name=opt/nonos/{name},string={value}"]
    return words


def run(start_pvh, build, name, suite):
    guest = start_pvh(f"{build}/guests/{name.split(',')[0]}.unsigned", words_of(suite),
                      suite.memory_mib, *([suite.accelerator] if suite.accelerator else []))
    status = guest.wait_for_end(suite.limit)
    said = guest.text()
    summary = re.search(r"^suite: (\d+) tests, (\d+) failed$", said, re.MULTILINE)
    assert summary and summary.group(2) == "0" and int(summary.group(1)) > 0, said
    assert len(re.findall(r"^ok \w+$", said, re.MULTILINE)) == int(summary.group(1)), said
    assert status == ALL_OK, said
    return said


def require_whole_lines(said, processors):
    """What two threads on each processor wrote at the same time, 40 lines each."""
    text = string.ascii_lowercase + string.ascii_uppercase
    start, end = (rf"^ok {name}\n" for name in ("the_stack_for_secrets_is_used_by_one_at_a_time",
                                                "lines_of_all_processors_are_written"))
    lines = re.search(f"{start}(.*){end}", said, re.MULTILINE | re.DOTALL).group(1).splitlines()
    expected = [f"line {text} {thread} {text}" for thread in range(2 * processors)] * 40
    assert sorted(lines) == sorted(expected)


@pytest.mark.parametrize("name", SUITES)
def test_every_test_of_the_suite_is_ok(start_pvh, build, name):
    said = run(start_pvh, build, name, SUITES[name])
    if name.startswith("processors"):
        require_whole_lines(said, SUITES[name].processors)


@pytest.mark.parametrize("name, words", [("entry", ()), ("entry", ("-cpu", "Skylake-Server")),
                                         ("entry-forced", ())], ids=["open", "isolated", "forced"])
def test_programs_enter_and_leave_the_kernel_and_what_is_said_of_them(start_pvh, build, name,
                                                                      words):
    said = run(start_pvh, build, name, Suite(processors=2, words=words))
    thread = r"^NONOS: thread \d+ 'program' of "
    assert re.search(thread + r"'opcode' ended at 0x400000: invalid opcode in user mode "
                     r"\(exception 6, error code 0x0\)$", said, re.MULTILINE)
    assert re.search(thread + r"'null' ended at 0x400002: page fault: read of 0x0{16} in user "
                     r"mode: nothing is mapped there$", said, re.MULTILINE)
    assert re.search(r"^\[calls\] hi\?\[2Jyou\?~$", said, re.MULTILINE)  # no terminal's commands
