"""The boot screen as a picture: what stands on it when the kernel is ready, when the loader refuses
and when the kernel panics, read back by its glyphs; and whether the picture in the README is true.
"""

import os
import re
import subprocess
import sys

import pytest

import guest as guest_module
import machine
from conftest import ROOT, make_image
from debugger import Monitor

sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

import screen_picture  # noqa: E402

PICTURE = os.path.join(ROOT, "docs", "pictures", "boot-screen.png")
GREEN, AMBER, RED = "1b7a35", "f2b200", "b71c1c"
STEPS = ["firmware", "policy", "hardware", "image", "BLAKE3", "Ed25519", "ML-DSA-65", "manifest",
         "placed", "leaving firmware for the kernel"]


class Screen:
    """What is on the screen of a guest now."""

    def __init__(self, picture, font):
        self.bands = screen_picture.bands(picture)
        self.lines = screen_picture.lines_of(picture, font)
        self.words = [screen_picture.words_of(picture, font, band) for band in self.bands[:1]]
        self.in_bands = [screen_picture.lines_in_band(picture, font, band)
                         for band in self.bands[1:]]

    def step(self, number):
        """Its mark and its details."""
        name = STEPS[number - 1]
        line = next(each for each in self.lines if re.match(rf"\[..\] +{number} ", each))
        return re.fullmatch(rf"\[(..)\] +{number} {re.escape(name)} *(.*)", line).groups()

    def fact(self, label):
        found = [each for each in self.lines if each.startswith(label + " ")]
        return [re.sub(rf"^{label} +", "", each) for each in found]


@pytest.fixture(scope="module")
def font():
    return screen_picture.read_font()


@pytest.fixture
def watched(tmp_path, font):
    """watched(IMAGE, EXTRA): a guest started through firmware, and a function that reads its
    screen."""
    guests = []

    def start(image, extra=(), display=("-device", "VGA")):
        firmware = machine.find_firmware()
        command = machine.uefi_command(
            machine.find_qemu(), machine.TCG, firmware,
            machine.fresh_variables(firmware, tmp_path), image,
            extra=["-qmp", f"unix:{tmp_path}/qmp,server=on,wait=off", *extra])
        at = command.index("VGA")
        command[at - 1:at + 1] = display
        guests.append(guest_module.Guest(command))
        monitor = Monitor(f"{tmp_path}/qmp")

        def look():
            path = f"{tmp_path}/screen.ppm"
            monitor.ask("screendump", filename=path)
            with open(path, "rb") as file:
                return screen_picture.read_ppm(file.read())

        return guests[-1], look

    yield start
    for each in guests:
        each.end()


@pytest.fixture
def kernel(build):
    with open(f"{build}/kernel.bin", "rb") as file:
        return file.read()


def digest_of(kernel):
    """As b3sum has it, of all that the Ed25519 signature covers."""
    done = subprocess.run(["b3sum", "--no-names"], input=kernel[:-64], stdout=subprocess.PIPE,
                          check=True, timeout=60)
    return done.stdout.decode().strip()


def manifest_field(build, name):
    with open(f"{build}/gen/manifest.txt", encoding="ascii") as file:
        return re.search(rf"^{name}=(.*)$", file.read(), re.MULTILINE).group(1)


def flip_middle(kernel):
    half = len(kernel) // 2
    return kernel[:half] + bytes([kernel[half] ^ 1]) + kernel[half + 1:]


def general(lines):
    """The lines without what differs from build to build and from firmware to firmware."""
    changes = [(r"\b[0-9a-f]{64}\b", "<64 digits>"), (r"\b[0-9a-f]{16}\b", "<16 digits>"),
               (r"\d+ bytes", "<n> bytes"), (r"\d+ KiB", "<n> KiB"), (r"UEFI .*", "UEFI <which>"),
               (r"nonos \d+\.\d+\.\d+\S*,", "nonos <version>,")]
    for pattern, general_form in changes:
        lines = [re.sub(pattern, general_form, line) for line in lines]
    return lines


