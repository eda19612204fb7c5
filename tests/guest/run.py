#!/usr/bin/python3
"""run.py --build DIR SUITE [--limit SECONDS] [--smp N] [--memory MIB] [--cpu MODEL]
[NAME=NUMBER...]: runs one suite.

Its output is printed as it comes. NAME=NUMBER is what its guest_option() asks for; one without a
number is left out. Ended after the limit. Exit status 0 when every test of the suite was ok.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

import machine  # noqa: E402

EXIT = ["-device", "isa-debug-exit,iobase=0x501,iosize=4"]
ALL_OK = 1  # what isa-debug-exit makes of 0


def command(arguments):
    extra = [*EXIT, "-smp", str(arguments.smp), "-cpu", arguments.cpu]
    for option in arguments.options:
        name, _, value = option.partition("=")
        if name == "seed" and not value:
            value = str(random.SystemRandom().randrange(1 << 32))
        if value:
            extra += ["-fw_cfg", f"name=opt/nonos/{name},string={int(value)}"]
    kernel = os.path.join(arguments.build, "guests", arguments.suite + ".unsigned")
    return machine.pvh_command(machine.find_qemu(), machine.TCG, kernel,
                               memory_mib=arguments.memory, extra=extra)


def run(arguments):
    process = subprocess.Popen(command(arguments), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    timer = threading.Timer(arguments.limit, process.kill)
    timer.start()
    summary = ""
    try:
        for line in process.stdout:
            text = machine.plain(line).rstrip("\n")
            print(text, flush=True)
            if text.startswith("suite: "):
                summary = text
        status = process.wait()
    finally:
        timer.cancel()
        machine.end(process)
    if not re.fullmatch(r"suite: [1-9]\d* tests, 0 failed", summary) or status != ALL_OK:
        print(f"{arguments.suite}: failed" + ("" if summary else ": it did not come to its end"))
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="the build directory")
    parser.add_argument("--limit", type=int, default=600, help="seconds until it is ended")
    parser.add_argument("--smp", type=int, default=2, help="processors")
    parser.add_argument("--memory", type=int, default=128, help="MiB")
    parser.add_argument("--cpu", default="max", help="QEMU's CPU model")
    parser.add_argument("suite", help="tests/guest/suite_SUITE.c")
    parser.add_argument("options", nargs="*", metavar="NAME=NUMBER", help="for guest_option()")
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
