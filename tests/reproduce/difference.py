"""Where two files differ, in words: the offset, and of a program the section and the symbol."""

import os
import re
import subprocess

LLVM_BIN, SUFFIX = os.environ.get("LLVM_BIN", ""), os.environ.get("SUFFIX", "-19")


def tool(name, *arguments):
    done = subprocess.run([name, *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout


def digest(path):
    return tool("b3sum", "--no-names", path).strip()


def place(path, offset):
    """The section that has this offset of an ELF or PE file, and the symbol; nothing otherwise."""
    text = tool(f"{LLVM_BIN}llvm-readelf{SUFFIX}", "-SW", path)
    for name, address, start, length in re.findall(
            r"\] +(\S+) +(?!NOBITS)[A-Z]\S* +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ", text):
        address, start, length = (int(word, 16) for word in (address, start, length))
        if start <= offset < start + length:
            return f", in {name}" + (symbol(path, address + offset - start) if address else "")
    text = tool(f"{LLVM_BIN}llvm-readobj{SUFFIX}", "-S", path)
    for name, length, start in re.findall(
            r"Name: (\S+).*?RawDataSize: (\d+)\s+PointerToRawData: (0x[0-9A-F]+)", text, re.DOTALL):
        if int(start, 16) <= offset < int(start, 16) + int(length):
            return f", in {name}"
    return ""


def symbol(path, address):
    below = ""
    for line in tool(f"{LLVM_BIN}llvm-nm{SUFFIX}", "-n", path).splitlines():
        value, _, name = line.partition(" ")
        if re.fullmatch("[0-9a-f]+", value) and int(value, 16) <= address:
            below = name.split(" ", 1)[-1]
    return f", {below}" if below else ""


def between(ours, theirs):
    """The first difference of two files in words; None when there is none."""
    if not ours.is_file() or not theirs.is_file():
        return f"only {'the first' if ours.is_file() else 'the second'} build has it"
    left, right = ours.read_bytes(), theirs.read_bytes()
    if left == right:
        return None
    shared = min(len(left), len(right))
    count = sum(a != b for a, b in zip(left, right)) + abs(len(left) - len(right))
    offset = next((i for i in range(shared) if left[i] != right[i]), shared)
    return (f"{count} of {len(left)} and {len(right)} bytes, first at offset {offset}"
            f"{place(ours, offset)}: {show(left, offset)} and {show(right, offset)}")


def show(data, offset):
    return repr(data[max(0, offset - 8):offset + 24])
