"""UEFI Secure Boot: firmware starts the loader that was signed, and no other.

Firmware is OVMF with Secure Boot on, which trusts the snakeoil test key. That a disk does not start
is what firmware itself says; that it starts with Secure Boot off shows that nothing else stopped
it.
"""

import os
import re
import shutil
import struct
import subprocess

import pexpect
import pytest

import guest as guest_module
import machine
from conftest import ROOT, expect_verified_boot, make_image

DENIED = "BdsDxe: failed to load Boot0001 "


@pytest.fixture
def sign(build, tmp_path):
    """sign(OUT, LOADER, KERNEL...): runs scripts/secureboot, with the snakeoil key where the
    environment names no other; the finished process."""

    def run(out, loader=f"{build}/BOOTX64.EFI", with_kernel=True, through=(), **environment):
        kernel = [f"{build}/kernel.bin", f"{build}/gen/manifest.txt"] if with_kernel else []
        env = {**os.environ, "DB_KEY": machine.SNAKEOIL_KEY, "DB_CERT": machine.SNAKEOIL_CERT,
               **environment}
        words = [*through, f"{ROOT}/scripts/secureboot", str(loader), str(out), *kernel]
        return subprocess.run(words,
                              env={name: value for name, value in env.items() if value is not None},
                              cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def start_secure(accelerator, tmp_path):
    """start_secure(IMAGE, SECURE_BOOT): a disk image under firmware with Secure Boot on or off,
    which is the same firmware without a key enrolled."""
    guests = []

    def start(image, secure_boot):
        firmware = (machine.find_secure_firmware() if secure_boot
                    else machine.find_secure_firmware(machine.SETUP_FIRMWARE))
        variables = machine.fresh_variables(firmware, tmp_path)
        guests.append(guest_module.Guest(machine.uefi_command(
            machine.find_qemu(), accelerator, firmware, variables, image)))
        return guests[-1]

    yield start
    for each in guests:
        each.end()


def expect_denied(guest):
    """Firmware says that it may not load what is on the disk, and finds nothing else to start."""
    assert guest.wait_for_line(DENIED).endswith(": Access Denied")
    guest.wait_for_line("BdsDxe: No bootable option or device was found.")
    assert "NONOS" not in guest.text()


def text_section(program):
    """Where .text is in the file, and how long."""
    start = struct.unpack_from("<I", program, 0x3C)[0]
    count, = struct.unpack_from("<H", program, start + 6)
    table = start + 24 + struct.unpack_from("<H", program, start + 20)[0]
    for at in range(table, table + 40 * count, 40):
        name, length, _, _, raw = struct.unpack_from("<8sIIII", program, at)
        if name.rstrip(b"\0") == b".text":
            return raw, length
    raise AssertionError("there is no .text")


def one_bit_changed(program):
    """In the filling between two functions, so that the code still works."""
    raw, length = text_section(program)
    at = program.index(4 * b"\xcc", raw, raw + length)
    return program[:at] + bytes([program[at] ^ 1]) + program[at + 1:]


def test_a_signed_loader_starts_and_says_that_secure_boot_is_on(sign, start_secure, build,
                                                                tmp_path):
    with open(f"{build}/BOOTX64.EFI", "rb") as file:
        before = file.read()
    done = sign(tmp_path / "out")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("signed  dev loader, with the snakeoil test key\n")
    with open(f"{build}/BOOTX64.EFI", "rb") as file:
        assert file.read() == before
    assert sorted(os.listdir(tmp_path / "out")) == ["BOOTX64.EFI", "nonos.img"]

    guest = start_secure(tmp_path / "out/nonos.img", True)
    assert "; Secure Boot on; " in guest.wait_for_line("NONOS: 3/10 hardware: ")
    text = expect_verified_boot(guest)
    assert "by a loader that reports a verified development image, Secure Boot on\n" in text


def test_an_unsigned_loader_does_not_start(start_secure, build):
    expect_denied(start_secure(f"{build}/nonos.img", True))


def test_an_unsigned_loader_starts_with_secure_boot_off(start_secure, build):
    guest = start_secure(f"{build}/nonos.img", False)
    assert "; Secure Boot off; " in guest.wait_for_line("NONOS: 3/10 hardware: ")


@pytest.fixture
def altered(sign, build, tmp_path):
    """A disk image whose loader was changed in one bit after it was signed."""
    done = sign(tmp_path / "out", with_kernel=False)
    assert done.returncode == 0, done.stdout
    signed = (tmp_path / "out/BOOTX64.EFI").read_bytes()
    changed = one_bit_changed(signed)
    assert len(changed) == len(signed) and changed != signed
    (tmp_path / "changed.efi").write_bytes(changed)
    with open(f"{build}/kernel.bin", "rb") as file:
        return make_image(build, tmp_path, file.read(), tmp_path / "changed.efi")


def test_a_loader_with_one_bit_changed_does_not_start(start_secure, altered):
    expect_denied(start_secure(altered, True))


def test_a_loader_with_one_bit_changed_starts_with_secure_boot_off(start_secure, altered):
    guest = start_secure(altered, False)
    assert "; Secure Boot off; " in guest.wait_for_line("NONOS: 3/10 hardware: ")
    expect_verified_boot(guest)


# What is signed, and with which key ---------------------------------------------------------------

def refused(done, words, folder):
    assert done.returncode == 1 and done.stdout.count("\n") == 1, done.stdout
    assert done.stdout.startswith("secureboot: refused: ") and words in done.stdout, done.stdout
    assert not folder.exists() or os.listdir(folder) == []


@pytest.fixture
def db(tmp_path):
    """A key of db, with its certificate: db.key (0600) and db.pem; passphrase: in its file."""
    (tmp_path / "passphrase").touch(0o600)
    (tmp_path / "passphrase").write_text("correct horse")
    for name, cipher in ("db", ["-nodes"]), ("locked", ["-passout", "file:passphrase"]):
        subprocess.run(["openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", *cipher,
                        "-subj", f"/CN={name}", "-days", "3650", "-keyout", f"{name}.key", "-out",
                        f"{name}.pem"], cwd=tmp_path, check=True, timeout=60,
                       stderr=subprocess.DEVNULL)
        assert (tmp_path / f"{name}.key").stat().st_mode & 0o777 == 0o600
    return {"DB_KEY": "db.key", "DB_CERT": "db.pem"}


def test_a_development_loader_gets_no_real_key(sign, db, tmp_path):
    refused(sign(tmp_path / "out", **db), "this is a development loader", tmp_path / "out")


def test_a_release_loader_does_not_get_the_snakeoil_key(sign, build, tmp_path):
    done = sign(tmp_path / "out", f"{build}/variants/release.efi")
    refused(done, "everybody has the snakeoil test key", tmp_path / "out")


def test_the_snakeoil_key_is_known_by_its_content(sign, build, tmp_path):
    """Under another name, and with another certificate for the same key."""
    shutil.copy(machine.SNAKEOIL_KEY, tmp_path / "acme.key")
    os.chmod(tmp_path / "acme.key", 0o600)
    subprocess.run(["openssl", "req", "-new", "-x509", "-key", "acme.key", "-passin",
                    "pass:snakeoil", "-subj", "/CN=acme", "-days", "3650", "-out", "acme.pem"],
                   cwd=tmp_path, check=True, timeout=60)
    done = sign(tmp_path / "out", f"{build}/variants/release.efi", DB_KEY="acme.key",
                DB_CERT="acme.pem")
    refused(done, "everybody has the snakeoil test key", tmp_path / "out")


@pytest.mark.parametrize("key", ["db", "locked"])
def test_a_release_loader_is_signed_with_a_key_of_ones_own(sign, db, build, tmp_path, key):
    done = sign(tmp_path / "out", f"{build}/variants/release.efi", with_kernel=False,
                DB_KEY=f"{key}.key", DB_CERT=f"{key}.pem",
                DB_PASSPHRASE_FILE="passphrase" if key == "locked" else None)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("signed  release loader\n") and "horse" not in done.stdout
    assert os.listdir(tmp_path / "out") == ["BOOTX64.EFI"]
    for certificate, status in (f"{key}.pem", 0), (machine.SNAKEOIL_CERT, 1):
        verified = subprocess.run(["sbverify", "--cert", certificate, "out/BOOTX64.EFI"],
                                  cwd=tmp_path, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=60, check=False)
        assert verified.returncode == status
    # The hash is the one that efitools takes for dbx, of the loader before and after.
    digest = done.stdout.split("hash    ")[1].split()[0]
    for program in f"{build}/variants/release.efi", tmp_path / "out/BOOTX64.EFI":
        said = subprocess.run(["hash-to-efi-sig-list", program, "hash.esl"], cwd=tmp_path,
                              check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout
        assert said.split("HASH IS ")[1].strip() == digest


@pytest.mark.parametrize("changes, words", [
    ({"DB_KEY": None}, "DB_KEY is not set: make secureboot DB_KEY=FILE DB_CERT=FILE"),
    ({"DB_CERT": ""}, "DB_CERT is not set: make secureboot DB_KEY=FILE DB_CERT=FILE"),
    ({"DB_KEY": "missing.key"}, "missing.key: No such file or directory"),
    ({"DB_KEY": "open.key"}, "open.key can be read or changed by others: chmod 600"),
    ({"DB_KEY": "."}, "not a file"),
    ({"DB_CERT": "missing.pem"}, "missing.pem: No such file or directory"),
    ({"DB_CERT": "db.key"}, "DB_CERT: openssl: "),
    ({"DB_KEY": "db.pem"}, "DB_KEY cannot be read"),
    ({"DB_KEY": "locked.key"}, "DB_KEY does not sign"),
    ({"DB_KEY": "locked.key", "DB_CERT": "locked.pem"}, "DB_PASSPHRASE_FILE names"),
    ({"DB_KEY": "locked.key", "DB_CERT": "locked.pem", "DB_PASSPHRASE_FILE": "db.pem"},
     "DB_KEY cannot be read (wrong passphrase"),
    ({"DB_KEY": "locked.key", "DB_CERT": "locked.pem", "DB_PASSPHRASE_FILE": "open.key"},
     "open.key can be read or changed by others"),
    ({"DB_KEY": "pkcs11:object=db?pin-value=1234"}, "pin-value in DB_KEY can be read by others"),
    ({"DB_KEY": "pkcs11:object=db"}, "DB_PASSPHRASE_FILE names"),
])
def test_a_key_that_cannot_be_used_is_one_clear_line(sign, db, build, tmp_path, changes, words):
    shutil.copy(tmp_path / "db.key", tmp_path / "open.key")
    os.chmod(tmp_path / "open.key", 0o640)
    os.chmod(tmp_path / "db.pem", 0o600)
    if changes.get("DB_KEY") == "locked.key" and "DB_CERT" not in changes:
        changes = {**changes, "DB_PASSPHRASE_FILE": "passphrase"}  # the wrong certificate
    done = sign(tmp_path / "out", f"{build}/variants/release.efi", **{**db, **changes})
    refused(done, words, tmp_path / "out")
    assert "1234" not in done.stdout and "horse" not in done.stdout


def test_a_passphrase_is_asked_for_on_the_terminal(db, build, tmp_path):
    env = {**os.environ, "DB_KEY": "locked.key", "DB_CERT": "locked.pem"}
    terminal = pexpect.spawn(f"{ROOT}/scripts/secureboot", [f"{build}/variants/release.efi", "out"],
                             cwd=tmp_path, env=env, timeout=60)
    terminal.expect("pass phrase")
    terminal.sendline("correct horse")
    terminal.expect("signed  release loader")
    assert b"correct" not in terminal.before
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0 and os.listdir(tmp_path / "out") == ["BOOTX64.EFI"]


@pytest.fixture
def token(tmp_path, monkeypatch):
    """A token of SoftHSM with a key and its certificate; the PIN is in the file pin."""
    module = "/usr/lib/softhsm/libsofthsm2.so"
    os.mkdir(tmp_path / "tokens")
    (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
    (tmp_path / "pin").touch(0o600)
    (tmp_path / "pin").write_text("12345678")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))
    monkeypatch.setenv("PKCS11_MODULE_PATH", module)
    uri = "pkcs11:token=db;object=db;type=private"
    for command in (["softhsm2-util", "--init-token", "--free", "--label", "db", "--pin",
                     "12345678", "--so-pin", "87654321"],
                    ["pkcs11-tool", "--module", module, "--token-label", "db", "--login", "--pin",
                     "12345678", "--keypairgen", "--key-type", "rsa:2048", "--id", "01",
                     "--label", "db"],
                    ["openssl", "req", "-new", "-x509", "-engine", "pkcs11", "-keyform", "engine",
                     "-key", f"{uri}?pin-source=file:{tmp_path}/pin", "-subj", "/CN=db", "-days",
                     "3650", "-out", "token.pem"]):
        subprocess.run(command, cwd=tmp_path, check=True, timeout=60, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {"DB_KEY": uri, "DB_CERT": "token.pem", "DB_PASSPHRASE_FILE": "pin"}


def test_a_key_in_a_token_signs(sign, token, build, tmp_path):
    done = sign(tmp_path / "out", f"{build}/variants/release.efi", with_kernel=False, **token)
    assert done.returncode == 0, done.stdout
    assert subprocess.run(["sbverify", "--cert", "token.pem", "out/BOOTX64.EFI"], cwd=tmp_path,
                          stdout=subprocess.DEVNULL, timeout=60, check=False).returncode == 0
    (tmp_path / "pin").write_text("00000000")
    done = sign(tmp_path / "other", f"{build}/variants/release.efi", with_kernel=False, **token)
    refused(done, "DB_KEY does not sign", tmp_path / "other")


# What sbsign might do -----------------------------------------------------------------------------

@pytest.mark.parametrize("does, words", [
    # $7 is the loader, $6 where the signed one goes.
    ('cp "$7" "$6"', "the signature does not hold"),
    ('{real} --key "$2" --cert "$4" --output "$6" {other}', "sbsign has signed something else"),
    ("exit 1", "DB_KEY does not sign: sbsign: no reason given"),
])
def test_nothing_is_published_but_the_loader_that_was_given(sign, db, build, tmp_path, does, words):
    other = f"{build}/variants/rotation-old.efi"
    os.mkdir(tmp_path / "bin")
    (tmp_path / "bin/sbsign").write_text("#!/bin/sh\n" + does.format(
        real=shutil.which("sbsign"), other=other) + "\n")
    (tmp_path / "bin/sbsign").chmod(0o755)
    done = sign(tmp_path / "out", f"{build}/variants/release.efi", with_kernel=False, **db,
                PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    refused(done, words, tmp_path / "out")


def without_profile(data):
    return data.replace(b".profile", b".another")


def with_two(data):
    """Another section by that name."""
    return data.replace(b".reloc\0\0", b".profile")


@pytest.mark.parametrize("change, words", [
    (without_profile, "does not say in a section .profile"),
    (with_two, "does not say in a section .profile"),
    (lambda data: data[:512], "is cut off"),
    (lambda data: b"MZ" + data[2:60] + 4 * b"\0" + data[64:], "is not a UEFI program"),
])
def test_what_is_no_loader_of_this_project_is_not_signed(sign, build, tmp_path, change, words):
    with open(f"{build}/BOOTX64.EFI", "rb") as file:
        (tmp_path / "loader.efi").write_bytes(change(file.read()))
    refused(sign(tmp_path / "out", tmp_path / "loader.efi"), words, tmp_path / "out")


def test_a_loader_is_signed_once(sign, tmp_path):
    assert sign(tmp_path / "out", with_kernel=False).returncode == 0
    before = (tmp_path / "out/BOOTX64.EFI").read_bytes()
    done = sign(tmp_path / "out", tmp_path / "out/BOOTX64.EFI", with_kernel=False)
    assert done.returncode == 1 and "is signed already" in done.stdout
    assert (tmp_path / "out/BOOTX64.EFI").read_bytes() == before


def test_only_the_time_of_signing_makes_two_signatures_differ(sign, tmp_path):
    """sbsign has no option for it."""
    made = {}
    for name, when in ("a", "2030-01-01"), ("b", "2030-01-01"), ("c", "2030-01-02"):
        done = sign(tmp_path / name, with_kernel=False,
                    through=["faketime", "-f", f"{when} 00:00:00"])
        assert done.returncode == 0, done.stdout
        made[name] = (tmp_path / name / "BOOTX64.EFI").read_bytes()
    assert made["a"] == made["b"] != made["c"]


# The page and the target --------------------------------------------------------------------------

def test_make_secureboot_says_what_to_give():
    env = {name: value for name, value in os.environ.items() if not name.startswith("DB_")}
    done = subprocess.run(["make", "-C", ROOT, "secureboot"], env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False)
    assert done.returncode != 0
    assert "secureboot: refused: DB_KEY is not set: make secureboot DB_KEY=FILE" in done.stdout
    assert "compile" not in done.stdout


def test_what_the_page_names_is_there():
    with open(f"{ROOT}/docs/secure-boot.md", encoding="utf-8") as file:
        page = file.read()
    for program in ("sbsign", "sbverify", "openssl", "objdump", "pkcs11-tool", "efi-updatevar",
                    "cert-to-efi-sig-list", "sign-efi-sig-list", "hash-to-efi-sig-list"):
        assert re.search(rf"(?<![\w-]){program}(?![\w-])", page) and shutil.which(program), program
    firmware = {os.path.basename(path) for path in re.findall(r"`(OVMF_\w+[\w.]*)`", page)}
    assert firmware == {os.path.basename(path) for path in machine.find_secure_firmware()}
    assert " ".join(machine.SECURE_MACHINE) in page
    usage = subprocess.run(["efi-updatevar", "--help"], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=60, check=False).stdout
    assert "-a\t" in usage and "-f <file>" in usage
