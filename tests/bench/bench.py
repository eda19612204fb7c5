#!/usr/bin/python3
"""bench.py --build DIR --boot DIR [--fast] [--record]: measures, compares with bars and baseline.

DIR of --build has the programs of tests/bench and the files whose sizes count; the one of --boot
the image that is started, signed with the key that everybody has. --fast keeps to what is the same
on every machine: no ratios and no firmware. --record writes tests/bench/baseline.json instead of
comparing with it. Everything is also in DIR/bench.json. Exit status 1 when something is worse than
it may be.
"""

import argparse
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys

import guests
import measuring
import peers
import ratios
import stretches
import verdict

BASELINE = os.path.join(guests.ROOT, "tests", "bench", "baseline.json")


def load_size_script():
    path = os.path.join(guests.ROOT, "scripts", "size")
    loader = importlib.machinery.SourceFileLoader("size", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("size", loader))
    loader.exec_module(module)
    return module


def measure_sizes(build):
    sizes = {name: os.path.getsize(os.path.join(build, name))
             for name in ("kernel.bin", "BOOTX64.EFI")}
    sizes["kernel.bin without crypto and signatures"] = load_size_script().kernel_without_crypto(
        build)
    return sizes


def say(text):
    print(text, flush=True)


def duration(nanoseconds):
    return f"{nanoseconds / 1000:,.1f} us"


def show_ratios(rows):
    say("\nNative speed: the kernel's own object files; time of the peer divided by ours.")
    say("  One run on one processor, in turns; medians of processor time, quartiles in brackets.")
    say(f"  {'operation':24} {'ours':>12} {'MB/s':>6}  {'peer':21} {'its':>12}  ratio")
    for row in rows:
        rate = f"{row['bytes'] * 1e3 / row['ours_ns']:,.0f}" if row["bytes"] else ""
        bar = f"  bar {row['bar']}" if row["bar"] else ""
        under = "  UNDER" if row["bar"] and row["ratio"] < row["bar"] else ""
        ours, theirs = duration(row["ours_ns"]), duration(row["theirs_ns"])
        say(f"  {row['operation']:24} {ours:>12} {rate:>6}  {row['peer']:21} {theirs:>12}  "
            f"{row['ratio']:.2f} [{row['low']:.2f} {row['high']:.2f}]{bar}{under}")
    say("  Ours checks keys and wipes its stack in each post-quantum operation; PQClean does\n"
        "  neither. PQClean and the portable BLAKE3 are compiled file by file with the kernel's\n"
        "  flags and -O2. b3sum uses whatever vector instructions the processor has.")


def show_steps(title, steps, bar, notes):
    total = sum(count for _, _, count in steps)
    say(f"\n{title}")
    for part, name, count in steps:
        varies, apart = verdict.VARIES.get((part, name)), verdict.APART.get((part, name))
        say(f"  {part:7} {name:12} {count:12,} {count * 100 / total:5.1f} %"
            + (f"  varies: {varies}" if varies else "") + (f"  apart: {apart}" if apart else ""))
    work = verdict.work(steps)
    over = "  ABOVE" if work > bar else ""
    say(f"  {'all':20} {total:12,}")
    say(f"  {'of it work':20} {work:12,}          bar {bar:,}{over}")
    say(notes)


NOTES = """  Counts are not cycles: a repeated string instruction counts once per step of it; misses
  of caches and of the TLB are invisible. Wall-clock time says nothing about them."""


def show_sizes(sizes):
    say("\nSizes in bytes")
    for name, size in sizes.items():
        bar = verdict.SIZE_BARS[name]
        say(f"  {name:42} {size:9,}  bar {bar:,}{'  ABOVE' if size > bar else ''}")


def show_measuring(counts):
    say("\nMeasuring the boot into PCR 11, in instructions")
    for name, count in counts.items():
        why = verdict.VARIES.get(("measuring", name))
        say(f"  {name:20} {count:12,}" + (f"          varies: {why}" if why else ""))
    say("  The loader's own part is with a TPM that takes every event and costs nothing; the\n"
        "  memory that firmware gives for the texts is in it. The rest of what swtpm adds is\n"
        "  firmware's. The end: the separator, and reading the log.")


def of_part(steps, part):
    return [(name, count) for each, name, count in steps if each == part]


