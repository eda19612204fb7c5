"""The files that the build makes: what readelf says of them, and what checks them by hand."""

import os
import re
import shutil
import subprocess

import pytest

from conftest import ROOT


def run(*command, status=0, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False, **options)
    assert status is None or done.returncode == status, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def headers(build):
    return run("readelf", "-hSlW", f"{build}/kernel.bin")


def test_readelf_has_no_warning_and_sees_a_static_x86_64_executable(headers):
    assert "warning" not in headers.lower() and "error" not in headers.lower()
    for field in r"Class: +ELF64", r"Type: +EXEC", r"Machine: +Advanced Micro Devices X86-64":
        assert re.search(field, headers)
    assert not re.search(r"INTERP|DYNAMIC|SYMTAB|\bRELA?\b", headers)


def test_entry_is_kernel_main(build, headers):
    entry = int(re.search(r"Entry point address: +0x([0-9a-f]+)", headers).group(1), 16)
    symbols = run("readelf", "-sW", f"{build}/kernel.elf")
    address = re.search(r"([0-9a-f]{16}) +\d+ FUNC +GLOBAL +\w+ +\d+ kernel_main$", symbols, re.M)
    assert entry == int(address.group(1), 16)


def test_segments_start_at_one_mib_and_none_is_writable_and_executable(headers):
    loads = re.findall(r"^ +LOAD +0x\w+ 0x(\w+) 0x(\w+) 0x\w+ 0x\w+ ([RWE ]{3}) 0x1000$", headers,
                       re.M)
    assert [flags for _, _, flags in loads] == ["R  ", "R E", "RW "]
    assert int(loads[0][1], 16) == 0x100000
    for virtual, physical, _ in loads:
        assert int(virtual, 16) == int(physical, 16) + 0xFFFFFFFF80000000
    assert re.search(r"GNU_STACK .* RW ", headers)


def test_sections_are_those_of_the_format_and_the_signature_is_the_end(build, headers):
    sections = dict(re.findall(r"\] (\.[\w.]+) +\w+ +\w+ (\w+ \w+)", headers))
    for name in ".text .rodata .data .bss .nonos.manifest .nonos.pqsig .nonos.sig".split():
        assert name in sections
    start, length = (int(number, 16) for number in sections[".nonos.sig"].split())
    assert (start + length, length) == (os.path.getsize(f"{build}/kernel.bin"), 64)
    pq_start, pq_length = (int(number, 16) for number in sections[".nonos.pqsig"].split())
    assert (pq_start + pq_length, pq_length) == (start, 3309)


def test_manifest_is_readable_with_readelf(build):
    text = run("readelf", "-p", ".nonos.manifest", f"{build}/kernel.bin")
    for line in "NONOS-MANIFEST 1", "type=kernel", "target=x86_64-nonos", "pqc=pqclean 0.8.1":
        assert line in text


def test_kernel_verifies_only_with_allow_dev(build, nonos):
    identity = ["-i", f"{build}/gen/signer.identity"]
    done = nonos("verify", "--allow-dev", *identity, f"{build}/kernel.bin")
    assert done.returncode == 0, done.stdout
    assert nonos("verify", *identity, f"{build}/kernel.bin").returncode == 83


def test_signature_verifies_by_hand_and_a_changed_byte_does_not(build, tmp_path):
    script = f"{ROOT}/scripts/verify-by-hand"
    pem = f"{build}/gen/signer.pem"
    assert "OK" in run(script, f"{build}/kernel.bin", pem)
    changed = tmp_path / "kernel.bin"
    with open(f"{build}/kernel.bin", "rb") as file:
        data = bytearray(file.read())
    for at in 0, len(data) // 2, len(data) - 65, len(data) - 1:
        data[at] ^= 1
        changed.write_bytes(data)
        data[at] ^= 1
        assert "NOT" in run(script, str(changed), pem, status=1)


def test_sizes_are_within_their_bars(build):
    assert os.path.getsize(f"{build}/kernel.bin") <= 200 * 1024
    assert os.path.getsize(f"{build}/BOOTX64.EFI") <= 96 * 1024
    assert "kernel.bin" in run(f"{ROOT}/scripts/size", build)


@pytest.mark.parametrize("name, bar", [("kernel.bin", 200), ("BOOTX64.EFI", 96)])
def test_size_fails_above_a_bar(build, tmp_path, name, bar):
    for each in "kernel.bin", "BOOTX64.EFI", "kernel.map", "loader.map":
        shutil.copy(f"{build}/{each}", tmp_path / each)

    def above(length, status=None):
        os.truncate(tmp_path / name, length)
        output = run(f"{ROOT}/scripts/size", str(tmp_path), status=status)
        return output.rpartition("size: above the bar: ")[2].splitlines()[0].split(", ")

    assert name not in above(bar * 1024)
    assert name in above(bar * 1024 + 1, status=1)


