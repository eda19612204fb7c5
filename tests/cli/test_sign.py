"""Sealing and signing: the bytes that come out, and what happens to files when it fails."""

import os
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import time

import pytest
from conftest import ROOT, TOOL, clean_environment, link_kernel

SIG, PQSIG = 64, 3309


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def readelf(*arguments):
    done = subprocess.run(["readelf", *arguments], check=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    assert done.stderr == "" and "Warning" not in done.stdout
    return done.stdout


def test_seal_writes_what_readelf_reads_without_a_warning(image):
    out = readelf("-hSlW", image)
    assert "EXEC (Executable file)" in out and "Advanced Micro Devices X86-64" in out
    sections = re.findall(r"^  \[ ?\d+\] (\.\S+)", out, re.MULTILINE)
    assert sections == [".rodata", ".nonos.manifest", ".note.pvh", ".text", ".data", ".bss",
                        ".nonos.pqsig", ".nonos.sig", ".shstrtab"]
    loads = re.findall(r"^  LOAD +0x(\w+) 0x(\w+) 0x(\w+) \S+ \S+ (...)", out, re.MULTILINE)
    assert [flags for *_, flags in loads] == ["R  ", "R E", "RW "]
    assert int(loads[0][2], 16) == 0x100000
    offset, size = re.search(r"\.nonos\.sig +PROGBITS +0+ (\w+) (\w+)", out).groups()
    assert int(size, 16) == SIG and int(offset, 16) + SIG == image.stat().st_size
    assert "NONOS-MANIFEST 1" in readelf("-p", ".nonos.manifest", image)
    assert "There are no relocations" in readelf("-rW", image)
    assert "Symbol table" not in readelf("-sW", image)


def test_seal_leaves_room_for_signatures_and_drops_the_rest(image, linked):
    content = image.read_bytes()
    assert content[-(SIG + PQSIG):] == bytes(SIG + PQSIG)
    assert b".debug_info" in linked["dev"].read_bytes() and b".debug_info" not in content
    assert b"kernel_main" in linked["dev"].read_bytes() and b"kernel_main" not in content


def test_seal_of_a_sealed_image_changes_nothing(nonos, signed):
    before = signed.read_bytes()
    nonos("seal", signed, "-o", "again.bin").ok()
    assert (nonos.folder / "again.bin").read_bytes() == before
    nonos("seal", signed, "-o", signed).ok()
    assert signed.read_bytes() == before


def test_seal_refuses_what_is_no_elf_file(nonos):
    (nonos.folder / "text").write_text("x" * 5000)
    (nonos.folder / "empty").touch()
    nonos("seal", "text", "-o", "out").fails("ELF_MAGIC", "text")
    nonos("seal", "empty", "-o", "out").fails("ELF_MAGIC", "empty")
    nonos("seal", "missing", "-o", "out").fails("NOT_FOUND", "missing")
    nonos("seal", ".", "-o", "out").fails("READ", ".")
    # A program of the host is an ELF file and no image: its first segment holds its headers.
    assert nonos("seal", "/bin/true", "-o", "out").status in (39, 42)
    assert names(nonos.folder) == ["empty", "text"]


def test_seal_names_the_line_of_a_bad_manifest(nonos, tmp_path):
    elf = link_kernel(tmp_path / "bad", dirty="perhaps")
    err = nonos("seal", elf, "-o", "out").fails("MANIFEST_VALUE", elf).err
    assert "line 10 of the manifest" in err


def test_sign_twice_gives_the_same_bytes(nonos, image):
    nonos("keygen", "-o", "key").ok()
    nonos("sign", "-k", "key", "-o", "first.bin", image).ok()
    nonos("sign", "-k", "key", "-o", "second.bin", image).ok()
    nonos("sign", "-k", "key", "first.bin").ok()
    first = (nonos.folder / "first.bin").read_bytes()
    assert first == (nonos.folder / "second.bin").read_bytes()
    assert first[:-(SIG + PQSIG)] == image.read_bytes()[:-(SIG + PQSIG)]
    assert first[-SIG:] != bytes(SIG)


def test_sign_says_the_digest_that_b3sum_says(nonos, image):
    out = nonos("sign", image).ok().out
    digest = subprocess.run(["b3sum", "--no-names"], input=image.read_bytes()[:-SIG], check=True,
                            stdout=subprocess.PIPE).stdout.decode().strip()
    assert f"blake3:{digest}" in out


def test_a_signature_verifies_by_hand_as_the_documents_say(nonos, signed):
    page = (ROOT / "docs/image-format.md").read_text()
    script = re.search(r"^    tail -c 64 (?:.*\n)+?    openssl .*$", page, re.MULTILINE).group(0)
    assert len(script.splitlines()) == 3

    def verify_by_hand():
        return subprocess.run(["sh", "-ec", script], cwd=nonos.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).returncode

    nonos("pubkey", "-k", "dev_signing_key.bin", "--pem", "-o", "key.pem").ok()
    assert verify_by_hand() == 0
    content = bytearray(signed.read_bytes())
    content[5000] ^= 1
    signed.write_bytes(content)
    assert verify_by_hand() != 0


def test_sign_refuses_a_damaged_image_and_leaves_it(nonos, image):
    content = bytearray(image.read_bytes())
    content[18] = 3
    image.write_bytes(content)
    nonos("keygen", "-o", "key").ok()
    nonos("sign", "-k", "key", image).fails("ELF_MACHINE")
    assert image.read_bytes() == bytes(content)


def test_sign_refuses_files_of_the_wrong_length(nonos):
    for length, code in ((0, "IMAGE_SHORT"), (4095, "IMAGE_SHORT"), (16 * 2**20 + 1, "IMAGE_LONG"),
                         (2**40, "IMAGE_LONG")):
        with open(nonos.folder / "file", "wb") as file:
            file.truncate(length)
        nonos("sign", "file").fails(code, "file")
    nonos("sign", "/dev/zero").fails("IMAGE_LONG", "/dev/zero")
    nonos("sign", "missing").fails("NOT_FOUND", "missing")
    assert names(nonos.folder) == ["file"]


def test_sign_makes_no_key_for_an_image_it_refuses(nonos, image):
    image.write_bytes(image.read_bytes()[:-1])
    nonos("sign", image).fails("SECTION_TABLE")
    assert names(nonos.folder) == ["kernel.bin"]


def test_sign_takes_no_development_key_for_a_release(nonos, release):
    nonos("keygen").ok()
    before = release.read_bytes()
    nonos("sign", release).fails("KEY_NONE")
    nonos("sign", "-k", "dev_signing_key.bin", release).fails("KEY_NONE")
    shutil.copy(nonos.folder / "dev_signing_key.bin", nonos.folder / "copy.key")
    nonos("sign", "-k", "copy.key", release).fails("KEY_NONE")
    assert release.read_bytes() == before
    nonos("keygen", "-o", "release.key").ok()
    assert "(release)" in nonos("sign", "-k", "release.key", release).ok().out


def test_sign_in_place_keeps_mode_and_follows_links(nonos, image):
    image.chmod(0o640)
    (nonos.folder / "link").symlink_to("kernel.bin")
    nonos("keygen", "-o", "key").ok()
    nonos("sign", "-k", "key", "link").ok()
    assert (nonos.folder / "link").is_symlink()
    assert stat.S_IMODE(image.stat().st_mode) == 0o640
    assert image.read_bytes()[-SIG:] != bytes(SIG)


def test_sign_in_place_never_changes_the_file_that_others_have_open(nonos, image):
    unsigned = image.read_bytes()
    with open(image, "rb") as opened:
        nonos("sign", image).ok()
        assert opened.read() == unsigned


def test_output_that_cannot_be_written_changes_nothing(nonos, image):
    nonos("keygen", "-o", "key").ok()
    before = image.read_bytes()
    (nonos.folder / "folder").mkdir()
    for output, why in (("folder", "Is a directory"), ("missing/out", "No such file"),
                        ("kernel.bin/out", "Not a directory"), ("/dev/full", "No space left"),
                        ("/proc/nonos", "")):
        assert why in nonos("sign", "-k", "key", "-o", output, image).fails("WRITE", output).err
    assert image.read_bytes() == before
    assert names(nonos.folder) == ["folder", "kernel.bin", "key"]


def test_output_to_a_device_goes_into_it(nonos, image):
    nonos("keygen", "-o", "key").ok()
    nonos("sign", "-k", "key", "-o", "/dev/null", image).ok()
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def test_a_full_disk_leaves_the_old_image(nonos, image):
    nonos("keygen", "-o", "key").ok()
    before = image.read_bytes()
    nonos("sign", "-k", "key", image, preexec_fn=limit_file_size).fails("WRITE")
    assert image.read_bytes() == before
    assert names(nonos.folder) == ["kernel.bin", "key"]


def test_an_interrupt_leaves_the_old_image_or_the_new_one(nonos, image):
    nonos("keygen", "-o", "key").ok()
    nonos("sign", "-k", "key", "-o", "signed.bin", image).ok()
    whole = {image.read_bytes(), (nonos.folder / "signed.bin").read_bytes()}
    for attempt in range(60):
        process = subprocess.Popen([TOOL, "sign", "-k", "key", "kernel.bin"], cwd=nonos.folder,
                                   env=clean_environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.02))
        process.send_signal(signal.SIGINT if attempt % 2 else signal.SIGTERM)
        assert process.wait(timeout=60) in (0, -signal.SIGINT, -signal.SIGTERM)
        assert image.read_bytes() in whole
        assert names(nonos.folder) == ["kernel.bin", "key", "signed.bin"]


