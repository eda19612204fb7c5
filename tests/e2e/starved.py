"""Starts of the kernel of tests/starve/, one QEMU for all: in each an allocation fails."""

import re

from conftest import is_documented
from debugger import Monitor

# What has no memory when the start is given up: one sentence and a code, and nothing behind it.
REFUSAL = re.compile(r"\n\nNONOS: (there is no memory for [a-z -]+) \(NO_MEMORY, code 5\)\n"
                     r"NONOS: stopped\n$")
# What there is less of, when it is not.
LESS = re.compile(r"^NONOS: there is no memory to start (\d+) processors$", re.MULTILINE)
END = rb"NONOS: stopped\r+\n|starve: (\d+) of (\d+) allocations, (\d+) processors\r+\n"
LIMIT = 60  # seconds for one start
PROCESSORS = 3


def judge(said, end, wanted):
    """Judges one start; returns whether it came to its end with one allocation less."""
    assert "panic" not in said and "backtrace" not in said, said
    if end.group(1) is None:
        refusal = REFUSAL.search(said)
        assert refusal and is_documented(refusal.group(1)) and "NONOS: ready" not in said, said
        return False
    failed, _, processors = map(int, end.groups())
    less = LESS.findall(said)
    assert "NONOS: ready" in said and failed in (0, wanted), said
    assert len(less) == (failed != 0), said
    assert processors == PROCESSORS - sum(map(int, less)), said
    return failed != 0


def run(start_pvh, build, folder, words, first=1, step=1):
    """Starts until no allocation fails any more. Returns how many starts were refused, and how many
    became ready with less."""
    guest = start_pvh(f"{build}/starve/kernel.unsigned", [
        "-action", "reboot=reset", "-smp", str(PROCESSORS), "-fw_cfg",
        f"name=opt/nonos/first,string={first}", "-fw_cfg", f"name=opt/nonos/step,string={step}",
        "-qmp", f"unix:{folder}/qmp,server=on,wait=off", *words])
    refused = ready = 0
    wanted, seen = first, 0
    monitor = None
    while True:
        end = guest.wait_for(END, LIMIT)
        said, seen = guest.text()[seen:], len(guest.text())
        has_less = judge(said, end, wanted)
        if end.group(1) == b"0":
            assert int(end.group(2)) < wanted <= int(end.group(2)) + step
            return refused, ready
        refused, ready = refused + (not has_less), ready + has_less
        wanted += step
        monitor = monitor or Monitor(f"{folder}/qmp")
        monitor.ask("system_reset")
