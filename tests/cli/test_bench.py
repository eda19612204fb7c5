"""What makes `make bench` fail, tried with made-up figures."""

import json
import os
import sys

import pytest

from conftest import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "bench"))

import ratios  # noqa: E402
import verdict  # noqa: E402

BASELINE = {"entry": 100_000, "ML-DSA-65": 10_000_000, "generator": 50_000}


def steps(**changed):
    return list({**BASELINE, **changed}.items())


def test_the_same_counts_and_lower_ones_pass():
    assert verdict.compare_steps("kernel", steps(), BASELINE) == []
    assert verdict.compare_steps("kernel", steps(entry=1), BASELINE) == []


@pytest.mark.parametrize("count, fails", [(102_000, False), (102_001, True)])
def test_a_step_two_percent_above_its_record_is_named_with_both_figures(count, fails):
    wrong = verdict.compare_steps("kernel", steps(entry=count), BASELINE)
    assert len(wrong) == fails
    if fails:
        assert wrong[0] == ("kernel, entry: 100,000 instructions were recorded, now 102,001: "
                            "+2.0 %")


def test_a_short_step_may_grow_by_some_instructions():
    assert verdict.compare_steps("kernel", [("entry", 1500)], {"entry": 500}) != []  # the sum
    baseline = {"entry": 500, "report": 1_000_000}
    assert verdict.compare_steps("kernel", [("entry", 1500), ("report", 1_000_000)], baseline) == []
    assert len(verdict.compare_steps("kernel", [("entry", 1501), ("report", 1_000_000)],
                                     baseline)) == 1


def test_measuring_is_compared_but_for_what_firmware_polls():
    recorded = {"without a TPM": 100, "the loader's own": 60_000, "with swtpm": 1_000_000}
    def wrong(**changed):
        return verdict.compare_steps("measuring", verdict.repeating({**recorded, **changed}),
                                     dict(verdict.repeating(recorded)))
    assert wrong(**{"with swtpm": 9_000_000}) == []
    assert wrong(**{"the loader's own": 61_200}) == []
    assert "the loader's own" in wrong(**{"the loader's own": 61_400})[0]
    assert "without a TPM" in wrong(**{"without a TPM": 1_200})[0]


def test_many_small_growths_fail_together():
    old = {f"step{i}": 10_000 for i in range(20)}
    wrong = verdict.compare_steps("kernel", [(name, 10_900) for name in old], old)
    assert len(wrong) == 1 and "all steps" in wrong[0] and "+9.0 %" in wrong[0]


def test_a_step_that_varies_by_nature_is_not_compared():
    assert verdict.compare_steps("kernel", steps(generator=90_000), BASELINE) == []


def test_a_new_step_and_a_lost_one_are_named():
    assert "nothing is recorded" in verdict.compare_steps("kernel", steps(new=1), BASELINE)[0]
    assert "no longer" in verdict.compare_steps("kernel", steps()[1:], BASELINE)[0]


def test_hashing_is_compared_by_the_length_of_the_image():
    old = {"BLAKE3": 1_000_000}
    assert verdict.compare_steps("loader", [("BLAKE3", 1_100_000)], old, 1000, 1100) == []
    assert verdict.compare_steps("loader", [("BLAKE3", 1_100_000)], old, 1000, 1000) != []


def test_ratios_and_sizes_fail_at_their_bars():
    row = {"operation": "sign", "peer": "theirs", "ratio": 1.2, "bar": 1.2}
    assert verdict.check_ratios([row, {**row, "ratio": 0.1, "bar": None}]) == []
    assert "under the bar of 1.2" in verdict.check_ratios([{**row, "ratio": 1.199}])[0]
    assert verdict.check_bar("it", 100, 100, "bytes") == []
    assert verdict.check_bar("it", 101, 100, "bytes") == ["it: 101 bytes, above the bar of 100"]


def test_waiting_is_apart_from_the_bar_of_the_start_and_nothing_else_is():
    waits = [(part, name, 1000) for part, name in verdict.APART]
    assert verdict.work([("kernel", "entry", 5), *waits, ("kernel", "report", 7)]) == 12
    assert {name for _, name in verdict.APART} == {"clock", "startup"}


def test_two_runs_of_one_start_must_agree():
    run = [("kernel", "entry", 5), ("kernel", "generator", 7)]
    assert verdict.check_repeat("kernel", [run, run]) == []
    assert verdict.check_repeat("kernel", [run, [run[0], ("kernel", "generator", 8)]]) == []
    slower = [("kernel", "entry", 5 + verdict.TIMER), run[1]]
    assert verdict.check_repeat("loader", [run, slower], verdict.TIMER) == []
    slower[0] = ("kernel", "entry", 6 + verdict.TIMER)
    assert verdict.check_repeat("loader", [run, slower], verdict.TIMER) != []
    assert "5 instructions in one run, 6" in verdict.check_repeat(
        "kernel", [run, [("kernel", "entry", 6), run[1]]])[0]
    assert verdict.check_repeat("kernel", [run, run[:1]]) == ["kernel: runs of [2, 1] steps"]


def test_a_bar_of_what_is_not_measured_is_an_error():
    rows = [{"operation": operation, "peer": peer} for operation, peer in ratios.BARS]
    assert ratios.require_every_bar(rows) == rows
    with pytest.raises(ValueError, match="not measured: .* of "):
        ratios.require_every_bar(rows[1:])


def test_the_recorded_baseline_is_within_the_bars():
    with open(os.path.join(ROOT, "tests", "bench", "baseline.json"), encoding="utf-8") as file:
        recorded = json.load(file)
    assert verdict.work(recorded["kernel"]) <= verdict.KERNEL_BAR
    assert verdict.work([step for step in recorded["boot"]
                         if step[0] == "loader"]) <= verdict.LOADER_BAR
    first = next(iter(recorded["operations"].values()))["costs"]
    for name, bar in verdict.OPERATION_BARS.items():
        assert first[name][1] <= bar
    for name, size in recorded["sizes"].items():
        assert size <= verdict.SIZE_BARS[name]
