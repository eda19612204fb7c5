"""Three searches of all of a guest's memory: no entropy after it was used, no secret on a stack
after an operation, nothing in memory that was freed. Each with a guest whose wipe was taken out, in
which the same search has to find what it looks for (tests/variants)."""

import pytest

import intermediates
from conftest import make_image
from debugger import RDI, RDX, RSI
from leftovers import in_words, spans

DIRECT_MAP = 0xFFFF800000000000
HANDOFF_LEN, HANDOFF_ENTROPY = 352, slice(208, 272)  # abi/handoff.h
SELFTEST_LEN = 16384  # what the heap gives for SELFTEST_MEMORY_LEN


# The handoff's entropy, and what the generator made of it ----------------------------------------
def run_with_known_entropy(guest):
    """Boots to the prompt and asks for random bytes. Returns what the seed was made of on the way,
    and what came of it; and what of that was left as soon as the generator had its seed."""
    guest.run_to("kernel_main")
    handoff = guest.debugger.read(guest.debugger.register(RDI), HANDOFF_LEN)
    secrets = {"handoff's entropy": handoff[HANDOFF_ENTROPY]}
    assert len(set(secrets["handoff's entropy"])) > 32
    assert len(spans(guest.find(secrets)["handoff's entropy"])) == 1  # one copy, its own

    guest.run_to("random_seed")
    pool = guest.debugger.read(guest.debugger.register(RSI), guest.debugger.register(RDX))
    assert pool[:64] == secrets["handoff's entropy"]
    # RDSEED's part is zero where the processor has none.
    for at in range(64, len(pool), 64):
        if any(pool[at:at + 64]):
            secrets[f"seed, bytes {at} to {at + 63}"] = pool[at:at + 64]
    guest.run_to("monitor_show_tests")
    left = guest.find(secrets)
    secrets["generator's first key"] = guest.debugger.read(guest.symbols["generators"], 32)
    assert len(set(secrets["generator's first key"])) > 16

    guest.go_on_to_the_prompt()
    lines = guest.guest.ask("random 1024").split()
    assert [len(line) for line in lines] == [64] * 32
    secrets.update((f"random bytes, line {i}", bytes.fromhex(line)) for i, line in enumerate(lines))
    secrets.update((f"digits, line {i}", line.encode()) for i, line in enumerate(lines))
    return secrets, left


def test_entropy_is_nowhere_in_memory_once_it_was_used(examine, build):
    guest = examine(f"{build}/kernel.elf", f"{build}/nonos.img")
    secrets, left = run_with_known_entropy(guest)
    assert set(secrets) >= {"handoff's entropy", "seed, bytes 128 to 191", "generator's first key"}
    assert not left, in_words(left)
    found = guest.find(secrets)
    assert not found, in_words(found)


def test_the_search_finds_entropy_that_a_loader_has_kept(examine, build, tmp_path):
    """The loader's own, beside the handoff's. The kernel zeroes both, and all the loader used."""
    with open(f"{build}/kernel.bin", "rb") as kernel:
        image = make_image(build, tmp_path, kernel.read(), f"{build}/variants/kept.efi")
    guest = examine(f"{build}/kernel.elf", image)
    guest.run_to("kernel_main")
    handoff = guest.debugger.read(guest.debugger.register(RDI), HANDOFF_LEN)
    secrets = {"handoff's entropy": handoff[HANDOFF_ENTROPY]}
    assert len(spans(guest.find(secrets)["handoff's entropy"])) > 1
    guest.go_on_to_the_prompt()
    assert not guest.find(secrets)


def test_the_search_finds_entropy_that_a_kernel_has_kept(examine, build, tmp_path):
    with open(f"{build}/variants/kept-by-acme.bin", "rb") as kernel:
        image = make_image(build, tmp_path, kernel.read(), f"{build}/variants/both.efi")
    guest = examine(f"{build}/variants/kept.elf", image)
    secrets, left = run_with_known_entropy(guest)
    assert {"handoff's entropy", "seed, bytes 128 to 191"} <= set(left), in_words(left)
    # The first key is gone all the same: the next one is written over it.
    found = guest.find(secrets)
    assert {"handoff's entropy", "random bytes, line 31"} <= set(found), in_words(found)