def test_verified_boot_and_a_panic_after_it(watched, font, build, kernel, signer_id):
    guest, look = watched(f"{build}/nonos.img")
    guest.wait_for_line("NONOS: ready")
    guest.wait_for_prompt()
    screen = Screen(look(), font)

    assert [band.colour for band in screen.bands] == [AMBER]
    assert screen.words == ["VERIFIED - DEVELOPMENT"]
    assert [screen.step(number)[0] for number in range(1, 11)] == ["ok"] * 10
    digest = digest_of(kernel)
    assert screen.step(5)[1] == digest and screen.fact("digest") == [digest]
    assert screen.fact("id") == [signer_id]
    assert screen.fact("signer") == ["dev, development"]
    version = manifest_field(build, "version")
    assert screen.fact("image")[0].startswith(f"nonos {version}, security version ")
    assert screen.fact("machine") == ["DEVELOPMENT loader; Secure Boot off; TPM none"]
    assert screen.fact("kernel") == [
        f"started; the loader reports a verified boot, signer {signer_id[:16]}",
        "self-tests: 7 passed; entropy: firmware, RDRAND, virtio-rng, timing jitter",
        "ready: the prompt is on the first serial port"]
    # The same on the serial line, step by step.
    for number in range(1, 10):
        said = re.search(rf"^NONOS: {number}/10 [^:]*: (.*)$", guest.text(), re.MULTILINE)
        assert screen.step(number)[1] == said.group(1)

    # The picture in the README, which `make pictures` made of an earlier boot.
    with open(PICTURE, "rb") as file:
        committed = Screen(screen_picture.read_png(file.read()), font)
    assert committed.bands == screen.bands and committed.words == screen.words, PICTURE
    assert general(committed.lines) == general(screen.lines), \
        f"{PICTURE}: `make pictures` takes it again"

    guest.send("panic\r")
    reason = guest.wait_for_line("NONOS: panic: ")[len("NONOS: panic: "):]
    guest.wait_for_line("NONOS: stopped")
    screen = Screen(look(), font)
    assert [band.colour for band in screen.bands] == [AMBER, RED]
    assert screen.in_bands[0][0] == "PANIC: the kernel has stopped"
    assert " ".join(screen.in_bands[0][1:]) == reason
    assert screen.fact("kernel") == [] and screen.words == ["VERIFIED - DEVELOPMENT"]


def test_release_is_green_and_says_nothing_of_development(watched, font, build, tmp_path):
    with open(f"{build}/variants/release-by-acme.bin", "rb") as file:
        kernel = file.read()
    guest, look = watched(make_image(build, tmp_path, kernel,
                                     loader=f"{build}/variants/release.efi"))
    guest.wait_for_line("NONOS: ready")
    screen = Screen(look(), font)
    assert [band.colour for band in screen.bands] == [GREEN]
    assert screen.words == ["VERIFIED"]
    assert screen.fact("signer") == ["acme-release, release"]
    assert screen.fact("machine") == ["release loader; Secure Boot off; TPM none"]
    assert screen.fact("digest") == [digest_of(kernel)]
    assert not any("evelopment" in line or "DEVELOPMENT" in line for line in screen.lines)


def test_tampered_image_is_refused_in_words_and_colour(watched, font, build, tmp_path, kernel):
    changed = flip_middle(kernel)
    guest, look = watched(make_image(build, tmp_path, changed))
    said = guest.wait_for_line("NONOS: refused: ")
    guest.wait_for_line("NONOS: press a key")
    screen = Screen(look(), font)

    assert [band.colour for band in screen.bands] == [RED]
    assert screen.words == ["REFUSED"]
    assert [screen.step(number)[0] for number in range(1, 11)] == (
        ["ok"] * 5 + ["NO"] + ["  "] * 4)
    assert screen.fact("digest") == [digest_of(changed)]
    # What the image says of itself has not been believed, nor shown.
    for label in "image", "signer", "id":
        assert label in screen.lines and screen.fact(label) == []
    assert screen.fact("kernel") == []
    what, why = re.fullmatch(r"NONOS: refused: (.*): (.*) \(ED25519, code 22\)", said).groups()
    meaning = " ".join(screen.lines[screen.lines.index(next(
        line for line in screen.lines if line.startswith("ED25519"))):][:2])
    assert meaning.startswith(f"ED25519, code 22: {what}: {why}. Press a key to reset the machine.")


def test_without_a_framebuffer_firmware_shows_the_lines(watched, font, build, tmp_path, kernel):
    """On a screen whose pixels are not in memory. Seen at a refusal, since leaving firmware ends
    what it shows there."""
    guest, look = watched(make_image(build, tmp_path, flip_middle(kernel)),
                          display=("-device", "virtio-gpu-pci"))
    guest.wait_for_line("NONOS: press a key")
    picture = look()
    assert screen_picture.bands(picture) == []
    assert not any(line.startswith("[ok]") for line in screen_picture.lines_of(picture, font))
    # Five steps, the word on development, and two lines of refusal, in firmware's own letters.
    ground = bytes.fromhex(screen_picture.background_of(picture))
    inked = [any(row[i:i + 3] != ground for i in range(0, len(row), 3)) for row in picture.rows]
    assert sum(now and not before for before, now in zip([False] + inked, inked)) >= 8


def test_the_readme_shows_the_picture_in_words_too():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        words = re.search(r"!\[([^\]]+)\]\(docs/pictures/boot-screen\.png\)", file.read()).group(1)
    for each in "VERIFIED - DEVELOPMENT", "ten steps", "digest", "signer", "ready":
        assert each in " ".join(words.split())
    assert os.path.getsize(PICTURE) < 60000
