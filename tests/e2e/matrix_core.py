"""Processors, memory, CPU models, machines and ways to start: each row ends as docs/boot.md says.

`make matrix` runs rows such that each value of one column meets each value of every other;
tests/matrix/ has more of them.
"""

import itertools

import pytest

import combinations
from conftest import is_documented

ROWS = combinations.choose(combinations.FEW_COLUMNS, 2)


@pytest.mark.parametrize("row", ROWS, ids=combinations.name_of)
def test_a_machine_ends_as_the_documents_say(row, build, tmp_path):
    combinations.run(row, build, tmp_path)


def expect_every_meeting(rows, columns, strength):
    met = set().union(*(combinations.meetings(row, strength) for row in rows))
    for some in itertools.combinations(enumerate(columns.values()), strength):
        for values in itertools.product(*(values for _, values in some)):
            assert tuple(zip((index for index, _ in some), values)) in met


def test_every_pair_of_values_meets():
    expect_every_meeting(ROWS, combinations.FEW_COLUMNS, 2)
    assert len(ROWS) > 10


def test_every_three_values_meet_in_the_larger_matrix():
    rows = combinations.in_order(3)
    expect_every_meeting(rows, combinations.COLUMNS, 3)
    expect_every_meeting(rows[:50], combinations.COLUMNS, 2)  # and early
    assert len(set(rows)) == len(rows)
    assert is_documented(f"three meet, {len(rows)}, and `make matrix-all` each of the 1,120")


def test_the_whole_product_is_every_row_once():
    rows = combinations.in_order(len(combinations.COLUMNS))
    assert len(rows) == 1120 and set(rows) == set(combinations.product(combinations.COLUMNS))
