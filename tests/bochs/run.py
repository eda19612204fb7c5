#!/usr/bin/python3
"""run.py --build DIR [WORD...]: runs the kernel and its suites in Bochs, or those rows that have a
word in their name.

Each row is a machine of its own, ended when its kernel has come to its end, or after its limit. The
last line is the count: "N passed, N failed".
"""

import argparse
import collections
import concurrent.futures
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

SHARE = "/usr/share/bochs"
KERNEL_PADDR = 0x100000
PIECE_LEN = 0x20000  # Bochs 2.7 loads a file into memory by blocks of this length, one at most
PIECES_MAX = 4
ROM_ENTRY, ROM_OPTIONS = 16, 512  # rom.S
PT_LOAD, PT_NOTE = 1, 4
HZ = 50_000_000  # of the counter: an instruction is a count

# What is to be in use on a processor of a model, by suite_modes.c and the report. Bochs has more
# models; those before ivy_bridge have no RDRAND, and without one nothing starts. Where programs
# have tables of their own for Meltdown, PCIDs are not used.
MODERN = {"x2apic": 1, "deadline": 1, "pcid": 1}
ISOLATED = {**MODERN, "pcid": 0}
MODELS = {"corei7_ivy_bridge_3770k": ISOLATED, "broadwell_ult": ISOLATED,
          "corei7_skylake_x": ISOLATED, "corei7_icelake_u": MODERN, "tigerlake": MODERN,
          "ryzen": {}}
# Bochs raises exception 12, as a processor does, and not 13 like QEMU. It also steps once more
# after a SYSCALL that clears TF, in the kernel, which no processor does: that program is left out.
ENTRY = {"stack": 12, "step-call": 255}

Row = collections.namedtuple("Row", "kernel model processors shift options limit",
                             defaults=(2, 0, {}, 120))
