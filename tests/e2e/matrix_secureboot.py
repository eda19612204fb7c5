"""One's own keys, from the making to the day when an old loader is refused, by the very commands of
docs/secure-boot.md; firmware starts in setup mode, with nobody's keys."""

import os
import re
import shutil
import subprocess
import textwrap

import pytest

import guest as guest_module
import machine
from conftest import ROOT, expect_verified_boot, make_image
from test_secureboot import expect_denied

# openssl asks for no passphrase.
OPENSSL = "[req]\ndistinguished_name = name\nencrypt_key = no\n[name]\n"


def commands(title):
    """The block of commands below a heading of the page."""
    with open(f"{ROOT}/docs/secure-boot.md", encoding="utf-8") as file:
        text = file.read() + "##"
    part = re.search(rf"^##+ {title}$(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"(?:^    .*\n)+", part.group(1), re.MULTILINE)
    assert len(blocks) == 1, title
    return textwrap.dedent(blocks[0])


class Owner:
    """The owner of one machine: a folder of keys, and the variables of the firmware."""

    def __init__(self, build, folder, accelerator):
        self.build, self.folder, self.accelerator = build, folder, accelerator
        self.firmware = machine.find_secure_firmware(machine.SETUP_FIRMWARE)
        self.variables = machine.fresh_variables(self.firmware, folder)
        self.guests, self.count = [], 0
        (folder / "openssl.cnf").write_text(OPENSSL)

    def run(self, script):
        env = {**os.environ, "OPENSSL_CONF": str(self.folder / "openssl.cnf")}
        done = subprocess.run(["sh", "-euc", script], cwd=self.folder, env=env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, check=False)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def sign(self, loader, name):
        """Signs a loader of build/variants; the path of what was made, and what was said."""
        said = self.run(f"DB_KEY=db.key DB_CERT=db.pem {ROOT}/scripts/secureboot "
                        f"{self.build}/variants/{loader}.efi {name}")
        return self.folder / name / "BOOTX64.EFI", said

    def start(self, loader, signer="old", program=None, updates=()):
        """Starts a disk with a loader, a kernel for release, and these files *.auth."""
        self.count += 1
        folder = self.folder / f"disk{self.count}"
        os.makedirs(folder / "esp/EFI/keys")
        for update in updates:
            shutil.copy(self.folder / f"{update}.auth", folder / "esp/EFI/keys")
        with open(f"{self.build}/variants/release-by-{signer}.bin", "rb") as file:
            image = make_image(self.build, folder, file.read(), str(loader), program)
        self.guests.append(guest_module.Guest(machine.uefi_command(
            machine.find_qemu(), self.accelerator, self.firmware, self.variables, image)))
        return self.guests[-1]

    def end(self):
        while self.guests:
            self.guests.pop().end()


@pytest.fixture
def owner(build, accelerator, tmp_path):
    one = Owner(build, tmp_path, accelerator)
    yield one
    one.end()


def expect_enrolled(guest, names):
    for name in names:
        assert guest.wait_for_line(f"TEST: {name}: ") == f"TEST: {name}: status 0x0"


def test_a_machine_with_ones_own_keys_and_then_without_an_old_loader(owner, build):
    # As an owner would: keys, lists, and a program that writes them while the machine lets anybody.
    owner.run(commands("Make the keys"))
    old, said = owner.sign("rotation-old", "old")
    new, _ = owner.sign("rotation-revoked", "new")
    enroll = f"{build}/variants/enrolled.efi"
    guest = owner.start(old, program=enroll, updates=["db", "KEK", "PK"])
    expect_enrolled(guest, ["db", "KEK", "PK"])
    owner.end()

    # What the owner signed starts; test_secureboot.py has what nobody signed.
    guest = owner.start(old)
    assert "; Secure Boot on; " in guest.wait_for_line("NONOS: 3/10 hardware: ")
    assert "by a loader that reports a verified image, Secure Boot on\n" in (
        expect_verified_boot(guest))
    owner.end()

    # The old loader is retired: its hash goes into dbx, by an update that KEK has signed. Before
    # that, one that is signed with db's key, which may sign no list.
    shutil.copy(old, owner.folder / "BOOTX64.EFI")
    owner.run(commands("Refuse an old loader").replace("KEK.", "db."))
    os.rename(owner.folder / "dbx.auth", owner.folder / "another.auth")
    digest = owner.run(commands("Refuse an old loader")).split("HASH IS ")[1].split()[0]
    assert f"hash    {digest} " in said
    owner.run(f"sbsign --key db.key --cert db.pem --output enroll.efi {enroll}")
    guest = owner.start(old, program=str(owner.folder / "enroll.efi"), updates=["another", "dbx"])
    # Security violation (UEFI 2.10, appendix D)
    assert guest.wait_for_line("TEST: dbx by another: ").endswith(" status 0x800000000000001a")
    expect_enrolled(guest, ["dbx"])
    guest.wait_for_line("TEST: the loader cannot be loaded")
    owner.end()
    expect_denied(owner.start(old))
    owner.end()

    # What came after it starts.
    guest = owner.start(new, signer="new")
    assert "; Secure Boot on; " in guest.wait_for_line("NONOS: 3/10 hardware: ")
    expect_verified_boot(guest)