def test_an_interrupt_leaves_no_half_key(nonos):
    for attempt in range(40):
        process = subprocess.Popen([TOOL, "keygen", "-o", f"key{attempt}"], cwd=nonos.folder,
                                   env=clean_environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.006))
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    for path in nonos.folder.iterdir():
        assert re.fullmatch(r"key\d+", path.name) and len(path.read_bytes()) == 32


@pytest.fixture
def as_nobody(image):
    """A folder and a way to run the program there as a user whom modes bind; root is not."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become a user who may not write")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        tool = shutil.copy(TOOL, folder)
        shutil.copy(image, folder)

        def run(*arguments):
            return subprocess.run([tool, *arguments], cwd=folder, user=65534, group=65534,
                                  extra_groups=[], env=clean_environment(), text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        yield folder, run


def test_a_folder_that_cannot_be_written_to_is_named(as_nobody):
    folder, run = as_nobody
    done = run("keygen", "-o", "key")
    assert done.returncode == 4 and "Permission denied" in done.stderr
    done = run("sign", "kernel.bin")
    assert done.returncode == 4 and "Permission denied" in done.stderr
    assert sorted(os.listdir(folder)) == ["kernel.bin", TOOL.name]


def test_a_read_only_image_is_not_replaced(as_nobody):
    folder, run = as_nobody
    os.chmod(folder, 0o777)
    path = os.path.join(folder, "kernel.bin")
    os.chmod(path, 0o444)
    before = open(path, "rb").read()
    assert run("keygen", "-o", "key").returncode == 0
    done = run("sign", "-k", "key", "kernel.bin")
    assert done.returncode == 4 and "Permission denied" in done.stderr
    assert open(path, "rb").read() == before


def test_a_file_that_cannot_be_read_is_named(as_nobody):
    folder, run = as_nobody
    os.chmod(os.path.join(folder, "kernel.bin"), 0o600)
    for command in (["verify"], ["inspect"], ["sign"]):
        done = run(*command, "kernel.bin")
        assert done.returncode == 3 and "Permission denied" in done.stderr
