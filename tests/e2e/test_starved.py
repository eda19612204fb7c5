"""A start that finds no memory, once, anywhere: every 7th allocation; all: matrix_starved.py."""

import starved


def test_a_start_without_memory_says_so_and_stops_or_does_with_less(start_pvh, build, tmp_path):
    refused, ready = starved.run(start_pvh, build, tmp_path, [], step=7)
    assert refused > 5 and ready > 3
