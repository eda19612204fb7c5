"""As many processors as the kernel takes, and more than that."""

import pytest
import test_guests


@pytest.mark.parametrize("machine, processors", [(1, 1), (4, 4), (64, 64), (72, 64)])
def test_processors_start_and_work_together(start_pvh, build, machine, processors):
    def start(kernel, words, memory_mib):
        return start_pvh(kernel, (*words, "-machine", "q35", "-smp", str(machine)), memory_mib)

    test_guests.run(start, build, "processors", test_guests.Suite(
        memory_mib=256, options={"processors": processors}, limit=300))


def test_many_nmis_with_a_thread_of_the_host_for_each_processor(start_pvh, build):
    test_guests.run(start_pvh, build, "nmi", test_guests.Suite(
        processors=2, options={"nmis": 20000}, limit=1800))
