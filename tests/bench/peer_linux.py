"""Debian's Linux for virtual machines in the same QEMU, with a first program of ours that measures
it (linux_init.c). The package is unpacked by scripts/linux-kernel, and installed nowhere."""

import os
import tempfile

import costs
import guests
import machine

# What it says while it starts is not measured: with the console quiet, it is faster.
COMMAND_LINE = "console=ttyS0 quiet panic=-1"


def is_there(build):
    return os.path.isfile(os.path.join(build, "linux", "pinned"))


def version(build):
    with open(os.path.join(build, "linux", "version"), encoding="ascii") as file:
        return file.read().strip()


def entry(name, content, mode, number):
    """One member of an archive in cpio's format "newc"."""
    def padded(data):
        return data + bytes(-len(data) % 4)
    path = name.encode() + b"\0"
    fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return padded(header + path) + padded(content)


def write_initramfs(program, path):
    with open(program, "rb") as file:
        content = file.read()
    with open(path, "wb") as file:
        file.write(entry("init", content, 0o100755, 1) + entry("TRAILER!!!", b"", 0, 2))


def count(build, processor):
    """{"state": ..., "costs": ...} of one start, on that processor."""
    with tempfile.TemporaryDirectory(prefix="nonos-linux-") as folder:
        initramfs = os.path.join(folder, "initramfs")
        write_initramfs(os.path.join(build, "tests", "bench", "linux_init"), initramfs)
        return costs.run(machine.pvh_command(
            machine.find_qemu(), costs.with_processor(guests.COUNTING, processor),
            os.path.join(build, "linux", "vmlinux"),
            extra=["-initrd", initramfs, "-append", COMMAND_LINE, *costs.EXIT_DEVICE]))
