"""For how long interrupts stay off after the start, by the place that turns them off: measured in a
kernel that notes each change (stretch/), on one processor."""

import bisect
import collections
import os
import re
import subprocess

import costs
import guests
import machine
import verdict

LINE = re.compile(r"^bench: stretch (\w+) (\w+) (\w+) (\w+) (\d+) (\d+)$", re.MULTILINE)
# stretch/stretch.h
VECTOR, CALL, NUMBERS = 0x1000, 0x2000, 0x1000
SHOWN = 10
TLB = re.compile(r"^bench: tlb (\S+) (\d+) (\d+) (\d+)$", re.MULTILINE)
# They turn interrupts off and on for others: who calls them is the place.
HELPERS = {"lock_take", "lock_release", "interrupts_restore"}
# Ways in that every run takes: were one not noted, its stretches would be missing.
TAKEN = ("interrupt", "exception", "call")

Stretch = collections.namedtuple("Stretch", "ticks count begin end")


def read_symbols(elf):
    """Sorted addresses of functions, and their names."""
    nm = f"{os.environ.get('LLVM_BIN', '')}llvm-nm{os.environ.get('SUFFIX', '-19')}"
    text = subprocess.run([nm, "-n", elf], stdout=subprocess.PIPE, text=True, check=True,
                          timeout=60).stdout
    found = [line.split() for line in text.splitlines() if line[17:18] in "tT"]
    return [int(words[0], 16) for words in found], [words[2] for words in found]


def function_at(symbols, address):
    addresses, names = symbols
    at = bisect.bisect_right(addresses, address - 1) - 1  # a return address: behind the call
    return names[at].removeprefix("__wrap_") if at >= 0 else f"{address:#x}"


def place(symbols, at, caller):
    if VECTOR <= at < VECTOR + NUMBERS:
        return f"{'interrupt' if at - VECTOR >= 32 else 'exception'} {at - VECTOR}"
    if CALL <= at < CALL + NUMBERS:
        return f"call {at - CALL}"
    name = function_at(symbols, at)
    return f"{function_at(symbols, caller)}, {name}" if name in HELPERS and caller else name


def read_stretches(text, symbols):
    """The longest first; of places with one name the longest."""
    found = {}
    for words in LINE.findall(text):
        at, caller, end, end_caller = (int(word, 16) for word in words[:4])
        stretch = Stretch(int(words[4]), int(words[5]), place(symbols, at, caller),
                          place(symbols, end, end_caller))
        old = found.get(stretch.begin, stretch)
        count = stretch.count + (old.count if old is not stretch else 0)
        found[stretch.begin] = max(old, stretch)._replace(count=count)
    return sorted(found.values(), reverse=True)


def require_every_way(stretches):
    for way in TAKEN:
        if not any(re.fullmatch(rf"{way} \d+", stretch.begin) for stretch in stretches):
            raise guests.CountError(f"no {way} was noted: the kernel that measures stretches with "
                                    "interrupts off is linked around nothing")
    return stretches


def read_tlb(text):
    """Of each operation the writes of CR3 and the INVLPGs."""
    return {name: (round(int(loads) / int(operations)), round(int(pages) / int(operations)))
            for name, loads, pages, operations in TLB.findall(text)}


def measure(build):
    """The stretches, and what operations do to the TLB."""
    elf = os.path.join(build, "tests", "bench", "stretch.elf")
    text = costs.listen(machine.pvh_command(
        machine.find_qemu(), costs.with_processor(guests.COUNTING,
                                                  costs.VARIANTS["no Meltdown"].processor),
        elf.replace(".elf", ".unsigned"), extra=costs.EXIT_DEVICE))
    costs.read_costs(text)  # that it came to its end
    return require_every_way(read_stretches(text, read_symbols(elf))), read_tlb(text)


def lines(stretches):
    yield f"Interrupts off after the start, in instructions: the longest {SHOWN} of "\
          f"{len(stretches)} places"
    yield f"  {'longest':>9} {'times':>9}  {'from':40} to"
    for stretch in stretches[:SHOWN]:
        over = "  ABOVE" if stretch.ticks > verdict.STRETCH_BAR else ""
        yield f"  {stretch.ticks:9,} {stretch.count:9,}  {stretch.begin:40} {stretch.end}{over}"
    yield (f"  Bar {verdict.STRETCH_BAR:,}. Some 60 instructions of assembly of each way in or out "
           "are not in it.")


def check(stretches):
    return [f"interrupts off from {stretch.begin} to {stretch.end}: {stretch.ticks:,} "
            f"instructions, above the bar of {verdict.STRETCH_BAR:,}"
            for stretch in stretches if stretch.ticks > verdict.STRETCH_BAR]
