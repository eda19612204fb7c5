"""Rotation and rollback where the loader decides: one start for each kind of outcome. `make matrix`
has every other cell of the tables in docs/keys.md (matrix_rotation.py)."""

import pytest

from rotation import expect_cell, table

CELLS = {("signed by old", "4 old revoked"): "REVOKED",
         ("signed by new", "2 both"): "verified",
         ("security version 1", "floor 2"): "POLICY_FLOOR"}


@pytest.mark.parametrize("cell", CELLS, ids=", ".join)
def test_a_loader_decides_as_the_tables_say(start_uefi, build, tmp_path, cell):
    cells = {**table("What each image gets"), **table("What each security version gets")}
    assert cells[cell] == CELLS[cell]
    expect_cell(start_uefi, build, tmp_path, cell, cells[cell])
