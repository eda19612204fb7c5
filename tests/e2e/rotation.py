"""The tables of docs/keys.md, "What each image gets" and "What each security version gets": loaders
and kernels of tests/variants for each of their cells, and starts that end as the cell says."""

import re

from conftest import ROOT, expect_verified_boot, make_image
from signing import expect_refusal

# Columns, and what stands for them in build/variants.
LOADERS = {"1 old": "rotation-old", "2 both": "rotation-both", "3 new": "rotation-new",
           "4 old revoked": "rotation-revoked",
           "floor 1": "rotation-old", "floor 2": "rotation-floor"}
# Rows: the kernel, and who signed it.
KERNELS = {"signed by old": ("release-by-old.bin", "old"),
           "signed by new": ("release-by-new.bin", "new"),
           "signed by another": ("release-by-other.bin", "other"),
           "not signed": ("release.unsigned", None),
           "security version 1": ("release-by-old.bin", "old"),
           "security version 2": ("raised-by-old.bin", "old")}


def table(title):
    """{(row, column): what stands there}, for the rows that are a kernel."""
    with open(f"{ROOT}/docs/keys.md", encoding="utf-8") as file:
        part = re.search(rf"^### {title}$.*?(?=^##)", file.read(), re.MULTILINE | re.DOTALL)
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in part.group(0).splitlines() if line.startswith("| ")]
    return {(row[0], column): cell for row in rows[1:] if row[0] in KERNELS
            for column, cell in zip(rows[0][1:], row[1:])}


def identity_of(build, signer):
    with open(f"{build}/variants/{signer}-release.identity", encoding="ascii") as file:
        return re.search("^id=(.*)$", file.read(), re.MULTILINE)[1]


def expect_cell(start_uefi, build, folder, cell, outcome):
    """Starts the loader of a column with the kernel of a row."""
    row, column = cell
    name, signer = KERNELS[row]
    expect_start(start_uefi, build, folder, LOADERS[column], name, signer, outcome)


def expect_start(start_uefi, build, folder, loader, kernel, signer, outcome):
    with open(f"{build}/variants/{kernel}", "rb") as file:
        image = make_image(build, folder, file.read(), f"{build}/variants/{loader}.efi")
    guest = start_uefi(image)
    if outcome != "verified":
        expect_refusal(guest, outcome)
        return
    text = expect_verified_boot(guest)
    ident = identity_of(build, signer)
    assert f"NONOS: 6/10 Ed25519: by identity {ident[:16]}\n" in text
    assert f"NONOS: 7/10 ML-DSA-65: by the same identity, {signer}-release\n" in text
    assert f"NONOS: the loader reports a verified boot, signer {ident[:16]}\n" in text
