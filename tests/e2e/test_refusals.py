"""The loader refuses what it must, with the code that the host program gives for the same file."""

import os
import re
import subprocess

import pytest

from conftest import ROOT, make_image
from signing import ERRORS, PQSIG_LEN, SIG_LEN, sign_ed25519

@pytest.fixture
def kernel(build):
    with open(f"{build}/kernel.bin", "rb") as file:
        return file.read()


def flip(data, at):
    """One bit of one byte changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


@pytest.fixture
def development_key(build):
    """The path of the key that signed this build."""
    key = os.path.join(ROOT, "dev_signing_key.bin")
    with open(f"{build}/gen/signer.identity", encoding="ascii") as file:
        wanted = file.read()
    if not os.path.exists(key) or subprocess.run(
            [f"{build}/nonos", "pubkey", "-k", key], stdout=subprocess.PIPE, text=True, timeout=60,
            check=False).stdout != wanted:
        pytest.skip("this build is not signed with dev_signing_key.bin")
    return key


def expect_refusal(nonos, start_uefi, build, folder, kernel, name):
    """Loader and host program refuse this kernel, both with this code and the same reason."""
    code, _ = ERRORS[name]
    file = folder / "kernel.bin"
    if kernel is not None:
        file.write_bytes(kernel)
    said = nonos("verify", "--allow-dev", "-i", f"{build}/gen/signer.identity", str(file))
    assert said.returncode == code, said.stdout
    assert f"({name}, code {code})" in said.stdout

    guest = start_uefi(make_image(build, folder, kernel))
    line = guest.wait_for_line("NONOS: refused: ")
    assert line.endswith(f"({name}, code {code})"), line
    reason = re.search(r": ([^:]*) \(\w+, code", line).group(1)
    assert reason in said.stdout
    assert "10/10" not in guest.text() and "NONOS: ready" not in guest.text()


def test_loader_refuses_one_changed_bit(nonos, start_uefi, build, tmp_path, kernel):
    expect_refusal(nonos, start_uefi, build, tmp_path, flip(kernel, len(kernel) // 2), "ED25519")


def test_loader_refuses_a_wrong_post_quantum_signature(nonos, start_uefi, build, tmp_path, kernel,
                                                       development_key):
    changed = flip(kernel, len(kernel) - SIG_LEN - PQSIG_LEN // 2)
    changed = sign_ed25519(changed, development_key, tmp_path)
    expect_refusal(nonos, start_uefi, build, tmp_path, changed, "MLDSA65")


def test_loader_refuses_an_unsigned_image(nonos, start_uefi, build, tmp_path):
    with open(f"{build}/kernel.unsigned", "rb") as file:
        expect_refusal(nonos, start_uefi, build, tmp_path, file.read(), "UNSIGNED")


def test_loader_refuses_a_truncated_image(nonos, start_uefi, build, tmp_path, kernel):
    expect_refusal(nonos, start_uefi, build, tmp_path, kernel[:-1], "ED25519")


def test_loader_refuses_when_there_is_no_kernel(nonos, start_uefi, build, tmp_path):
    expect_refusal(nonos, start_uefi, build, tmp_path, None, "NOT_FOUND")
