"""Instructions of a start, counted by QEMU: one tick of the guest's time stamp counter is one
instruction (docs/measuring.md)."""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "scripts"), os.path.join(ROOT, "tests", "e2e")]

import pexpect  # noqa: E402

import machine  # noqa: E402
from guest import Guest  # noqa: E402

# sleep=off: virtual time follows the instructions alone. The seed makes RDRAND and the machine's
# random device give the same bytes in each run.
COUNTING = ["-accel", "tcg", "-cpu", "max", "-icount", "shift=0,sleep=off",
            "-rtc", "base=2026-01-01,clock=vm", "-seed", "1"]
STEP = re.compile(r"^  (loader|kernel) +(\S+) +(\d+) +\d+\.\d %$", re.MULTILINE)
TOTAL = re.compile(r"^  all +(\d+) ", re.MULTILINE)
PVH_LIMIT, UEFI_LIMIT = 60, 400  # seconds


class CountError(Exception):
    """Why there is no count, in one line for the user."""


def read_timeline(text):
    """The steps that the command printed, as a list of (part, name, instructions)."""
    steps = [(part, name, int(ticks)) for part, name, ticks in STEP.findall(text)]
    total = TOTAL.search(text)
    if not steps or not total or int(total.group(1)) != sum(count for _, _, count in steps):
        raise CountError(f"the kernel's timeline is not as expected: {text!r}")
    return steps


def count(command, limit):
    """Starts the machine, asks the kernel for its timeline, and ends the machine."""
    guest = Guest(command)
    try:
        guest.wait_for_prompt(limit)
        return read_timeline(guest.ask("timeline"))
    except (pexpect.EOF, pexpect.TIMEOUT) as error:
        raise CountError("no prompt; the machine said:\n" + machine.plain(
            guest.seen + (guest.process.before or b""))) from error
    finally:
        guest.end()


def count_kernel(build):
    return count(machine.pvh_command(machine.find_qemu(), COUNTING, f"{build}/kernel.bin"),
                 PVH_LIMIT)


def without_random_device(command):
    """Firmware's driver for it polls until the host has answered: another count each time."""
    at = command.index("virtio-rng-pci")
    return command[:at - 1] + command[at + 1:]


def count_boot(build, disk=None, extra=()):
    firmware = machine.find_firmware()
    with tempfile.TemporaryDirectory(prefix="nonos-bench-") as folder:
        variables = machine.fresh_variables(firmware, folder)
        command = machine.uefi_command(machine.find_qemu(), COUNTING, firmware, variables,
                                       disk or f"{build}/nonos.img", extra=extra)
        return count(without_random_device(command), UEFI_LIMIT)


def lowest(runs):
    """Of each step the run that was interrupted least."""
    return [(part, name, min(run[at][2] for run in runs))
            for at, (part, name, _) in enumerate(runs[0])]


def twice(counter, build, what):
    """Counts twice, at the same time; says every ten seconds that it is still at it."""
    done = threading.Event()
    start = time.monotonic()

    def tell():
        while not done.wait(10):
            print(f"  ... {what}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            runs = [pool.submit(counter, build) for _ in range(2)]
            return [run.result() for run in runs]
    finally:
        done.set()
        teller.join()


def qemu_version():
    text = subprocess.run([machine.find_qemu(), "--version"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    return re.search(r"version (\S+)", text).group(1)
