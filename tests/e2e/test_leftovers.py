"""What ended threads, programs and freed memory leave: nothing in all of memory. Each search finds
its secrets while they are in use, and afterwards in a kernel whose wipe was taken out.

The secrets are words out of a seed (tests/guest/secrets.h), planted by tests/guest/suite_secrets.c.
"""

import pytest

from leftovers import in_words

MASK = (1 << 64) - 1
SEED = 0x5EED0000
# enum secret_place, and how many words of each there are.
PLACES = {"general registers of a program": (0, 5), "extended registers of a program": (1, 32),
          "memory of a program": (2, 32), "memory that a program asked for": (3, 32),
          "heap": (4, 32), "frames": (5, 32), "stack of a thread": (6, 32)}


def words(seed, count):
    """SplitMix64."""
    made, state = b"", seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        made += (z ^ (z >> 31)).to_bytes(8, "little")
    return made


SECRETS = {name: words(SEED + place, count) for name, (place, count) in PLACES.items()}


def search(examine, elf, faults, words=()):
    """What is found while the secrets are in use, and after their end."""
    guest = examine(elf, options={"fault": int(faults)}, words=words)
    guest.run_to("secrets_are_there")
    there = guest.find(SECRETS)
    guest.run_to("secrets_are_gone")
    return there, guest.find(SECRETS)


@pytest.mark.parametrize("faults", [False, True], ids=["it ends by itself", "it ends by a fault"])
@pytest.mark.parametrize("words", [(), ("-cpu", "Skylake-Server")], ids=["open", "isolated"])
def test_nothing_is_left_of_a_program_and_of_a_thread_that_ended(examine, build, faults, words):
    there, left = search(examine, f"{build}/guests/secrets-plain.elf", faults, words)
    assert set(there) == set(SECRETS), f"in use, only: {in_words(there)}"
    assert not left, in_words(left)


@pytest.mark.parametrize("variant, kept", [
    ("kept", {"general registers of a program", "stack of a thread"}),
    ("freed", {"extended registers of a program", "memory of a program",
               "memory that a program asked for", "frames"}),
    ("unfilled", {"heap"}),
])
def test_the_search_finds_what_a_kernel_without_the_wipe_leaves(examine, build, variant, kept):
    _, left = search(examine, f"{build}/guests/secrets-{variant}.elf", False)
    assert kept <= set(left), in_words(left)