def measure(arguments):
    """Everything, as what bench.json holds; and what is wrong with it by itself."""
    result, wrong = {}, []
    if not arguments.fast:
        say("bench: ratios against other implementations ...")
        result["ratios"] = ratios.measure(os.path.join(arguments.build, "tests", "bench"))
        show_ratios(result["ratios"])
        wrong += verdict.check_ratios(result["ratios"])

    say("\nbench: instructions of a start without firmware ...")
    runs = guests.twice(guests.count_kernel, arguments.boot, "starting twice")
    result["qemu"] = guests.qemu_version()
    result["kernel"] = runs[0]
    show_steps("The kernel from its entry to ready, in instructions (PVH, one processor)", runs[0],
               verdict.KERNEL_BAR, NOTES)
    wrong += verdict.check_repeat("kernel", runs)
    wrong += verdict.check_bar("the kernel's start", verdict.work(runs[0]), verdict.KERNEL_BAR,
                               "instructions")
    if not arguments.fast:
        measure_boot(arguments, result, wrong)
    measure_operations(arguments, result, wrong)

    result["sizes"] = measure_sizes(arguments.build)
    show_sizes(result["sizes"])
    for name, size in result["sizes"].items():
        wrong += verdict.check_bar(name, size, verdict.SIZE_BARS[name], "bytes")
    return result, wrong


def measure_operations(arguments, result, wrong):
    say("\nbench: operations, in the same QEMU ...")
    result["operations"] = peers.measure_own(arguments.build, arguments.fast)
    result["linux"] = peers.measure_linux(arguments.build, arguments.fast)
    if not result["linux"] and not arguments.fast:
        wrong.append("operations: no Linux to compare with: scripts/linux-kernel fetches it")
    result["interrupts off"], result["tlb"] = stretches.measure(arguments.build)
    for line in peers.lines(result["operations"], result["linux"], baseline()["linux"],
                            result["tlb"]):
        say(line)
    say(NOTES)
    wrong += peers.check(result["operations"])
    say("")
    for line in stretches.lines(result["interrupts off"]):
        say(line)
    wrong += stretches.check(result["interrupts off"])


def measure_boot(arguments, result, wrong):
    say("\nbench: instructions of a start through firmware, which takes a minute ...")
    runs = guests.twice(guests.count_boot, arguments.boot, "firmware, loader and kernel, twice")
    result["boot"] = guests.lowest(runs)
    result["image_len"] = os.path.getsize(os.path.join(arguments.boot, "kernel.bin"))
    loader = [step for step in result["boot"] if step[0] == "loader"]
    show_steps(f"The loader from its entry to the jump, in instructions (UEFI; an image of "
               f"{result['image_len']:,} bytes)", loader, verdict.LOADER_BAR,
               NOTES + "\n  What a signature costs to verify differs by some percent from one to "
               "another.")
    wrong += verdict.check_repeat("loader", [[step for step in run if step[0] == "loader"]
                                             for run in runs], verdict.TIMER)
    wrong += verdict.check_bar("the loader", verdict.work(loader), verdict.LOADER_BAR,
                               "instructions")

    say("\nbench: the same with a TPM that costs nothing, then with swtpm; a minute or two ...")
    result["measuring"] = measuring.count(arguments.build, arguments.boot, result["boot"])
    show_measuring(result["measuring"])


def baseline():
    with open(BASELINE, encoding="utf-8") as file:
        return json.load(file)


def compare(result):
    """What costs more than recorded."""
    recorded = baseline()
    if recorded["qemu"] != result["qemu"]:
        say(f"\nbench: recorded with QEMU {recorded['qemu']}, this is {result['qemu']}: firmware "
            "tables may differ, and the counts of reading them")
    wrong = verdict.compare_steps("kernel", of_part(result["kernel"], "kernel"),
                                  dict(of_part(recorded["kernel"], "kernel")))
    wrong += verdict.compare_operations(result["operations"], recorded["operations"])
    if "boot" in result:
        wrong += verdict.compare_steps("loader", of_part(result["boot"], "loader"),
                                       dict(of_part(recorded["boot"], "loader")),
                                       recorded["image_len"], result["image_len"])
        wrong += verdict.compare_steps("measuring", verdict.repeating(result["measuring"]),
                                       dict(verdict.repeating(recorded["measuring"])))
    return wrong


def write_json(path, value):
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".part", path)


def main():
    parser = argparse.ArgumentParser(description="See the top of this file.")
    parser.add_argument("--build", required=True)
    parser.add_argument("--boot", required=True)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    if arguments.record and arguments.fast:
        parser.error("the baseline needs everything: not with --fast")
    try:
        result, wrong = measure(arguments)
    except (guests.CountError, guests.machine.MachineError, subprocess.SubprocessError,
            ValueError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if arguments.record:
        write_json(BASELINE, {name: result[name] for name in
                              ("qemu", "image_len", "kernel", "boot", "measuring",
                               "operations", "linux", "sizes")})
        say(f"\nbench: recorded in {os.path.relpath(BASELINE)}")
    else:
        wrong += compare(result)
    write_json(os.path.join(arguments.build, "bench.json"), {**result, "wrong": wrong})
    say("")
    for sentence in wrong:
        say(f"bench: worse than it may be: {sentence}")
    say("bench: " + (f"{len(wrong)} failed" if wrong else
                     "everything within its bars and within 2 % of what is recorded"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
