"""What may fail a run: bars, and steps that cost more than the recorded baseline."""

TOLERANCE = 0.02
TIMER = 20_000  # instructions, for interrupts of firmware's timer
SLACK = 1000  # instructions: of a step as short as this, two percent are a handful
KERNEL_BAR, LOADER_BAR = 16_000_000, 14_000_000
# Of this kernel on a processor without Meltdown.
OPERATION_BARS = {"null-call": 120, "kernel-switch-same": 150, "kernel-switch-across": 200,
                  "wake-threads": 500, "wake-processes": 500}
OPERATION_SLACK = 2  # instructions
STRETCH_BAR = 20_000  # instructions with interrupts off, after the start
SIZE_BARS = {"kernel.bin": 204_800, "kernel.bin without crypto and signatures": 98_304,
             "BOOTX64.EFI": 98_304}

# What changes from run to run or from build to build though nothing got slower, and why. These
# steps count for the bars, and are not compared with the baseline.
VARIES = {
    ("kernel", "generator"): "timing jitter feeds on the low bits of the counter",
    ("loader", "console"): "firmware's drivers",
    ("loader", "read"): "firmware's disk driver polls until the host has read",
    ("loader", "leave"): "firmware's drivers",
    ("measuring", "with swtpm"): "firmware polls the TPM until the host has answered",
    ("measuring", "with swtpm, the end"): "the same",
}
# Time that passes while the kernel waits for it: not counted for the bar of the start.
APART = {
    ("kernel", "clock"): "calibration",
    ("kernel", "startup"): "waiting for INIT and STARTUP",
}
# The start is compared step by step instead, and has the generator's jitter in it.
OPERATIONS_VARY = {"start"}
# Which frames happen to be free decides how far a block is split and merged, in steps of some 200
# instructions: the median moves from one mode to another with what a start has left. What is held
# to the recorded is the least, when none is.
BY_LEAST = {"map-unmap", "map-touch-unmap"}
# Verifying a signature takes more or fewer steps by its own bits, which change with every image.
WIDER = {("loader", "Ed25519"): 0.04, ("loader", "ML-DSA-65"): 0.04}
# These go through the image byte by byte.
BY_LENGTH = {("loader", "BLAKE3"), ("loader", "parse")}


def allowed(part, name, old):
    return old + max(old * WIDER.get((part, name), TOLERANCE), SLACK)


def scaled(part, name, old, baseline_len, image_len):
    """What is expected of a step that works through the whole image, of this image."""
    if (part, name) in BY_LENGTH and baseline_len:
        return old * image_len / baseline_len
    return old


def compare_steps(part, steps, baseline, baseline_len=0, image_len=0):
    """Sentences about the steps that cost more than recorded, or are not recorded."""
    wrong, old_sum, new_sum = [], 0, 0
    for name, new in steps:
        if (part, name) in VARIES:
            continue
        if name not in baseline:
            wrong.append(f"{part}, {name}: {new:,} instructions, and nothing is recorded of it")
            continue
        old = scaled(part, name, baseline[name], baseline_len, image_len)
        old_sum, new_sum = old_sum + old, new_sum + new
        if new > allowed(part, name, old):
            wrong.append(f"{part}, {name}: {old:,.0f} instructions were recorded, now {new:,}: "
                         f"{new * 100 / old - 100:+.1f} %")
    for name in baseline:
        if name not in dict(steps):
            wrong.append(f"{part}, {name}: is recorded, and no longer a step")
    if new_sum > old_sum * (1 + TOLERANCE):
        wrong.append(f"{part}, all steps that repeat: {old_sum:,.0f} instructions were recorded, "
                     f"now {new_sum:,}: {new_sum * 100 / old_sum - 100:+.1f} %")
    return wrong


def compare_operations(own, recorded):
    """The same of the medians of operations; what was not measured this time is left out."""
    wrong = []
    for processor, found in own.items():
        old = recorded.get(processor, {}).get("costs", {})
        new = found["costs"]
        for name in sorted({*old, *new} - OPERATIONS_VARY):
            where, at = f"{name}, {processor}", 0 if name in BY_LEAST else 1
            if name not in old:
                wrong.append(f"{where}: {new[name][1]:,} instructions, and nothing is recorded of "
                             "it")
            elif name not in new:
                wrong.append(f"{where}: is recorded, and is not measured any more")
            elif new[name][at] > old[name][at] + max(old[name][at] * TOLERANCE, OPERATION_SLACK):
                wrong.append(f"{where}: {old[name][at]:,} instructions were recorded, now "
                             f"{new[name][at]:,}")
    return wrong


def repeating(counts):
    """The counts of measuring that are the same in each run."""
    return [(name, count) for name, count in counts.items() if ("measuring", name) not in VARIES]


def work(steps):
    """The sum of what a bar is about."""
    return sum(count for part, name, count in steps if (part, name) not in APART)


def check_bar(what, value, bar, unit):
    return [f"{what}: {value:,} {unit}, above the bar of {bar:,}"] if value > bar else []


def check_ratios(rows):
    return [f"{row['operation']}: {row['ratio']:.2f} of {row['peer']}, under the bar of "
            f"{row['bar']}" for row in rows if row["bar"] and row["ratio"] < row["bar"]]


def check_repeat(part, runs, slack=0):
    """Two runs of one start must agree, but for what is named in VARIES: to the instruction, or
    within what an interrupt of firmware's timer costs, which comes where it comes."""
    counts = [len(run) for run in runs]
    wrong = [f"{part}: runs of {counts} steps"] if len(set(counts)) != 1 else []
    for first, second in zip(*runs):
        if first[:2] not in VARIES and (first[:2] != second[:2]
                                        or abs(first[2] - second[2]) > slack):
            wrong.append(f"{part}, {first[1]}: {first[2]:,} instructions in one run, "
                         f"{second[2]:,} in the other")
    return wrong