def test_size_fails_when_the_kernel_without_crypto_is_above_its_bar(build, tmp_path):
    for each in "kernel.bin", "BOOTX64.EFI", "kernel.map", "loader.map":
        shutil.copy(f"{build}/{each}", tmp_path / each)
    shown = run(f"{ROOT}/scripts/size", str(tmp_path))
    bare = int(re.search(r"signatures: ([\d,]+) bytes", shown).group(1).replace(",", ""))
    length = os.path.getsize(tmp_path / "kernel.bin")
    os.truncate(tmp_path / "kernel.bin", length + 96 * 1024 - bare)
    run(f"{ROOT}/scripts/size", str(tmp_path))
    os.truncate(tmp_path / "kernel.bin", length + 96 * 1024 - bare + 1)
    assert "kernel.bin without crypto" in run(f"{ROOT}/scripts/size", str(tmp_path), status=1)


def test_disk_image_is_gpt_with_one_esp_that_holds_the_files(build, tmp_path):
    env = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    image = f"{build}/nonos.img"
    assert "No problems found" in run("sgdisk", "--verify", image, env=env)
    table = run("sgdisk", "--print", image, env=env)
    assert re.findall(r"^ +\d+ +(\d+) +\d+ +\S+ \S+ +(\w+) ", table, re.M) == [("2048", "EF00")]
    for name in "EFI/BOOT/BOOTX64.EFI", "EFI/nonos/kernel.bin":
        out = tmp_path / "file"
        run("mcopy", "-n", "-i", f"{image}@@1M", f"::{name}", str(out))
        with open(f"{build}/{os.path.basename(name)}", "rb") as file:
            assert out.read_bytes() == file.read()
        os.remove(out)


def test_disk_image_repeats_to_the_byte_and_follows_its_contents(build, tmp_path):
    def make(name, umask, zone, esp):
        image = tmp_path / name
        run("sh", "-c", f'umask {umask}; exec "$0" "$@"', f"{ROOT}/scripts/disk-image", str(esp),
            str(image), f"{build}/gen/manifest.txt", env={**os.environ, "TZ": zone}, cwd="/")
        return image.read_bytes()

    with open(f"{build}/nonos.img", "rb") as file:
        original = file.read()
    assert make("same.img", "077", "Asia/Tokyo", f"{build}/esp") == original
    other = tmp_path / "esp"
    shutil.copytree(f"{build}/esp", other)
    with open(other / "EFI" / "nonos" / "kernel.bin", "ab") as file:
        file.write(b"x")
    changed = make("other.img", "022", "UTC", other)
    assert changed[512:1024] != original[512:1024]  # another disk identifier


CODE = """
.globl _start
_start:
.rept 200
nop
.endr
{}
ret
"""


@pytest.mark.parametrize("instruction, allowed", [
    ("mov %fs:0, %rax", True), ("rep stosb", True), ("lfence", True),
    ("movaps %xmm1, %xmm2", False), ("movups %xmm0, (%rdi)", False),
    ("vpxord %zmm17, %zmm18, %zmm19", False), ("vaddps %ymm1, %ymm2, %ymm3", False),
    ("kmovq %k1, %rax", False), ("movq %mm1, %rax", False), ("emms", False), ("fldz", False),
    ("fld %st(1)", False), ("fwait", False), ("fxsave (%rax)", False), ("xsave64 (%rax)", False),
    ("ldmxcsr (%rax)", False),
    (".byte 0x06", False),
])
def test_register_check_sees_planted_instructions(tmp_path, instruction, allowed):
    llvm, suffix = os.environ.get("LLVM_BIN", ""), os.environ.get("SUFFIX", "-19")
    source, file = tmp_path / "code.S", tmp_path / "code.o"
    source.write_text(CODE.format(instruction))
    run(f"{llvm}clang{suffix}", "--target=x86_64-unknown-none-elf", "-c", str(source), "-o",
        str(file))
    run(f"{ROOT}/scripts/check-registers", str(file), status=0 if allowed else 1)


def test_register_check_fails_when_it_sees_no_code(tmp_path, build):
    assert "0 instructions seen" in run(f"{ROOT}/scripts/check-registers", "/dev/null", status=1)
    run(f"{ROOT}/scripts/check-registers", f"{build}/kernel.bin", f"{build}/kernel.elf")


def test_register_check_allows_sse_in_one_object_of_the_loader_alone(build):
    script, loader, names = f"{ROOT}/scripts/check-registers", f"{build}/BOOTX64.EFI", (
        f"{build}/loader.map")
    assert "SSE where it may be: " in run(script, loader, names, "blake3_sse41.o")
    assert "must not touch" in run(script, loader, status=1)
    assert "must not touch" in run(script, loader, names, "blake3_loader.o", status=1)
    assert "at one place" in run(script, loader, names, "nothing.o", status=1)
