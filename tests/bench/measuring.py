"""What measuring a boot into a TPM takes, in instructions: without one, with one that costs
nothing, so that the loader's own part is left, and with swtpm, where nearly all is firmware's."""

import os
import shutil
import subprocess
import tempfile

import guests
import tpm


def make_disk(build, boot, folder):
    """The loader and kernel of boot, behind the program that stands for a TPM."""
    esp = os.path.join(folder, "esp")
    for source, *target in ((f"{build}/variants/silent_tpm.efi", "BOOT", "BOOTX64.EFI"),
                            (f"{boot}/BOOTX64.EFI", "nonos", "loader.efi"),
                            (f"{boot}/kernel.bin", "nonos", "kernel.bin")):
        path = os.path.join(esp, "EFI", *target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(source, path)
    disk = os.path.join(folder, "nonos.img")
    subprocess.run([os.path.join(guests.ROOT, "scripts", "disk-image"), esp, disk,
                    f"{boot}/gen/manifest.txt"], check=True, timeout=60)
    return disk


def step(steps, name):
    return next(count for part, each, count in steps if (part, each) == ("loader", name))


def count(build, boot, without):
    """What bench.json holds of it; without: the steps of a start without a TPM. The end of what is
    measured is in the step "leave"."""
    with tempfile.TemporaryDirectory(prefix="nonos-bench-") as folder:
        own = guests.count_boot(boot, disk=make_disk(build, boot, folder))
        real_tpm = tpm.Tpm(folder)
        try:
            real = guests.count_boot(boot, extra=real_tpm.qemu_words())
        finally:
            real_tpm.end()
    return {"without a TPM": step(without, "measure"),
            "the loader's own": step(own, "measure"),
            "with swtpm": step(real, "measure"),
            "with swtpm, the end": max(step(real, "leave") - step(without, "leave"), 0)}
