"""What `make bench` reads from guests that measure themselves."""

import os
import re
import sys
import time

import pytest

from conftest import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "bench"))

import costs  # noqa: E402
import guests  # noqa: E402
import peers  # noqa: E402
import stretches  # noqa: E402
import verdict  # noqa: E402

SAID = ("[    0.1] a line of the kernel\nbench: state meltdown Mitigation: PTI\n"
        "bench: cost null-call 320 323 4000 1000\nbench: done\n")


def test_costs_and_states_are_read_from_between_other_lines():
    assert costs.read_costs(SAID) == {"state": {"meltdown": "Mitigation: PTI"},
                                      "costs": {"null-call": [320, 323, 4000]}}


def test_a_guest_that_failed_or_did_not_come_to_its_end_is_an_error():
    with pytest.raises(guests.CountError, match="failed: no pipes"):
        costs.read_costs(SAID + "bench: failed: no pipes\n")
    with pytest.raises(guests.CountError, match="its end"):
        costs.read_costs(SAID.replace("bench: done", ""))


@pytest.mark.parametrize("end, status", [("exit 0", 0), ("exit 3", 3)])
def test_a_guest_that_ends_with_another_status_is_an_error(end, status):
    script = f"printf '{SAID}'; ".replace("\n", "\\r\\n")
    assert costs.run(["sh", "-c", f"{script} exit {costs.EXIT_DONE}"])["costs"]
    with pytest.raises(guests.CountError, match=f"status {status}"):
        costs.run(["sh", "-c", script + end])


def test_a_guest_that_stopped_after_a_panic_is_not_waited_for():
    start = time.monotonic()
    with pytest.raises(guests.CountError, match="panic: why"):
        costs.run(["sh", "-c", "echo NONOS: panic: why; echo NONOS: stopped; exec sleep 60"])
    assert time.monotonic() - start < 30


def test_medians_that_differ_between_runs_are_named():
    runs = [{"costs": {"a": [1, 2, 3], "b": [1, 2, 3]}}, {"costs": {"a": [1, 2, 9]}}]
    assert costs.spread(runs) == {"b": [2, None]}
    assert costs.spread(runs[:1] * 2) == {}


def test_the_processor_is_replaced_and_nothing_else():
    old, new = guests.COUNTING, costs.with_processor(guests.COUNTING, "other")
    assert [(a, b) for a, b in zip(old, new) if a != b] == [("max", "other")]
    assert len(old) == len(new)


def names_in(source, *starts):
    with open(os.path.join(ROOT, "tests", "bench", source), encoding="utf-8") as file:
        return {line.split('"')[1] for line in file
                if '"' in line and any(start in line for start in starts)}


def measured():
    """What each side measures, by its sources."""
    linux = (names_in("linux_init.c", " measure(") | names_in("linux_pairs.c", " measure_threads(",
                                                              " measure_processes(")
             | names_in("linux_ends.c", " report(\"", " measure_end(\""))
    own = names_in("guest_costs.c", " report(\"") | names_in("guest_users.c", "= TEXT(")
    unmeasured = {"nothing"} | {name for name in own if name.endswith("-long")}
    assert len(linux) > 10 and len(own) > 10
    return {"Linux": linux | {"start"}, "NONOS": own - unmeasured | {"start"}}


def test_every_operation_that_is_measured_is_a_row():
    assert set().union(*measured().values()) == {name for name, _ in costs.ROWS}


@pytest.mark.parametrize("side", peers.SIDES)
def test_a_row_without_a_figure_says_why_and_only_such_a_row(side):
    rows = {name for name, _ in costs.ROWS}
    assert set(costs.ABSENT[side]) == rows - measured()[side]
    text = "\n".join(peers.remarks())
    assert all(f"none of {side}: {why}" in text for why in costs.ABSENT[side].values())
    assert set(costs.REMARKS) <= rows


def test_each_variant_is_counted_with_its_own_kernel_and_processor(monkeypatch):
    monkeypatch.setattr(costs, "run", lambda command: " ".join(command))
    command = peers.count_own("dir", costs.Variant("Model,-x", "other"))
    assert "-cpu Model,-x " in command and "dir/tests/bench/other.unsigned" in command


def test_a_variant_without_linux_starts_none(monkeypatch):
    monkeypatch.setattr(costs, "VARIANTS", {"a": costs.Variant("A"),
                                            "b": costs.Variant("B", has_linux=False)})
    monkeypatch.setattr(peers.peer_linux, "is_there", lambda build: True)
    monkeypatch.setattr(peers.peer_linux, "version", lambda build: "1")
    monkeypatch.setattr(peers.peer_linux, "count", lambda build, model: {"costs": {model: [1] * 3}})
    found = peers.measure_linux("dir", False)
    assert set(found) == {"version", "a"} and found["a"]["costs"] == {"A": [1] * 3}


