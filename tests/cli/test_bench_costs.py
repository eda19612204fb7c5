"""What `make bench` reads from guests that measure themselves."""

import os
import sys

import pytest

from conftest import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "bench"))

import costs  # noqa: E402
import guests  # noqa: E402
import peers  # noqa: E402

SAID = ("[    0.1] a line of the kernel\r\nbench: state meltdown Mitigation: PTI\r\n"
        "bench: cost null-call 320 323 4000 1000\r\nbench: done\r\n")


def test_costs_and_states_are_read_from_between_other_lines():
    assert costs.read_costs(SAID) == {"state": {"meltdown": "Mitigation: PTI"},
                                      "costs": {"null-call": [320, 323, 4000]}}


def test_a_guest_that_failed_or_did_not_come_to_its_end_is_an_error():
    with pytest.raises(guests.CountError, match="failed: no pipes"):
        costs.read_costs(SAID + "bench: failed: no pipes\r\n")
    with pytest.raises(guests.CountError, match="its end"):
        costs.read_costs(SAID.replace("bench: done", ""))


def test_a_guest_that_ends_with_another_status_is_an_error():
    script = f"printf '{SAID}'; exit {{}}".replace("\r\n", "\\n")
    assert costs.run(["sh", "-c", script.format(costs.EXIT_DONE)])["costs"]
    with pytest.raises(guests.CountError, match="status 0"):
        costs.run(["sh", "-c", script.format(0)])


def test_medians_that_differ_between_runs_are_named():
    runs = [{"costs": {"a": [1, 2, 3], "b": [1, 2, 3]}}, {"costs": {"a": [1, 2, 9]}}]
    assert costs.spread(runs) == {"b": [2, None]}
    assert costs.spread(runs[:1] * 2) == {}


def test_the_processor_is_replaced_and_nothing_else():
    old, new = guests.COUNTING, costs.with_processor(guests.COUNTING, "other")
    assert [(a, b) for a, b in zip(old, new) if a != b] == [("max", "other")]
    assert len(old) == len(new)


def test_every_operation_measured_in_linux_is_a_row():
    rows = {name for name, _ in costs.ROWS}
    measured = set()
    for name in ("linux_init.c", "linux_pairs.c"):
        with open(os.path.join(ROOT, "tests", "bench", name), encoding="utf-8") as file:
            measured |= {line.split('"')[1] for line in file
                         if line.lstrip().startswith(("measure(", "measure_threads(",
                                                      "measure_processes("))}
    assert measured and measured | {"start"} <= rows


def test_linux_that_is_only_recorded_is_said_to_be():
    side = {"version": "1.2", "no Meltdown": {"state": {"meltdown": "no", "spectre-v2": "no"},
                                              "costs": {"null-call": [1, 4321, 3]},
                                              "spread": {"yield": [1, 2]}}}
    text = "\n".join(peers.lines(side, None))
    assert "4,321" in text and "differ: [1, 2]" in text and "recorded" not in text
    assert "was recorded" in "\n".join(peers.lines(None, side))
