"""What operations cost in guests that measure themselves and print lines of this kind:

    bench: cost NAME LEAST MEDIAN MOST COUNT
    bench: state NAME TEXT
    bench: done
"""

import re
import subprocess

import guests

COST = re.compile(r"^bench: cost (\S+) (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)
STATE = re.compile(r"^bench: state (\S+) (.*)$", re.MULTILINE)
FAILED = re.compile(r"^bench: failed: (.*)$", re.MULTILINE)
DONE = re.compile(r"^bench: done$", re.MULTILINE)
# The guest's port that ends QEMU; what is written there comes out as 2 * value + 1.
EXIT_DEVICE = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
EXIT_DONE = 1
LIMIT = 120  # seconds
# The processors that both systems are measured on. Without ERMS, as the counter would take each
# byte of a page that is cleared for an instruction where a processor with it says "use bytes".
PROCESSORS = {"no Meltdown": "max,-erms", "Meltdown": "max,-erms,vendor=GenuineIntel"}
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
    ("switch-threads", "yield to a thread of the same process"),
    ("switch-processes", "yield to a thread of another process"),
    ("wake-threads", "wake a higher thread, until it runs"),
    ("wake-processes", "the same, of another process"),
    ("pipe-threads", "a byte there and back, two threads"),
    ("pipe-processes", "a byte there and back, two processes"),
    ("start", "from reset to the first program"),
]


def with_processor(accelerator, processor):
    at = accelerator.index("-cpu")
    return [*accelerator[:at + 1], processor, *accelerator[at + 2:]]


def read_costs(text):
    """What a guest printed: {"state": {name: text}, "costs": {name: [least, median, most]}}."""
    text = text.replace("\r", "")
    failed = FAILED.search(text)
    if failed:
        raise guests.CountError(f"a guest that measures failed: {failed.group(1)}")
    if not DONE.search(text):
        raise guests.CountError(f"a guest that measures did not come to its end; it said:\n{text}")
    return {"state": dict(STATE.findall(text)),
            "costs": {name: [int(least), int(median), int(most)]
                      for name, least, median, most, _ in COST.findall(text)}}


def run(command):
    """Starts a guest that ends by itself; returns what it measured."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode("ascii", "replace")
        raise guests.CountError(f"a guest did not end within {LIMIT} seconds; it said:\n{said}"
                                ) from error
    text = done.stdout.decode("ascii", "replace")
    found = read_costs(text)
    if done.returncode != EXIT_DONE:
        raise guests.CountError(f"a guest ended with status {done.returncode}; it said:\n{text}")
    return found


def spread(runs):
    """Of each operation, the medians of the runs, where they are not all the same."""
    wrong = {}
    for name in sorted(set().union(*(each["costs"] for each in runs))):
        medians = [each["costs"].get(name, [None] * 3)[1] for each in runs]
        if len(set(medians)) != 1:
            wrong[name] = medians
    return wrong