def side(median):
    return {"state": {"meltdown": "no", "spectre-v2": "no"}, "spread": {"yield": [1, 2]},
            "costs": {"null-call": [1, median, 3]}}


def test_linux_that_is_only_recorded_is_said_to_be():
    own, linux = {"no Meltdown": side(77)}, {"version": "1.2", "no Meltdown": side(4321)}
    tlb = stretches.read_tlb("bench: tlb null-call 2003 999 1000\nbench: tlb yield 4 0 1000\n")
    assert tlb == {"null-call": (2, 1), "yield": (0, 0)}
    text = "\n".join(peers.lines(own, linux, None, tlb))
    assert re.search(r" 77 +4,321  CR3 2  INVLPG 1  bar 120$", text, re.MULTILINE)
    assert "recorded" not in text
    assert "Linux, no Meltdown, yield: the two runs differ: [1, 2]" in text
    assert "was recorded" in "\n".join(peers.lines(own, None, linux, {}))


def test_a_variant_without_linux_has_one_column():
    own, linux = {"every leak": side(77)}, {"version": "1.2"}
    text = list(peers.lines(own, linux, None, {}))
    assert re.fullmatch(r" +NONOS", text[2].removeprefix("  Linux: 1.2"))
    assert re.fullmatch(r"  the cheapest system call +77  bar 120", text[3])


def test_runs_that_differ_bars_and_what_was_not_measured_are_wrong():
    found = {**side(121), "spread": {}}
    for name in verdict.OPERATION_BARS:
        found["costs"].setdefault(name, [1, 1, 1])
    assert peers.check({"no Meltdown": found}) == [
        "null-call: 121 instructions, above the bar of 120"]
    found["costs"]["null-call"] = [1, 120, 9]
    assert peers.check({"no Meltdown": found}) == []
    assert "differ" in peers.check({"no Meltdown": {**found, "spread": {"yield": [1, 2]}}})[0]
    del found["costs"]["kernel-switch-same"]
    assert "was not measured" in peers.check({"no Meltdown": found})[0]


@pytest.mark.parametrize("old, new, fails", [(1000, 1020, 0), (1000, 1021, 1), (66, 68, 0),
                                             (66, 69, 1), (1000, 1, 0)])
def test_operations_are_held_to_what_is_recorded(old, new, fails):
    wrong = verdict.compare_operations({"p": side(new)}, {"p": side(old)})
    assert len(wrong) == fails


@pytest.mark.parametrize("name, least, median, fails", [
    ("map-unmap", 1, 999, 0), ("map-unmap", 4, 4, 1), ("yield", 1, 999, 1), ("yield", 4, 2, 0)])
def test_what_the_free_frames_decide_is_held_to_its_least(name, least, median, fails):
    old, new = ({"p": {"costs": {name: counts}}} for counts in ([1, 2, 9], [least, median, 999]))
    assert len(verdict.compare_operations(new, old)) == fails


def test_operations_that_are_new_or_gone_are_named():
    other = {"costs": {"yield": [1, 1, 1], "start": [9, 9, 9]}}
    wrong = verdict.compare_operations({"p": side(5)}, {"p": other})
    assert len(wrong) == 2 and "nothing is recorded" in wrong[0] and "any more" in wrong[1]
    assert verdict.compare_operations({}, {"p": other}) == []  # not measured this time


SYMBOLS = ([0x100, 0x200, 0x300], ["lock_take", "event_wait", "__wrap_syscall_dispatch"])


def test_stretches_are_named_by_who_takes_the_lock_and_the_longest_counts():
    text = ("bench: stretch 110 210 220 0 400 3\nbench: stretch 110 220 310 0 900 2\n"
            "bench: stretch 103b 0 310 0 20001 1\nbench: stretch 2003 0 310 0 50 7\n")
    found = stretches.read_stretches(text, SYMBOLS)
    assert found == [(20001, 1, "interrupt 59", "syscall_dispatch"),
                     (900, 5, "event_wait, lock_take", "syscall_dispatch"),
                     (50, 7, "call 3", "syscall_dispatch")]
    wrong = stretches.check(found)
    assert len(wrong) == 1 and "from interrupt 59 to syscall_dispatch: 20,001" in wrong[0]


@pytest.mark.parametrize("way", stretches.TAKEN)
def test_a_way_in_that_no_stretch_begins_with_is_an_error(way):
    found = [stretches.Stretch(1, 1, f"{each} 1", "x") for each in stretches.TAKEN]
    assert stretches.require_every_way(found) == found
    found = [each._replace(begin=each.begin.replace(f"{way} ", f"{way}s_disable"))
             for each in found]
    with pytest.raises(guests.CountError, match=f"no {way} was noted"):
        stretches.require_every_way(found)
