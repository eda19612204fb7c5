"""The documents say what the code does: codes, options, examples."""

import re
import subprocess

import pytest
from conftest import CODES, ROOT

FORMAT = (ROOT / "docs/image-format.md").read_text()
MANUAL = ROOT / "docs/nonos.1"
COMMANDS = ["keygen", "pubkey", "seal", "sign", "digest", "attach", "verify", "inspect", "policy",
            "trust", "measure"]


def test_the_table_of_codes_is_errors_def():
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (.*) \|$", FORMAT, re.MULTILINE)
    table = [(name, (int(code), text)) for code, name, text in rows]
    assert table == list(CODES.items())


def test_sizes_and_constants_are_those_of_the_headers():
    header = (ROOT / "abi/image.h").read_text()
    verify = (ROOT / "image/verify.h").read_text()
    elf = (ROOT / "image/elf.h").read_text()
    for text, where in (("NONOS_PQSIG_LEN 3309u", header), ("NONOS_SIG_LEN 64u", header),
                        ("NONOS_IMAGE_MIN_LEN 4096u", header), ("(16u * 1024 * 1024)", header),
                        ("UINT64_C(0x100000)", header), ("0xFFFFFFFF80000000", header),
                        ("UINT64_C(0x10000)", header), ("0x0000800000000000", header),
                        ("0xD63A5CE9", verify), ("IMAGE_MAX_SEGMENTS 8u", elf),
                        ("IMAGE_MAX_PROGRAM_HEADERS 16u", elf), ("IMAGE_MAX_SECTIONS 32u", elf),
                        ("IMAGE_MAX_NAMES_LEN 4096u", elf), ("IMAGE_MAX_NOTE_LEN 4096u", elf)):
        assert text in where
    for text in ("3309", "0x100000", "0xFFFFFFFF80000000", "0x10000", "0x800000000000",
                 "0xD63A5CE9", "`PT_LOAD` (1 to 8)", "64, 1 to 16", "2 to 32",
                 "has at most 4096 bytes", "has 1 to 4096 bytes"):
        assert text in FORMAT
    for context in re.findall(r'NONOS_CONTEXT_\w+ "([^"]+)"', header):
        assert f'"{context}"' in FORMAT
    keys = (ROOT / "docs/keys.md").read_text()
    for context in re.findall(r'NONOS_DERIVE_\w+ "([^"]+)"', header):
        assert f'"{context}"' in keys


def test_manifest_keys_are_in_the_order_of_the_reader():
    reader = re.findall(r'\{"([a-z-]+)", read_\w+\}', (ROOT / "image/manifest.c").read_text())
    documented = re.findall(r"^\| `([a-z-]+)` \| ", FORMAT, re.MULTILINE)
    assert documented == reader + ["grant"]


def test_the_table_of_system_calls_is_syscalls_def():
    rows = re.findall(r'^SYSCALL\((\d+), (\w+), (\w+), (\d+), "(.*)"\)$',
                      (ROOT / "abi/syscalls.def").read_text(), re.MULTILINE)
    page = re.findall(r"^\| (\d+) \| `(\w+)` \| `(\w+)` \| (\d+) \| (.*) \|$",
                      (ROOT / "docs/syscalls.md").read_text(), re.MULTILINE)
    assert rows and page == rows


def test_the_manual_page_is_clean():
    done = subprocess.run(["mandoc", "-Tlint", "-Wall", MANUAL], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    # Which other pages are installed is a matter of the machine.
    complaints = [line for line in done.stdout.splitlines() if "mandoc.db" not in line]
    assert complaints == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_manual_page_has_every_option_of_the_help(nonos, command):
    page = subprocess.run(["mandoc", "-Tascii", MANUAL], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    page = re.sub(".\b", "", page)
    part = re.search(rf"^     {command}\b.*?(?=^     \S|^\S)", page, re.MULTILINE | re.DOTALL)
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", nonos(command, "--help").ok().out))
    assert options
    for option in options:
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", part.group(0)), option
