"""What refusal tests share: the error table, what a refusal looks like, and Ed25519 signatures made
by hand."""

import os
import re
import subprocess

from conftest import ROOT, is_documented

SIG_LEN, PQSIG_LEN = 64, 3309

ERRORS = {}  # name: (code, text)
with open(f"{ROOT}/abi/errors.def", encoding="utf-8") as definitions:
    for code, name, text in re.findall(r'^NONOS_ERROR\((\d+), (\w+), "(.*)"\)$',
                                       definitions.read(), re.MULTILINE):
        ERRORS[name] = (int(code), text)


def expect_refusal(guest, name):
    """The loader refuses the kernel with this code, and does nothing more."""
    code, reason = ERRORS[name]
    line = guest.wait_for_line("NONOS: refused: ")
    assert line == f"NONOS: refused: \\EFI\\nonos\\kernel.bin: {reason} ({name}, code {code})"
    assert is_documented(f"| `{name}`, {code} |")
    assert "10/10" not in guest.text() and "NONOS: ready" not in guest.text()


def sign_ed25519(kernel, key, folder):
    """The image with a right Ed25519 signature, by a key file, over whatever it holds."""
    der = folder / "key.der"
    message, signature = folder / "message", folder / "signature"
    with open(key, "rb") as file, open(os.open(der, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600),
                                       "wb") as out:
        out.write(bytes.fromhex("302e020100300506032b657004220420") + file.read())
    digest = subprocess.run(["b3sum", "--raw"], input=kernel[:-SIG_LEN], stdout=subprocess.PIPE,
                            check=True, timeout=60).stdout
    message.write_bytes(b"NONOS-KERNEL-v1\0" + digest)
    subprocess.run(["openssl", "pkeyutl", "-sign", "-keyform", "DER", "-inkey", str(der), "-rawin",
                    "-in", str(message), "-out", str(signature)], check=True, timeout=60)
    os.remove(der)
    return kernel[:-SIG_LEN] + signature.read_bytes()
