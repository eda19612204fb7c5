"""The whole way: firmware, loader, both signatures, kernel, prompt. One start, since it is slow."""

import re


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
