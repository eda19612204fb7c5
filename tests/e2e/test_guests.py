"""The suites of tests/guest/, each a kernel of its own that ends the machine when it is through."""

import re

import pytest

# As tests/guest/guest.h says: isa-debug-exit makes 1 of 0, and 3 of 1.
EXIT = ("-device", "isa-debug-exit,iobase=0x501,iosize=4")
ALL_OK = 1

SUITES = {
    "walk": ("-smp", "2"),
}


@pytest.mark.parametrize("suite", SUITES)
def test_every_test_of_the_suite_is_ok(start_pvh, build, suite):
    guest = start_pvh(f"{build}/guests/{suite}.unsigned", extra=(*EXIT, *SUITES[suite]))
    status = guest.wait_for_end(60)
    said = guest.text()
    summary = re.search(r"^suite: (\d+) tests, (\d+) failed$", said, re.MULTILINE)
    assert summary and summary.group(2) == "0" and int(summary.group(1)) > 0, said
    assert len(re.findall(r"^ok \w+$", said, re.MULTILINE)) == int(summary.group(1)), said
    assert status == ALL_OK, said
