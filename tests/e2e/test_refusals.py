"""The loader refuses what it must, with the code that the host program gives for the same file."""

import os
import re
import subprocess

import pytest

from conftest import ROOT, make_image

NAMES = {}
with open(os.path.join(ROOT, "abi", "errors.def"), encoding="ascii") as definitions:
    for code, name in re.findall(r"^NONOS_ERROR\((\d+), (\w+),", definitions.read(), re.MULTILINE):
        NAMES[name] = int(code)

SIG_LEN, PQSIG_LEN = 64, 3309


@pytest.fixture
def kernel(build):
    with open(f"{build}/kernel.bin", "rb") as file:
        return file.read()


def flip(data, at):
    """One bit of one byte changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def sign_ed25519(kernel, folder, build):
    """The image with a right Ed25519 signature of the development key over whatever it holds."""
    key = os.path.join(ROOT, "dev_signing_key.bin")
    with open(f"{build}/gen/signer.identity", encoding="ascii") as file:
        wanted = file.read()
    if not os.path.exists(key) or subprocess.run(
            [f"{build}/nonos", "pubkey", "-k", key], stdout=subprocess.PIPE, text=True, timeout=60,
            check=False).stdout != wanted:
        pytest.skip("this build is not signed with dev_signing_key.bin")
    pem = folder / "key.der"
    message, signature = folder / "message", folder / "signature"
    with open(key, "rb") as file, open(os.open(pem, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600),
                                       "wb") as out:
        out.write(bytes.fromhex("302e020100300506032b657004220420") + file.read())
    digest = subprocess.run(["b3sum", "--raw"], input=kernel[:-SIG_LEN], stdout=subprocess.PIPE,
                            check=True, timeout=60).stdout
    message.write_bytes(b"NONOS-KERNEL-v1\0" + digest)
    subprocess.run(["openssl", "pkeyutl", "-sign", "-keyform", "DER", "-inkey", str(pem), "-rawin",
                    "-in", str(message), "-out", str(signature)], check=True, timeout=60)
    os.remove(pem)
    return kernel[:-SIG_LEN] + signature.read_bytes()


def expect_refusal(nonos, start_uefi, build, folder, kernel, name):
    """Loader and host program refuse this kernel, both with this code and the same reason."""
    code = NAMES[name]
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


def test_loader_refuses_a_wrong_post_quantum_signature(nonos, start_uefi, build, tmp_path, kernel):
    changed = flip(kernel, len(kernel) - SIG_LEN - PQSIG_LEN // 2)
    expect_refusal(nonos, start_uefi, build, tmp_path, sign_ed25519(changed, tmp_path, build),
                   "MLDSA65")


def test_loader_refuses_an_unsigned_image(nonos, start_uefi, build, tmp_path):
    with open(f"{build}/kernel.unsigned", "rb") as file:
        expect_refusal(nonos, start_uefi, build, tmp_path, file.read(), "UNSIGNED")


def test_loader_refuses_a_truncated_image(nonos, start_uefi, build, tmp_path, kernel):
    expect_refusal(nonos, start_uefi, build, tmp_path, kernel[:-1], "ED25519")


def test_loader_refuses_when_there_is_no_kernel(nonos, start_uefi, build, tmp_path):
    expect_refusal(nonos, start_uefi, build, tmp_path, None, "NOT_FOUND")
