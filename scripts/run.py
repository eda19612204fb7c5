#!/usr/bin/python3
"""run.py --build DIR [--debug] [--secure-boot] [--tpm]: boots DIR/nonos.img in QEMU through UEFI.

The serial line is on stdio. --secure-boot: what `make secureboot` has signed with the snakeoil test
key; --tpm: with a TPM 2.0, a new swtpm whose state is in DIR/tpm.

With a terminal it becomes QEMU: Ctrl-a x leaves, Ctrl-a h lists the other keys. Without one it
shows the serial output and ends by itself: with status 0 when the kernel is ready, with an error
when it refuses, panics, or is not ready within 60 seconds.
"""

import argparse
import os
import select
import shlex
import subprocess
import sys
import time

import machine

TIME_LIMIT = 60
FAILURES = ("NONOS: refused", "NONOS: panic")


def command(build, debug, interactive, secure_boot=False, extra=()):
    qemu = machine.find_qemu()
    firmware = machine.find_secure_firmware() if secure_boot else machine.find_firmware()
    kernel = os.path.join(build, "kernel.bin")
    disk = os.path.join(build, "secureboot" if secure_boot else "", "nonos.img")
    for made in kernel, disk:
        if not os.path.isfile(made):
            raise machine.MachineError(f"{made} is missing: make builds it")
    # A debugger's breakpoints are most predictable without a hypervisor.
    accelerator = machine.TCG if debug else machine.pick_accelerator(qemu, kernel)
    variables = machine.fresh_variables(firmware, build)
    return machine.uefi_command(qemu, accelerator, firmware, variables, disk,
                                serial="mon:stdio" if interactive else "stdio",
                                reboots=interactive or debug,
                                extra=[*extra, *(["-s", "-S"] if debug else [])])


def watch(qemu, limit):
    """Runs QEMU and shows what it says, up to the line that decides. Returns the exit status."""
    process = subprocess.Popen(qemu, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    deadline = time.monotonic() + limit
    pending = b""
    try:
        while True:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([process.stdout], [], [], left)[0]
            if not ready:
                return problem(f"no '{machine.READY}' within {limit} seconds")
            chunk = os.read(process.stdout.fileno(), 4096)
            if not chunk:
                return problem(f"QEMU ended (status {process.wait()}) before '{machine.READY}'")
            *lines, pending = (pending + chunk).split(b"\n")
            for line in map(machine.plain, lines):
                print(line, flush=True)
                if line.startswith(machine.READY):
                    return 0
                if line.startswith(FAILURES):
                    show_rest(process, pending)
                    return problem(line)
    finally:
        machine.end(process)


def show_rest(process, pending):
    """What still comes within a second: after a panic, the registers and the backtrace."""
    deadline = time.monotonic() + 1
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            break
        chunk = os.read(process.stdout.fileno(), 4096)
        if not chunk:
            break
        pending += chunk
    print(machine.plain(pending), flush=True)


def problem(text):
    print(f"run: {text}", file=sys.stderr)
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="the build directory")
    parser.add_argument("--debug", action="store_true", help="wait for GDB on :1234")
    parser.add_argument("--secure-boot", action="store_true",
                        help="with Secure Boot on, from the disk of make secureboot")
    parser.add_argument("--tpm", action="store_true", help="with a TPM 2.0 (swtpm)")
    arguments = parser.parse_args()
    tpm = None
    try:
        words = []
        if arguments.tpm:
            tpm, path = machine.start_tpm(arguments.build)
            words = machine.tpm_words(path)
        return boot(arguments, words, tpm is not None)
    except (machine.MachineError, OSError) as error:
        return problem(error)
    finally:
        if tpm:
            machine.end(tpm)


def boot(arguments, words, is_watched):
    """Starts QEMU with these words besides; is_watched: something has to be ended after it."""
    interactive = sys.stdin.isatty()
    qemu = command(arguments.build, arguments.debug, interactive, arguments.secure_boot, words)
    if arguments.debug:
        print("run: waiting for GDB; in another terminal, from this folder:\n\n"
              f"    NONOS_BUILD={shlex.quote(arguments.build)} gdb -x scripts/nonos.gdb\n",
              flush=True)
    if interactive:
        print("run: Ctrl-a x leaves", flush=True)
        if is_watched:
            return subprocess.call(qemu)
        os.execv(qemu[0], qemu)
    return watch(qemu, 3600 if arguments.debug else TIME_LIMIT)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
