"""What operations cost in guests that measure themselves and print lines of this kind:

    bench: cost NAME LEAST MEDIAN MOST COUNT
    bench: state NAME TEXT
    bench: done
"""

import collections
import re
import subprocess

import guests

COST = re.compile(r"^bench: cost (\S+) (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)
STATE = re.compile(r"^bench: state (\S+) (.*)$", re.MULTILINE)
FAILED = re.compile(r"^bench: failed: (.*)$", re.MULTILINE)
DONE = re.compile(r"^bench: done$", re.MULTILINE)
# The port that ends QEMU (tests/guest/guest.h): what is written there comes out as 2 * value + 1.
EXIT_DEVICE = ["-device", "isa-debug-exit,iobase=0x501,iosize=4"]
EXIT_DONE = 1
STOPPED = "NONOS: stopped"  # after a panic, when the machine goes on for ever
LIMIT = 120  # seconds
# What both systems are measured on, a pair of columns each: QEMU's model of a processor; which of
# our kernels that measure (tests/bench/rules.mk); whether Linux is started there too. Without ERMS,
# as the counter would take each byte of a page that is cleared for an instruction where a processor
# with it says "use bytes". The first is the one that bars are about.
Variant = collections.namedtuple("Variant", "processor kernel has_linux", defaults=("costs", True))
VARIANTS = {"no Meltdown": Variant("max,-erms"),
            "Meltdown": Variant("max,-erms,vendor=GenuineIntel"),
            "every leak": Variant("max,-erms", "costs-forced", False)}
# In the order of the table: name, what is done.
ROWS = [
    ("null-call", "the cheapest system call"),
    ("yield", "yield, nobody else ready"),
    ("clock", "read the clock, by a call"),
    ("random-32", "32 random bytes"),
    ("bad-pointer", "refuse a pointer to nowhere"),
    ("page-fault", "touch a fresh page"),
    ("map-unmap", "map and unmap a page, untouched"),
    ("map-touch-unmap", "map, touch and unmap a page"),
    ("kernel-switch-same", "switch of threads, inside the kernel"),
    ("kernel-switch-across", "the same, to another address space"),
    ("switch-threads", "yield to a thread of the same process"),
    ("switch-processes", "yield to a thread of another process"),
    ("kernel-wake", "wake a higher thread, inside the kernel"),
    ("kernel-wake-across", "the same, in another address space"),
    ("wake-threads", "wake a higher thread, until it runs"),
    ("wake-processes", "the same, of another process"),
    ("end", "end, until who waits for it runs"),
    ("end-by-fault", "end by a fault, the same way"),
    ("fault-handler", "a fault, until the program handles it"),
    ("pipe-threads", "a byte there and back, two threads"),
    ("pipe-processes", "a byte there and back, two processes"),
    ("start", "from reset to the first program"),
]
# Why a side has no figure in a row.
INSIDE = "inside the kernel it would take a module"
MESSAGES = "there are no messages yet"
ABSENT = {
    "NONOS": {"page-fault": "memory is there when memory_map returns, no fault brings it",
              "fault-handler": "a fault ends the thread, no program handles its own",
              "pipe-threads": MESSAGES, "pipe-processes": MESSAGES},
    "Linux": {"kernel-switch-same": INSIDE, "kernel-switch-across": INSIDE, "kernel-wake": INSIDE,
              "kernel-wake-across": INSIDE},
}
# What a figure of this kernel does not say by itself.
WAKES = "by calls that only the benchmark's kernel has (tests/bench/guest_calls.c)"
REMARKS = {"wake-threads": WAKES, "wake-processes": WAKES,
           "end-by-fault": "most of it is its line on the console; Linux prints none there"}


def with_processor(accelerator, processor):
    at = accelerator.index("-cpu")
    return [*accelerator[:at + 1], processor, *accelerator[at + 2:]]


def read_costs(text):
    """What a guest printed: {"state": {name: text}, "costs": {name: [least, median, most]}}."""
    failed = FAILED.search(text)
    if failed:
        raise guests.CountError(f"a guest that measures failed: {failed.group(1)}")
    if not DONE.search(text):
        raise guests.CountError(f"a guest that measures did not come to its end; it said:\n{text}")
    return {"state": dict(STATE.findall(text)),
            "costs": {name: [int(least), int(median), int(most)]
                      for name, least, median, most, _ in COST.findall(text)}}


def listen(command):
    """Starts a guest that ends by itself; returns all that it said."""
    said = []
    process = subprocess.Popen(["timeout", str(LIMIT), *command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        for line in process.stdout:
            said.append(line.decode("ascii", "replace").replace("\r", ""))
            if said[-1].startswith(STOPPED):
                break
        else:
            process.wait()
    finally:
        process.terminate()  # timeout, which ends the machine
        process.wait()
        process.stdout.close()
    text = "".join(said)
    if process.returncode != EXIT_DONE:
        raise guests.CountError(f"a guest that measures ended with status {process.returncode}; it "
                                f"said:\n{text}")
    return text


def run(command):
    """The same; returns what it measured."""
    return read_costs(listen(command))


def spread(runs):
    """Of each operation, the medians of the runs, where they are not all the same."""
    wrong = {}
    for name in sorted(set().union(*(each["costs"] for each in runs))):
        medians = [each["costs"].get(name, [None] * 3)[1] for each in runs]
        if len(set(medians)) != 1:
            wrong[name] = medians
    return wrong