# Secrets on stacks -------------------------------------------------------------------------------
# Where the kernel stands right after an operation, and which.
STOPS = {
    "ed25519_verify": "signing with Ed25519",
    "mlkem768_encapsulate": "making a key of ML-KEM",
    "test_mldsa65": "decapsulation",
    "mldsa65_sign": "making a key of ML-DSA",
    "mldsa65_verify": "signing with ML-DSA",
}
SEEDS = ["ed25519_seed", "mlkem768_seed", "mldsa65_seed"]
# What each operation leaves somewhere when nobody wipes: that the values looked for are the right
# ones. Some others are overwritten by what comes after them in the same operation.
KEPT = {
    "ed25519_verify": ["Ed25519 expanded seed", "Ed25519 nonce"],
    "mlkem768_encapsulate": [f"ML-KEM s[{i}], transformed" for i in range(3)],
    "test_mldsa65": ["ML-KEM coins", "ML-KEM message, as a polynomial"]
                    + [f"ML-KEM noise {nonce} of encapsulation" for nonce in range(3, 7)],
    "mldsa65_sign": ["ML-DSA rho'", "ML-DSA K", *(f"ML-DSA s1[{i}]" for i in range(5)),
                     *(f"ML-DSA s2[{i}]" for i in range(6))],
    "mldsa65_verify": ["ML-DSA K", "ML-DSA rho''", *(f"ML-DSA y {nonce}" for nonce in range(5, 10)),
                       *(f"ML-DSA s1[{i}], transformed" for i in range(5)),
                       *(f"ML-DSA s2[{i}], transformed" for i in range(6))],
}


@pytest.fixture(scope="module")
def secrets():
    known = intermediates.vectors()
    kem, dsa = intermediates.mlkem768(known), intermediates.mldsa65(known)
    assert intermediates.blake3(kem[1]) == known["mlkem768_ek_digest"]
    assert intermediates.blake3(dsa[1]) == known["mldsa65_pk_digest"]
    return {**intermediates.ed25519(known), **kem[0], **dsa[0],
            **{name: known[name] for name in SEEDS}}


def stop_after_each_operation(guest, secrets):
    """{stop: what is in memory then}, without the constants in the image and without the memory in
    which the self-tests themselves hold keys."""
    guest.run_to("test_blake3")
    held = guest.debugger.register(RDI) - DIRECT_MAP
    found = {}
    for symbol in STOPS:
        guest.run_to(symbol)
        left = {name: [at for at in addresses if not guest.is_constant(at)
                       and not held <= at < held + SELFTEST_LEN]
                for name, addresses in guest.find(secrets).items()}
        found[symbol] = {name: addresses for name, addresses in left.items() if addresses}
    return found


def test_no_operation_leaves_a_secret_on_a_stack(examine, build, secrets):
    found = stop_after_each_operation(examine(f"{build}/kernel.elf"), secrets)
    for symbol, operation in STOPS.items():
        assert not found[symbol], f"after {operation}: {in_words(found[symbol])}"


def test_the_search_finds_what_stays_on_stacks_that_are_not_wiped(examine, build, secrets):
    found = stop_after_each_operation(examine(f"{build}/variants/kept.elf"), secrets)
    for symbol, operation in STOPS.items():
        missing = set(KEPT[symbol]) - set(found[symbol])
        assert not missing, f"after {operation} not found: {missing}"


# Freed memory ------------------------------------------------------------------------------------
def run_self_tests(guest, secrets):
    """What is left at the prompt, after the self-tests have run once more."""
    guest.go_on_to_the_prompt()
    assert "7 passed" in guest.guest.ask("selftest")
    found = {name: [at for at in addresses if not guest.is_constant(at)]
             for name, addresses in guest.find(secrets).items()}
    return {name: addresses for name, addresses in found.items() if addresses}


def test_nothing_is_left_in_memory_that_was_freed(examine, build, secrets):
    found = run_self_tests(examine(f"{build}/kernel.elf"), secrets)
    assert not found, in_words(found)


def test_the_search_finds_what_stays_in_memory_that_is_not_zeroed(examine, build, secrets):
    found = run_self_tests(examine(f"{build}/variants/freed.elf"), secrets)
    assert {"ML-DSA K", "ML-DSA s1 and s2, encoded"} <= set(found), in_words(found)