# shift: by how many counts the counters of all processors but the first are ahead when the kernel
# is entered.
ROWS = [
    Row("kernel", "corei7_icelake_u"),
    Row("modes", "corei7_ivy_bridge_3770k", shift=100 * HZ),  # without TSC_ADJUST
    Row("modes", "corei7_ivy_bridge_3770k", shift=-HZ // 10),
    Row("modes", "broadwell_ult", shift=100 * HZ),
    Row("modes", "broadwell_ult", shift=-HZ // 10),
    Row("modes", "corei7_skylake_x"),  # with AVX-512
    Row("modes", "corei7_icelake_u", shift=-HZ // 10),
    Row("modes", "tigerlake", processors=1),
    Row("modes", "ryzen"),
    Row("walk", "corei7_skylake_x"),
    Row("sched", "corei7_icelake_u"),
    Row("time", "corei7_ivy_bridge_3770k", shift=HZ),
    Row("time", "broadwell_ult", shift=-HZ // 10),
    Row("processors", "corei7_icelake_u", options={"processors": 2}),
    Row("processors", "tigerlake", processors=4, options={"processors": 4}),
    Row("entry", "corei7_icelake_u", options=ENTRY),
    Row("entry", "ryzen", options=ENTRY),
    Row("allocation", "broadwell_ult", processors=1),
    Row("soak", "tigerlake", processors=4, options={"time": 3}, limit=300),
]


def name_of(row):
    return (f"{row.kernel} on {row.processors} {row.model}"
            + (f", counters {row.shift:+}" if row.shift else ""))


def place(path):
    """The memory from KERNEL_PADDR on as a hypervisor would fill it, and where PVH enters."""
    with open(path, "rb") as file:
        elf = file.read()
    at, = struct.unpack_from("<Q", elf, 32)
    count, = struct.unpack_from("<H", elf, 56)
    memory, entry = bytearray(), None
    for i in range(count):
        kind, _, offset, _, paddr, size = struct.unpack_from("<IIQQQQ", elf, at + 56 * i)
        if kind == PT_LOAD:
            end = paddr - KERNEL_PADDR + size
            memory += bytes(max(0, end - len(memory)))
            memory[end - size:end] = elf[offset:offset + size]
        elif kind == PT_NOTE:
            entry, = struct.unpack_from("<Q", elf, offset + 16)
    return memory, entry


def fill_rom(path, entry, row):
    """The ROM with what its first bytes are to say, its length and its sum."""
    with open(path, "rb") as file:
        rom = bytearray(file.read())
    rom += bytes(-len(rom) % 512)
    rom[2] = len(rom) // 512
    struct.pack_into("<QQ", rom, ROM_ENTRY, entry, row.shift % (1 << 64))
    options = {**MODELS[row.model], **row.options}
    text = " ".join(f"{name}={value}" for name, value in options.items()).encode()
    rom[ROM_OPTIONS:ROM_OPTIONS + len(text)] = text
    rom[-1] = (rom[-1] - sum(rom)) % 256
    return rom


def configure(folder, build, row):
    """Writes all that Bochs reads into the folder; returns its command."""
    def put(name, content):
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    kernel = ("kernel.unsigned" if row.kernel == "kernel" else f"guests/{row.kernel}.unsigned")
    memory, entry = place(os.path.join(build, kernel))
    pieces = [memory[i:i + PIECE_LEN] for i in range(0, len(memory), PIECE_LEN)]
    if len(pieces) > PIECES_MAX:
        raise ValueError(f"{kernel}: longer than the {PIECES_MAX} pieces that Bochs loads")
    rom = put("rom", fill_rom(os.path.join(build, "bochs/rom.bin"), entry, row))
    lines = [
        "config_interface: textconfig",
        "display_library: term",
        f"romimage: file={SHARE}/BIOS-bochs-latest, options=fastboot",
        f"vgaromimage: file={SHARE}/VGABIOS-lgpl-latest",
        f"optromimage1: file={rom}, address=0xd0000",
        *(f"optramimage{i + 1}: file={put(f'memory.{i}', piece)}, "
          f"address={KERNEL_PADDR + i * PIECE_LEN:#x}" for i, piece in enumerate(pieces)),
        "megs: 128",
        f"cpu: model={row.model}, count={row.processors}, ips={HZ}, reset_on_triple_fault=0",
        "clock: sync=none",
        f"com1: enabled=1, mode=file, dev={put('serial', b'')}",
        "speaker: enabled=0",
        "panic: action=fatal",
        f"log: {put('log', b'')}",
    ]
    command = ["bochs-bin", "-q", "-f", put("bochsrc", "\n".join(lines).encode() + b"\n")]
    # Debian's Bochs has its debugger in it, and waits to be told to go.
    usage = subprocess.run(["bochs-bin", "--help"], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, check=False).stdout
    return command + (["-rc", put("go", b"c\n")] if b"-rc filename" in usage else [])


def wait(process, serial, row):
    """What the kernel has said when it has come to its end, or Bochs has, or time is up."""
    end = time.monotonic() + row.limit
    last = "NONOS: ready" if row.kernel == "kernel" else r"suite: \d+ tests, \d+ failed"
    while True:
        with open(serial, encoding="utf-8", errors="replace") as file:
            said = file.read().replace("\r", "")
        over = process.poll() is not None or time.monotonic() > end
        if over or re.search(rf"^({last}|NONOS: stopped)$", said, re.MULTILINE):
            return said
        time.sleep(0.1)


def drain(terminal):
    """Bochs draws on it, and would wait."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:  # nobody has it open any more
        pass


def start(build, row):
    """Runs one machine; returns what its kernel said, and the end of what Bochs did."""
    with tempfile.TemporaryDirectory(prefix="nonos-bochs-") as folder:
        command = configure(folder, build, row)
        ours, theirs = pty.openpty()
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
                                   env={**os.environ, "TERM": "linux"}, start_new_session=True)
        os.close(theirs)
        drainer = threading.Thread(target=drain, args=(ours,))
        drainer.start()
        try:
            said = wait(process, os.path.join(folder, "serial"), row)
        finally:
            process.kill()
            process.wait()
            drainer.join()
            os.close(ours)
        with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as file:
            return said, file.readlines()[-12:]


def judge(row, said):
    """What is not as it must be, in words; nothing when all is."""
    mode = "x2APIC" if MODELS[row.model].get("x2apic") else "APIC"
    if not re.search(rf"^  clock .*; {mode}$", said, re.MULTILINE):
        return f"its report does not say {mode}"
    if row.kernel == "kernel":
        return None if "\nNONOS: ready" in said else "it was not ready in time"
    summary = re.search(r"^suite: (\d+) tests, (\d+) failed$", said, re.MULTILINE)
    if not summary:
        return "it did not come to its end"
    count = len(re.findall(r"^ok \w+$", said, re.MULTILINE))
    if summary.group(2) != "0" or count == 0 or count != int(summary.group(1)):
        return summary.group(0)
    return None


def run(build, row):
    begin = time.monotonic()
    said, log = start(build, row)
    wrong = judge(row, said)
    print(f"{'FAIL' if wrong else 'ok':4}  {name_of(row)} ({time.monotonic() - begin:.1f} s)"
          + (f": {wrong}\n" + "".join(f"      | {line}\n" for line in said.splitlines())
             + "".join(f"      Bochs: {line}" for line in log) if wrong else ""), flush=True)
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="the build directory")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only rows with this in the name")
    arguments = parser.parse_args()
    if not shutil.which("bochs-bin"):
        sys.exit("bochs: it is not installed: scripts/setup --bochs installs it, on Debian")
    rows = [row for row in ROWS
            if not arguments.words or any(word in name_of(row) for word in arguments.words)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        good = list(pool.map(lambda row: run(os.path.abspath(arguments.build), row), rows))
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
