"""Machines with little and with much memory, started through firmware and loader.

`make matrix` runs this, one boot a test.
"""

import re

import pytest

from conftest import expect_verified_boot


@pytest.mark.parametrize("mib", [64, 128, 256, 1024, 4096, 8192, 16384])
def test_memory_of_this_size_is_used(start_uefi, build, mib):
    text = expect_verified_boot(start_uefi(f"{build}/nonos.img", memory_mib=mib))
    total = int(re.search(r"memory +\d+ of (\d+) MiB free", text).group(1))
    assert mib - 10 - mib // 512 <= total <= mib
