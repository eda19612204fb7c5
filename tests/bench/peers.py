"""What operations cost, beside what they cost in Linux: measuring both, and the table."""

import costs
import guests
import peer_linux


def count_twice(counter, what):
    """Both runs of one guest, and of which costs they do not agree."""
    runs = guests.twice(lambda _: counter(), None, what)
    return {**runs[0], "spread": costs.spread(runs)}


def measure_linux(build, is_fast):
    """{"version": ..., processor: costs}; None where there is no Linux to be had at once."""
    if not peer_linux.is_there(build):
        return None
    found = {"version": peer_linux.version(build)}
    for name, processor in list(costs.PROCESSORS.items())[:1 if is_fast else None]:
        found[name] = count_twice(lambda each=processor: peer_linux.count(build, each),
                                  f"Linux on a processor with {name}")
    return found


def cell(side, processor, name):
    counts = (side or {}).get(processor, {}).get("costs", {}).get(name)
    return f"{counts[1]:,}" if counts else "-"


def lines(linux, recorded):
    """The table: medians. recorded: what the baseline has of Linux, shown where none was run."""
    shown = linux or recorded
    processors = [name for name in costs.PROCESSORS if name in shown]
    head = "".join(f"{name:>16}" for name in processors)
    yield "Operations, in instructions; medians"
    yield f"  {'Linux ' + shown['version']:40}{head}"
    for name, what in costs.ROWS:
        yield f"  {what:40}" + "".join(f"{cell(shown, each, name):>16}" for each in processors)
    for each in processors:
        state = shown[each]["state"]
        yield f"  Linux, {each}: {state['meltdown']}. Spectre v2: {state['spectre-v2']}"
        for name, medians in shown[each].get("spread", {}).items():
            yield f"  Linux, {each}, {name}: the two runs differ: {medians}"
    if not linux:
        yield ("  Linux is what was recorded: it is not in the build folder; without FAST=1 it is "
               "fetched.")
