"""What the end-to-end tests share: where the build is, the machine, and guests that are ended."""

import glob
import os
import re
import shutil
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import examined  # noqa: E402
import guest as guest_module  # noqa: E402
import machine  # noqa: E402


def is_documented(words):
    """Whether a page of docs/ has these words, in a line or broken between two."""
    for page in glob.glob(f"{ROOT}/docs/*.md"):
        with open(page, encoding="utf-8") as file:
            if words in " ".join(file.read().split()):
                return True
    return False


def make_image(build, folder, kernel, loader=None, program=None):
    """A disk image with this kernel (None: without one) and this loader, or the build's; program:
    what firmware starts in its place, as the loader's file is then EFI/nonos/loader.efi."""
    esp = folder / "esp"
    os.makedirs(esp / "EFI" / "BOOT")
    os.makedirs(esp / "EFI" / "nonos")
    first = esp / "EFI" / "BOOT" / "BOOTX64.EFI"
    shutil.copy(loader or f"{build}/BOOTX64.EFI",
                esp / "EFI" / "nonos" / "loader.efi" if program else first)
    if program:
        shutil.copy(program, first)
    if kernel is not None:
        (esp / "EFI" / "nonos" / "kernel.bin").write_bytes(kernel)
    image = folder / "nonos.img"
    subprocess.run([f"{ROOT}/scripts/disk-image", str(esp), str(image),
                    f"{build}/gen/manifest.txt"], check=True, timeout=60)
    return str(image)


@pytest.fixture(scope="session")
def build():
    return os.path.abspath(os.environ.get("NONOS_BUILD", os.path.join(ROOT, "build")))


@pytest.fixture(scope="session")
def accelerator(build):
    return machine.pick_accelerator(machine.find_qemu(), f"{build}/kernel.bin")


@pytest.fixture
def start_pvh(accelerator):
    """start_pvh(KERNEL): starts it without firmware; every guest is ended after the test. extra:
    more words of QEMU's command line."""
    guests = []

    def start(kernel, extra=(), memory_mib=256, with_accelerator=None):
        guests.append(guest_module.Guest(
            machine.pvh_command(machine.find_qemu(), with_accelerator or accelerator, kernel,
                                memory_mib=memory_mib, extra=extra)))
        return guests[-1]

    yield start
    for each in guests:
        each.end()


@pytest.fixture
def start_uefi(accelerator, tmp_path):
    """start_uefi(IMAGE): starts a disk image through UEFI firmware. extra and without: words of
    QEMU's command line that are added, and that are left out."""
    guests = []

    def start(image, with_accelerator=None, memory_mib=256, extra=(),
              without=()):
        firmware = machine.find_firmware()
        variables = machine.fresh_variables(firmware, tmp_path)
        command = machine.uefi_command(machine.find_qemu(), with_accelerator or accelerator,
                                       firmware, variables, image, memory_mib=memory_mib,
                                       extra=extra)
        if without:
            at = [command[at:at + len(without)] for at in range(len(command))].index([*without])
            del command[at:at + len(without)]
        guests.append(guest_module.Guest(command))
        return guests[-1]

    yield start
    for each in guests:
        each.end()


@pytest.fixture
def examine(tmp_path):
    """examine(ELF, IMAGE): a guest at its very first instruction (examined.py): the PVH start of
    ELF, or the start of a disk image with that kernel through firmware. options: for a suite, what
    its guest_option() asks for; words: more of QEMU's."""
    guests = []

    def start(elf, image=None, options=None, words=()):
        qemu = machine.find_qemu()

        def command(extra=(), **others):
            if image is None:
                told = [word for name, value in (options or {}).items()
                        for word in ("-fw_cfg", f"name=opt/nonos/{name},string={value}")]
                return machine.pvh_command(qemu, machine.TCG, elf,
                                           extra=[*extra, *told, *words], **others)
            firmware = machine.find_firmware()
            variables = machine.fresh_variables(firmware, tmp_path)
            return machine.uefi_command(qemu, machine.TCG, firmware, variables, image, extra=extra,
                                        **others)

        folder = tmp_path / f"examined-{len(guests)}"
        folder.mkdir()
        guests.append(examined.Examined(folder, elf, 64 if image is None else 256, command))
        return guests[-1]

    yield start
    for each in guests:
        each.guest.end()


def expect_verified_boot(guest):
    """Goes on to the prompt; returns what was printed on the way there."""
    guest.wait_for_line("NONOS: the loader reports a verified boot")
    guest.wait_for_prompt()
    assert "self-tests  7 passed" in guest.text()
    assert re.search(r"pages both writable and executable: 0\b", guest.text())
    return guest.text()


@pytest.fixture(scope="session")
def signer_id(build):
    """The id of the identity that signed this build, 64 hexadecimal digits."""
    with open(f"{build}/gen/signer.identity", encoding="ascii") as file:
        for line in file:
            if line.startswith("id="):
                return line[len("id="):].strip()
    raise AssertionError("the identity file has no id line")


@pytest.fixture
def nonos(build):
    """nonos(ARGUMENT..., environment={}): runs the host program, returns the finished process."""

    def run(*arguments, environment=None):
        return subprocess.run([f"{build}/nonos", *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False, env={**os.environ, **(environment or {})})

    return run
