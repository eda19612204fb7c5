"""The kernel started by QEMU itself, without firmware or loader."""

import re
import struct

import pytest


def ready(start_pvh, build):
    guest = start_pvh(f"{build}/kernel.bin")
    guest.wait_for_prompt(30)
    return guest


def test_pvh_start_says_that_nothing_was_verified(start_pvh, build):
    guest = ready(start_pvh, build)
    lines = guest.text().splitlines()
    assert lines[0] == "NONOS: unverified start (PVH)"
    assert lines[-2] == "NONOS: ready" and lines[-1] == "nonos> "
    assert "verified boot" not in guest.text()
    assert "nothing was verified" in guest.ask("info")


def test_prompt_lists_its_commands_and_refuses_others(start_pvh, build):
    guest = ready(start_pvh, build)
    names = re.findall(r"^ +([a-z]+) ", guest.ask("help"), re.MULTILINE)
    for name in ("help info manifest selftest memory mappings "
                 "timeline random panic reboot poweroff").split():
        assert name in names
    assert "is not a command" in guest.ask("hello")
    assert guest.ask("") == ""


def test_prompt_edits_the_line(start_pvh, build):
    guest = ready(start_pvh, build)
    # hlp, back over the p, an e in the middle, a wrong letter and a backspace: help
    assert "poweroff" in guest.ask("hlpx\x7f\x1b[D\x1b[De")
    # The first command again, from the history or typed: control-U drops what stood there.
    assert "poweroff" in guest.ask("nonsense\x15help")


def test_random_never_repeats(start_pvh, build):
    guest = ready(start_pvh, build)
    seen = [guest.ask("random 64").replace("\n", "") for _ in range(4)]
    assert all(re.fullmatch("[0-9a-f]{128}", each) for each in seen)
    assert len(set(seen)) == 4
    other = ready(start_pvh, build)
    assert other.ask("random 64").replace("\n", "") not in seen
    assert "not a number" in guest.ask("random 0")


def test_manifest_is_the_one_in_the_image(start_pvh, build):
    with open(f"{build}/gen/manifest.txt", encoding="ascii") as file:
        text = file.read()
    guest = ready(start_pvh, build)
    assert guest.ask("manifest").strip() == text.strip()


def test_memory_and_self_tests_answer(start_pvh, build):
    guest = ready(start_pvh, build)
    assert re.search(r"\d", guest.ask("memory"))
    passed = guest.ask("selftest")
    for name in "BLAKE3 SHA-512 Ed25519 ML-KEM-768 ML-DSA-65".split():
        assert name in passed


def timeline(guest):
    """The steps as (part, name, ticks); the last line is the sum."""
    rows = re.findall(r"^  (\w+) +(\S+)? +(\d+) +(\d+\.\d) %$", guest.ask("timeline"),
                      re.MULTILINE)
    return [(part, name, int(ticks)) for part, name, ticks, _ in rows]


def test_timeline_has_every_step_of_the_start_and_their_sum(start_pvh, build):
    guest = ready(start_pvh, build)
    *steps, total = timeline(guest)
    assert {part for part, _, _ in steps} == {"kernel"}
    names = [name for _, name, _ in steps]
    assert names[:2] == ["entry", "console"]
    assert names[-6:] == ["ACPI", "generator", "clock", "threads", "startup", "report"]
    assert "ML-DSA-65" in names and len(set(names)) == len(names)
    assert total[0] == "all" and total[2] == sum(ticks for _, _, ticks in steps)
    guest.ask("selftest")
    assert timeline(guest)[:-1] == steps  # what happens later changes nothing


def test_poweroff_and_reboot_end_the_machine(start_pvh, build):
    for command in "poweroff", "reboot":
        guest = ready(start_pvh, build)
        guest.send(command + "\r")
        assert guest.wait_for_end() == 0, command


def test_panic_prints_a_backtrace_with_names(start_pvh, build):
    guest = ready(start_pvh, build)
    guest.send("panic\r")
    guest.wait_for_line("NONOS: panic: asked for")
    guest.wait_for(rb"prompt_run\+0x[0-9a-f]+", 10)
    guest.wait_for(rb"kernel_(main|run|start)[a-z_]*\+0x[0-9a-f]+", 10)


def flip_symbol(elf, symbol):
    """The kernel with the first byte of a constant changed."""
    sections, symbols = [], None
    offset, entry_len, count = struct.unpack_from("<Q10xHH", elf, 40)[0], 64, struct.unpack_from(
        "<H", elf, 60)[0]
    for i in range(count):
        sections.append(struct.unpack_from("<IIQQQQIIQQ", elf, offset + i * entry_len))
    symbols = next(section for section in sections if section[1] == 2)
    names = sections[symbols[6]]
    for at in range(symbols[4], symbols[4] + symbols[5], 24):
        name, _, _, index, value, _ = struct.unpack_from("<IBBHQQ", elf, at)
        start = names[4] + name
        if elf[start:elf.index(b"\0", start)].decode() == symbol:
            place = sections[index][4] + value - sections[index][3]
            return elf[:place] + bytes([elf[place] ^ 1]) + elf[place + 1:]
    raise AssertionError(f"the kernel has no symbol {symbol}")


@pytest.mark.parametrize("symbol, algorithm", [
    ("blake3_hash_expected", "BLAKE3"),
    ("sha512_expected", "SHA-512"),
    ("ed25519_expected", "Ed25519"),
    ("mlkem768_secret", "ML-KEM-768"),
    ("mldsa65_signature_digest", "ML-DSA-65"),
])
def test_one_wrong_byte_in_a_known_answer_stops_the_boot(start_pvh, build, tmp_path, symbol,
                                                         algorithm):
    with open(f"{build}/kernel.elf", "rb") as file:
        changed = flip_symbol(file.read(), symbol)
    kernel = tmp_path / "kernel.elf"
    kernel.write_bytes(changed)
    guest = start_pvh(str(kernel))
    assert algorithm in guest.wait_for_line("NONOS: panic: ", 30)
    assert "NONOS: ready" not in guest.text()
