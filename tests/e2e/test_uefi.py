"""The whole way: firmware, loader, both signatures, kernel, prompt. Few starts, since each is slow;
`make matrix` has the rest."""

import re

import machine
from conftest import expect_verified_boot, make_image
from debugger import Monitor

CR4_LA57 = 1 << 12


def test_verified_boot_to_the_prompt_and_power_off(start_uefi, build, signer_id):
    guest = start_uefi(f"{build}/nonos.img")
    line = guest.wait_for_line("NONOS: the loader reports a verified boot")
    assert line == f"NONOS: the loader reports a verified boot, signer {signer_id[:16]}"
    guest.wait_for_line("NONOS: ready")
    guest.wait_for_prompt()

    steps = re.findall(r"^NONOS: (\d+)/10 ", guest.text(), re.MULTILINE)
    assert steps == [str(step) for step in range(1, 11)]
    assert "NONOS: DEVELOPMENT" in guest.text()
    assert "unverified" not in guest.text()

    info = guest.ask("info")
    assert signer_id[:16] in info
    assert "a verified development image" in info
    assert re.search(r"pages both writable and executable: 0\b", info)
    with open(f"{build}/gen/manifest.txt", encoding="ascii") as file:
        assert guest.ask("manifest").strip() == file.read().strip()
    assert "ML-DSA-65" in guest.ask("selftest")
    first, second = guest.ask("random"), guest.ask("random")
    assert re.fullmatch(r"[0-9a-f]{64}\s*", first) and first != second

    guest.send("poweroff\r")
    assert guest.wait_for_end() == 0


def start_through(program, start_uefi, build, folder, kernel="kernel.bin"):
    """The build's loader and kernel behind a program of tests/variants; a guest and its monitor."""
    with open(f"{build}/{kernel}", "rb") as file:
        image = make_image(build, folder, file.read(), program=f"{build}/variants/{program}.efi")
    port = str(folder / "qmp")
    guest = start_uefi(image, machine.TCG, extra=["-qmp", f"unix:{port},server=on,wait=off"])
    return guest, Monitor(port)


def test_kernel_is_moved_when_1_mib_is_taken(start_uefi, build, tmp_path):
    guest, _ = start_through("occupied", start_uefi, build, tmp_path)
    guest.wait_for_line("TEST: the page at 1 MiB is taken")
    placed = guest.wait_for_line("NONOS: 9/10 placed: ")
    assert re.search(r"KiB at 0x200000, moved; not measured$", placed)
    assert re.search(r"image +\d+ KiB at 0x200000 \(moved\)", expect_verified_boot(guest))
    assert "7 passed" in guest.ask("selftest")
    # The addresses in a backtrace are the linked ones, wherever the image is.
    guest.send("panic\r")
    guest.wait_for(rb"prompt_run\+0x[0-9a-f]+", 10)


def test_5_level_paging_is_turned_off_on_the_way_to_the_kernel(start_uefi, build, tmp_path):
    guest, monitor = start_through("five_levels", start_uefi, build, tmp_path)
    guest.wait_for_line("TEST: 5-level paging is on")  # the program has looked at CR4 itself
    expect_verified_boot(guest)
    assert not monitor.control_register(4) & CR4_LA57
    assert "7 passed" in guest.ask("selftest")
