#!/usr/bin/python3
"""The machine that NONOS runs on during development: QEMU, with OVMF as its UEFI firmware.

    machine.py firmware              prints the two firmware files
    machine.py accelerator KERNEL    prints the accelerator that works here

As a module: finds the programs, picks the accelerator by trying it, and makes command lines.
"""

import collections
import os
import platform
import re
import select
import shutil
import subprocess
import sys
import time

# Code and variables, by distribution; first found wins. In each, the plain build comes before the
# one with Secure Boot, which needs a machine with SMM.
FIRMWARE = [
    # Debian, Ubuntu
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    # Fedora
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE_4M.fd", "/usr/share/edk2/ovmf/OVMF_VARS_4M.fd"),
    # Arch
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.fd", "/usr/share/edk2/x64/OVMF_VARS.fd"),
    ("/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/edk2-ovmf/x64/OVMF_VARS.fd"),
    # openSUSE
    ("/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"),
    # Homebrew, and QEMU's own copy
    ("/opt/homebrew/share/qemu/edk2-x86_64-code.fd", "/opt/homebrew/share/qemu/edk2-i386-vars.fd"),
    ("/usr/local/share/qemu/edk2-x86_64-code.fd", "/usr/local/share/qemu/edk2-i386-vars.fd"),
    ("/usr/share/qemu/edk2-x86_64-code.fd", "/usr/share/qemu/edk2-i386-vars.fd"),
]

# With Secure Boot on, trusting the snakeoil test key.
SECURE_FIRMWARE = [
    # Debian, Ubuntu
    ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd"),
]
# The same firmware without any key: in setup mode, where whoever is there may enroll some.
SETUP_FIRMWARE = [
    ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
]
SNAKEOIL_KEY = "/usr/share/ovmf/PkKek-1-snakeoil.key"
SNAKEOIL_CERT = "/usr/share/ovmf/PkKek-1-snakeoil.pem"
# Firmware with Secure Boot keeps its variables from the system by SMM (OVMF's README, "SMM
# support"); it stops at once on a machine without. The emulation has both.
SECURE_MACHINE = ["-machine", "q35,smm=on",
                  "-global", "driver=cfi.pflash01,property=secure,value=on"]

READY = "NONOS: ready"
TCG = ["-accel", "tcg", "-cpu", "max"]
# What a terminal obeys and a log does not want: the firmware draws with it.
ESCAPES = re.compile(rb"\x1b\[[0-9;?=]*[A-Za-z]|\x1b[()][A-Z0-9]|[\r\0]")

Firmware = collections.namedtuple("Firmware", "code variables")


class MachineError(Exception):
    """What is missing, in one line for the user."""


def find_qemu():
    qemu = shutil.which("qemu-system-x86_64")
    if not qemu:
        raise MachineError("qemu-system-x86_64 is missing: make setup installs it")
    return qemu


def find_firmware(candidates=FIRMWARE):
    for code, variables in candidates:
        if os.path.isfile(code) and os.path.isfile(variables):
            return Firmware(code, variables)
    raise MachineError("the UEFI firmware OVMF is missing: make setup installs it")


def find_secure_firmware(candidates=SECURE_FIRMWARE):
    for code, variables in candidates:
        if os.path.isfile(code) and os.path.isfile(variables):
            return Firmware(code, variables)
    raise MachineError("no UEFI firmware with Secure Boot and the snakeoil test key: Debian's "
                       "package ovmf has it, other systems may have none")


def first_to_print(commands, text, seconds):
    """Starts all commands at once; returns the index of the first that prints text, or None when
    none does in time. All are ended."""
    processes = []
    try:
        for command in commands:
            processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
        seen = {process.stdout: b"" for process in processes}
        deadline = time.monotonic() + seconds
        while seen:
            left = max(deadline - time.monotonic(), 0)
            readable = select.select(list(seen), [], [], left)[0]
            if not readable:
                break
            for index, process in enumerate(processes):  # in the order of preference
                if process.stdout not in readable:
                    continue
                chunk = os.read(process.stdout.fileno(), 4096)
                seen[process.stdout] += chunk
                if text.encode() in seen[process.stdout]:
                    return index
                if not chunk:
                    del seen[process.stdout]
        return None
    finally:
        for process in processes:
            end(process)


