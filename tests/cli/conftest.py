"""What the tests of the command line share.

NONOS names the program under test (default: nonos in NONOS_BUILD, or in build/). Images are made
from a few lines of assembly with the project's own compiler and linker.
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("NONOS_BUILD") or "build")
TOOL = pathlib.Path(os.environ.get("NONOS") or ROOT / BUILD / "nonos").resolve()
FONT = os.environ.get("CONSOLE_FONT", "/usr/share/consolefonts/spleen-8x16.psfu.gz")
TARGET = "--target=x86_64-unknown-none-elf"

ASSEMBLY = """
    .section .text, "ax", @progbits
    .globl kernel_main
kernel_main:
    hlt
    jmp kernel_main
    .section .rodata, "a", @progbits
    .asciz "read-only"
    .section .note.pvh, "a", @note
    .align 4
    .long 4, 4, 18
    .asciz "Xen"
    .long 0x100000
    .section .data, "aw", @progbits
    .quad kernel_main
    .section .bss, "aw", @nobits
    .skip 8192
"""

MANIFEST = {
    "type": "kernel",
    "name": "nonos",
    "version": "0.1.0",
    "security-version": "3",
    "target": "x86_64-nonos",
    "profile": "dev",
    "source": "blake3:" + 64 * "0",
    "commit": "none",
    "dirty": "yes",
    "epoch": "1700000000",
    "compiler": "clang",
    "pqc": "pqclean 0.8.1",
    "bundle": "none",
    "sbom": "none",
}


def llvm(name):
    """A program of the toolchain the build uses."""
    suffix = os.environ.get("SUFFIX", "-19")
    found = shutil.which(os.environ.get("LLVM_BIN", "") + name + suffix) or shutil.which(name)
    assert found, f"{name}{suffix} is missing"
    return found


def read_codes():
    text = (ROOT / "abi/errors.def").read_text()
    rows = re.findall(r'^NONOS_ERROR\((\d+), (\w+), "((?:[^"\\]|\\.)*)"\)', text, re.MULTILINE)
    assert len(rows) > 80
    return {name: (int(code), re.sub(r"\\(.)", r"\1", line)) for code, name, line in rows}


CODES = read_codes()


class Result:
    """How the program ended, and what it said."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def ok(self):
        assert self.status == 0, self.err
        return self

    def fails(self, name, what=None):
        """It refused with this code: exit status, name, number and text in one line."""
        code, text = CODES[name]
        assert self.status == code, f"{self.status}, not {code}: {self.err}"
        start = "nonos: " if what is None else f"nonos: {what}: "
        end = f": {text} ({name}, code {code})"
        assert any(line.startswith(start) and line.endswith(end)
                   for line in self.err.splitlines()), self.err
        return self


class Tool:
    """Runs the program in one folder."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *arguments, env=None, **more):
        assert TOOL.exists(), f"{TOOL} is missing: `make tools` builds it"
        return Result(subprocess.run([TOOL, *map(str, arguments)], cwd=self.folder, text=True,
                                     env=clean_environment(env), timeout=60,
                                     stdin=more.pop("stdin", subprocess.DEVNULL),
                                     stdout=more.pop("stdout", subprocess.PIPE),
                                     stderr=subprocess.PIPE, **more))


def clean_environment(more=None):
    env = {k: v for k, v in os.environ.items()
           if k not in ("SIGNING_KEY", "SIGNING_KEY_PQ", "NONOS_PIN", "NONOS_PASSPHRASE",
                        "PKCS11_MODULE_PATH", "SOFTHSM2_CONF")}
    env.update(more or {})
    return env


def manifest_text(**changes):
    fields = {**MANIFEST, **{key.replace("_", "-"): value for key, value in changes.items()}}
    return "NONOS-MANIFEST 1\n" + "".join(f"{key}={value}\n" for key, value in fields.items())


def link_kernel(folder, **changes):
    """An ELF file as the linker leaves it: unstripped, with a symbol table and debug sections."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.txt").write_text(manifest_text(**changes))
    section = subprocess.run([ROOT / "scripts/manifest-section", folder / "manifest.txt"],
                             check=True, stdout=subprocess.PIPE).stdout
    (folder / "manifest.S").write_bytes(section)
    (folder / "code.S").write_text(ASSEMBLY)
    for name in ("manifest", "code"):
        subprocess.run([llvm("clang"), TARGET, "-g", "-c", f"{name}.S", "-o", f"{name}.o"],
                       cwd=folder, check=True)
    script = pathlib.Path(__file__).with_name("kernel.ld")
    subprocess.run([llvm("ld.lld"), "-m", "elf_x86_64", "-T", script, "-static", "-no-pie",
                    "-z", "max-page-size=4096", "code.o", "manifest.o", "-o", "kernel.elf"],
                   cwd=folder, check=True)
    return folder / "kernel.elf"


@pytest.fixture
def nonos(tmp_path):
    return Tool(tmp_path)


@pytest.fixture(scope="session")
def linked(tmp_path_factory):
    """Linked kernels, by profile."""
    folder = tmp_path_factory.mktemp("linked")
    return {profile: link_kernel(folder / profile, profile=profile)
            for profile in ("dev", "release")}


@pytest.fixture
def image(nonos, linked):
    """An unsigned development image, kernel.bin in the test's folder."""
    nonos("seal", linked["dev"], "-o", "kernel.bin").ok()
    return nonos.folder / "kernel.bin"


@pytest.fixture
def release(nonos, linked):
    """An unsigned release image, release.bin in the test's folder."""
    nonos("seal", linked["release"], "-o", "release.bin").ok()
    return nonos.folder / "release.bin"


@pytest.fixture
def signed(nonos, image):
    """The same, signed with dev_signing_key.bin of the test's folder."""
    nonos("keygen").ok()
    nonos("sign", "-k", "dev_signing_key.bin", image).ok()
    return image
