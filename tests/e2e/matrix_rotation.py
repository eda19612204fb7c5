"""Each cell of the tables of docs/keys.md that test_loaders.py leaves out: a start in QEMU for each
loader with each kernel; and a kernel by the recovery identity, on a loader that was there before.
"""

import pytest

import test_loaders
from rotation import expect_cell, expect_start, table

ROTATION = table("What each image gets")
FLOOR = table("What each security version gets")
# Signed by old, on a loader that trusts old, with floor 1: one cell of each table, and one start.
CELLS = {cell: outcome for cell, outcome in {**ROTATION, **FLOOR}.items()
         if cell not in test_loaders.CELLS and cell != ("security version 1", "floor 1")}


def test_the_tables_are_whole():
    assert len(ROTATION) == 16 and len(FLOOR) == 4 and len(CELLS) == 16
    assert FLOOR["security version 1", "floor 1"] == ROTATION["signed by old", "1 old"]


@pytest.mark.parametrize("cell", CELLS, ids=", ".join)
def test_a_loader_decides_as_the_tables_say(start_uefi, build, tmp_path, cell):
    expect_cell(start_uefi, build, tmp_path, cell, CELLS[cell])


def test_an_installed_loader_takes_what_the_recovery_identity_signed(start_uefi, build, tmp_path):
    expect_start(start_uefi, build, tmp_path, "recovery", "release-by-recovery.bin", "recovery",
                 "verified")