def end(process):
    """Ends a QEMU that we started, and no other."""
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def pick_accelerator(qemu, kernel):
    """The hypervisor of this machine, or TCG: whichever gets our own kernel ready first.

    A /dev/kvm can exist and open, and still run no guest, or only slower than emulation does;
    nothing but trying tells.
    """
    if platform.system() == "Darwin":
        name, there = "hvf", platform.machine() == "x86_64"
    else:
        name, there = "kvm", os.access("/dev/kvm", os.R_OK | os.W_OK)
    if not there:
        return TCG
    candidates = [["-accel", name, "-cpu", "host"], TCG]
    first = first_to_print([pvh_command(qemu, each, kernel) for each in candidates], READY, 20)
    return TCG if first is None else candidates[first]


def common(qemu, accelerator, memory_mib, reboots):
    return [qemu, *accelerator, "-m", str(memory_mib), "-nodefaults", "-no-user-config",
            "-display", "none", *([] if reboots else ["-no-reboot"])]


def pvh_command(qemu, accelerator, kernel, serial="stdio", memory_mib=256, reboots=False, extra=()):
    """A microVM without firmware: QEMU itself puts the kernel in place and starts it.

    Unless it reboots, a reset ends QEMU.
    """
    return [*common(qemu, accelerator, memory_mib, reboots),
            "-machine", "microvm",
            "-serial", serial, "-kernel", kernel, *extra]


def uefi_command(qemu, accelerator, firmware, variables, disk, serial="stdio", memory_mib=256,
                 reboots=False, extra=()):
    """A PC with UEFI firmware that starts from a disk image, which stays unchanged.

    variables is a copy of firmware.variables that this machine may write to.
    """
    is_secure = firmware in (*SECURE_FIRMWARE, *SETUP_FIRMWARE)
    return [*common(qemu, accelerator, memory_mib, reboots),
            *(SECURE_MACHINE if is_secure else ["-machine", "q35"]),
            "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={firmware.code}",
            "-drive", f"if=pflash,format=raw,unit=1,file={variables}",
            "-drive", f"if=none,id=disk,format=raw,readonly=on,file={disk}",
            "-device", "virtio-blk-pci,drive=disk,bootindex=0",
            "-device", "virtio-rng-pci", "-device", "VGA",
            "-serial", serial, *extra]


def fresh_variables(firmware, folder):
    """A copy of the firmware's variables, as on a machine that was never started."""
    copy = os.path.join(folder, "firmware-variables.fd")
    shutil.copyfile(firmware.variables, copy)
    os.chmod(copy, 0o600)
    return copy


def start_tpm(folder, limit=None):
    """A new TPM 2.0: a swtpm with its state in folder/tpm, where what was there goes. Returns the
    process, which the caller ends, and where it listens; limit: seconds that it lives at most."""
    swtpm = shutil.which("swtpm")
    if not swtpm:
        raise MachineError("swtpm, which is the TPM, is missing: apt-get install swtpm")
    place = os.path.join(os.path.abspath(folder), "tpm")
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(os.path.join(place, "state"))
    path = os.path.join(place, "control")
    process = subprocess.Popen(
        [*(["timeout", str(limit)] if limit else []), swtpm, "socket", "--tpm2", "--tpmstate",
         f"dir={place}/state", "--ctrl", f"type=unixio,path={path}", "--log",
         f"file={place}/log"], stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not os.path.exists(path):
        if process.poll() is not None or time.monotonic() > deadline:
            end(process)
            raise MachineError(f"swtpm did not start; {place}/log may say why")
        time.sleep(0.02)
    return process, path


def tpm_words(path):
    """What QEMU needs on its command line for a TPM that listens there."""
    return ["-chardev", f"socket,id=tpm-socket,path={path}", "-tpmdev",
            "emulator,id=tpm-device,chardev=tpm-socket", "-device", "tpm-crb,tpmdev=tpm-device"]


def plain(output):
    """Serial output as text without what only a terminal wants."""
    return ESCAPES.sub(b"", output).decode("ascii", "replace")


def main(arguments):
    try:
        if arguments == ["firmware"]:
            print(*find_firmware(), sep="\n")
        elif len(arguments) == 2 and arguments[0] == "accelerator":
            print(pick_accelerator(find_qemu(), arguments[1])[1])
        else:
            print(__doc__.strip(), file=sys.stderr)
            return 2
    except MachineError as error:
        print(f"machine.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
