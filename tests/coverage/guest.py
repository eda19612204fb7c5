#!/usr/bin/python3
"""QEMU for a coverage run: first in PATH, it starts the real one with the guest's memory in a file.

The loader's counters are taken out of that file when it calls the kernel, which will have other
uses for their memory; the kernel's, and those of a loader that called none, when the guest has
ended, in whatever way. Where the build is and where profiles go, NONOS_COVERAGE tells. The process
that a test sees and ends is only a front: what works here has a session of its own and notices.
"""

import contextlib
import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import traceback

QEMU, SELF = "qemu-system-x86_64", os.path.realpath(__file__)
sys.path[0:0] = [os.path.dirname(SELF), os.path.join(os.path.dirname(os.path.dirname(SELF)), "e2e")]
sys.dont_write_bytecode = True

import debugger  # noqa: E402
import guest_profile  # noqa: E402

# They load a loader, which may free their memory: what is in their counters then is not one.
STARTERS = {"occupied.efi", "five_levels.efi"}
UNITS = {"": 1 << 20, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def real_qemu():
    path = [each for each in os.environ["PATH"].split(os.pathsep)
            if os.path.realpath(os.path.join(each, QEMU)) != SELF]
    return shutil.which(QEMU, path=os.pathsep.join(path))


def memory_len(arguments):
    """What -m says; nothing without it: then no machine is started, as for --version."""
    if "-m" not in arguments:
        return None
    size = re.match(r"(?:size=)?(\d+)([KMG]?)", arguments[arguments.index("-m") + 1])
    return -(-int(size[1]) * UNITS[size[2]] // 8192) * 8192  # QEMU rounds up


def end_with(front, process):
    """Waits for the end of the front, which holds the other end of this pipe and writes nothing."""
    os.read(front, 1)
    process.kill()


def entries(build):
    """Where the kernels of this build begin: e_entry of the ELF header."""
    for path in programs(build, ".elf"):
        with open(path, "rb") as file:
            yield int.from_bytes(file.read(32)[24:], "little")


def programs(build, ending):
    found = [os.path.join(build, "kernel.elf"), os.path.join(build, "BOOTX64.EFI"),
             *glob.glob(os.path.join(build, "variants", "*.e*")),
             *glob.glob(os.path.join(build, "guests", "*.elf")),
             os.path.join(build, "provoke", "kernel.elf")]
    return sorted(path for path in found
                  if path.lower().endswith(ending) and os.path.basename(path) not in STARTERS)


def harvest(build, memory, ending):
    """Writes the profiles of what has run; returns how many."""
    count, opened = 0, os.open(memory, os.O_RDONLY)
    for name, profile in guest_profile.raw_profiles(programs(build, ending), opened):
        with tempfile.NamedTemporaryFile(dir=os.path.join(build, "profiles"), delete=False,
                                         prefix=f"guest-{name}-", suffix=".profraw") as file:
            file.write(profile)
        count += 1
    os.close(opened)
    return count


def watch_loader(build, memory, port):
    """Stops the guest where a kernel begins and harvests the loader that has called it."""
    with contextlib.suppress(OSError, AssertionError):  # whenever QEMU has ended before
        gdb = debugger.Debugger(port)
        gdb.socket.settimeout(None)
        for entry in set(entries(build)):
            assert gdb.ask(f"Z1,{entry:x},1") == "OK"
        if gdb.ask("c").startswith("T05"):
            with keep_errors(build):
                harvest(build, memory, ".efi")
            for entry in set(entries(build)):
                assert gdb.ask(f"z1,{entry:x},1") == "OK"
            gdb.ask("c")


def run_guest(build, qemu, arguments, memory, front):
    """Runs QEMU until it ends, or until the front does."""
    length, port = os.path.getsize(memory), memory + ".gdb"
    has_loader = any("if=pflash" in each for each in arguments)
    has_debugger = any(each in arguments for each in ("-gdb", "-s"))
    command = [qemu, *arguments, "-machine", "memory-backend=counted-memory", "-object",
               f"memory-backend-file,id=counted-memory,mem-path={memory},size={length},share=on"]
    if has_loader and not has_debugger:
        command += ["-S", "-gdb", f"unix:{port},server=on,wait=off"]
        threading.Thread(target=watch_loader, args=(build, memory, port), daemon=True).start()
    process = subprocess.Popen(command)
    nothing = os.open(os.devnull, os.O_RDWR)  # whoever reads our output sees its end with QEMU's
    for standard in range(3):
        os.dup2(nothing, standard)
    threading.Thread(target=end_with, args=(front, process), daemon=True).start()
    status = process.wait()
    with contextlib.suppress(FileNotFoundError):
        os.remove(port)
    return status


def work(qemu, arguments, length, front, report):
    os.setsid()
    build = os.environ["NONOS_COVERAGE"]
    busy = os.open(os.path.join(build, "profiles", "busy"), os.O_RDWR | os.O_CREAT)
    fcntl.flock(busy, fcntl.LOCK_SH)  # who wants all profiles waits for it
    with tempfile.NamedTemporaryFile(dir=build, prefix="memory-") as memory:
        os.truncate(memory.name, length)
        status = run_guest(build, qemu, arguments, memory.name, front)
        with contextlib.suppress(BrokenPipeError):  # the front may be gone
            os.write(report, bytes([status % 256]))
        os.close(report)
        if harvest(build, memory.name, ".elf") == 0:
            harvest(build, memory.name, ".efi")


@contextlib.contextmanager
def keep_errors(build):
    """There is no stderr here; make coverage looks for this file."""
    try:
        yield
    except Exception:
        with open(os.path.join(build, "profiles", "errors"), "a", encoding="utf-8") as log:
            traceback.print_exc(file=log)


def main():
    qemu, arguments = real_qemu(), sys.argv[1:]
    length = memory_len(arguments)
    if length is None:
        os.execv(qemu, [qemu, *arguments])
    front, front_held = os.pipe()
    report, reported = os.pipe()
    if os.fork() == 0:
        os.close(front_held)
        os.close(report)
        with keep_errors(os.environ["NONOS_COVERAGE"]):
            work(qemu, arguments, length, front, reported)
        os._exit(0)
    os.close(front)
    os.close(reported)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    status = os.read(report, 1)
    os._exit(status[0] if status else 1)


if __name__ == "__main__":
    main()
