"""What operations cost, beside what they cost in Linux: measuring both, and the table."""

import os

import costs
import guests
import machine
import peer_linux
import verdict

# The order of the columns.
SIDES = ("NONOS", "Linux")


def count_twice(counter, what):
    """Both runs of one guest, and of which costs they do not agree."""
    runs = guests.twice(lambda _: counter(), None, what)
    return {**runs[0], "spread": costs.spread(runs)}


def variants(is_fast):
    return list(costs.VARIANTS.items())[:1 if is_fast else None]


def count_own(build, variant):
    return costs.run(machine.pvh_command(
        machine.find_qemu(), costs.with_processor(guests.COUNTING, variant.processor),
        os.path.join(build, "tests", "bench", variant.kernel + ".unsigned"),
        extra=costs.EXIT_DEVICE))


def measure_own(build, is_fast):
    """{variant: costs} of this kernel."""
    return {name: count_twice(lambda each=variant: count_own(build, each),
                              f"this kernel on a processor with {name}")
            for name, variant in variants(is_fast)}


def measure_linux(build, is_fast):
    """{"version": ..., variant: costs}; None where there is no Linux to be had at once."""
    if not peer_linux.is_there(build):
        return None
    found = {"version": peer_linux.version(build)}
    for name, variant in variants(is_fast):
        if variant.has_linux:
            found[name] = count_twice(
                lambda each=variant.processor: peer_linux.count(build, each),
                f"Linux on a processor with {name}")
    return found


def median(side, processor, name):
    counts = side.get(processor, {}).get("costs", {}).get(name)
    return counts[1] if counts else None


def cell(count):
    return "-" if count is None else f"{count:,}"


def tlb_of(name, tlb):
    """The suffix of a row: what its operation does to the TLB, if anything."""
    loads, pages = tlb.get(name, (0, 0))
    return (f"  CR3 {loads}" if loads else "") + (f"  INVLPG {pages}" if pages else "")


def sides_of(variant):
    return SIDES if costs.VARIANTS[variant].has_linux else SIDES[:1]


def lines(own, linux, recorded, tlb):
    """The table: medians. recorded: what the baseline has of Linux, shown where none was run.
    tlb: writes of CR3, and INVLPGs, of this kernel's operations."""
    sides = {"NONOS": own, "Linux": linux or recorded}
    shown = [name for name in costs.VARIANTS if name in own]
    columns = [(side, name) for name in shown for side in sides_of(name)]
    yield "What operations cost, in instructions; medians"
    yield f"  {'':40}" + "".join(f"{name:>{15 * len(sides_of(name))}}" for name in shown)
    yield (f"  {'Linux: ' + sides['Linux']['version']:40}"
           + "".join(f"{side:>15}" for side, _ in columns))
    for name, what in costs.ROWS:
        bar = verdict.OPERATION_BARS.get(name)
        counts = [median(sides[side], each, name) for side, each in columns]
        yield (f"  {what:40}" + "".join(f"{cell(count):>15}" for count in counts)
               + tlb_of(name, tlb)
               + (f"  bar {bar}{'  ABOVE' if (counts[0] or 0) > bar else ''}" if bar else ""))
    yield from remarks()
    yield "  CR3, INVLPG: how many of them NONOS has in one operation, if any, without Meltdown"
    for side in SIDES:
        for each in shown:
            yield from footnotes(side, each, sides[side].get(each, {}))
    if not linux:
        yield ("  Linux is what was recorded: it is not in the build folder; without FAST=1 it is "
               "fetched.")


def remarks():
    """Why there is no figure, or what one does not say: the rows that share it in one line."""
    whats, said = dict(costs.ROWS), {}
    for side in SIDES:
        for name, why in costs.ABSENT[side].items():
            said.setdefault(f"none of {side}: {why}", []).append(name)
    for name, what in costs.REMARKS.items():
        said.setdefault(f"{SIDES[0]}: {what}", []).append(name)
    for text, names in said.items():
        more = f" and {len(names) - 1} more" if len(names) > 2 else ""
        shown = names[:1] if more else names
        yield f"  {'; '.join(whats[name] for name in shown)}{more}: {text}"


def footnotes(side, processor, found):
    state = found.get("state", {})
    if state:
        spectre = f". Spectre v2: {state['spectre-v2']}" if "spectre-v2" in state else ""
        yield f"  {side}, {processor}: {state['meltdown']}{spectre}"
    for name, medians in found.get("spread", {}).items():
        yield f"  {side}, {processor}, {name}: the two runs differ: {medians}"


def check(own):
    """What is wrong with this kernel's costs by themselves."""
    wrong = []
    for processor, found in own.items():
        wrong += [f"{name}, {processor}: the two runs differ: {medians}"
                  for name, medians in found["spread"].items()]
    first = next(iter(own.values()))["costs"]
    for name, bar in verdict.OPERATION_BARS.items():
        if name not in first:
            wrong.append(f"{name}: has a bar and was not measured")
        else:
            wrong += verdict.check_bar(name, first[name][1], bar, "instructions")
    return wrong
