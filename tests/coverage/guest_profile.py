"""The counters of a kernel or loader with coverage, taken out of a guest's memory.

clang puts three tables into such a program: one record for each function, the functions' names,
and the counters. The first two are in the file as they are in memory. So the records tell where in
memory the program lies; the counters are at a known distance. All three together, behind a header,
are what LLVM calls a raw profile (compiler-rt, InstrProfData.inc, version 10).
"""

import collections
import os
import struct

MAGIC = int.from_bytes(b"\xfflprofr\x81", "big")
VERSION = 10
LAST_VALUE_KIND = 2
RECORD_LEN = 64
NEEDLE_LEN = 2 * RECORD_LEN
CHUNK_LEN = 64 << 20

# ELF and PE name them differently.
SECTIONS = {"__llvm_prf_data": "data", "__llvm_prf_cnts": "counters", "__llvm_prf_names": "names",
            ".lprfd": "data", ".lprfc": "counters", ".lprfn": "names"}

# address: in memory; bytes: in the file
Section = collections.namedtuple("Section", "address bytes")


def elf_sections(file):
    table, = struct.unpack_from("<Q", file, 40)
    entry_len, count, names_index = struct.unpack_from("<HHH", file, 58)
    headers = [struct.unpack_from("<II8xQQQ", file, table + i * entry_len) for i in range(count)]
    names = headers[names_index][3]
    for name, _, address, offset, length in headers:
        start = names + name
        yield (file[start:file.index(b"\0", start)].decode("ascii"),
               Section(address, file[offset:offset + length]))


def pe_sections(file):
    header, = struct.unpack_from("<I", file, 60)
    count, optional_len = struct.unpack_from("<2xH12xH", file, header + 4)
    for i in range(count):
        name, length, address, _, offset = struct.unpack_from(
            "<8sIIII", file, header + 24 + optional_len + 40 * i)
        yield name.rstrip(b"\0").decode("ascii"), Section(address, file[offset:offset + length])


class Program:
    """A kernel (ELF, with its symbols) or a loader (PE) that was built for coverage."""

    def __init__(self, path):
        with open(path, "rb") as opened:
            file = opened.read()
        is_elf = file[:4] == b"\x7fELF"
        sections = elf_sections(file) if is_elf else pe_sections(file)
        tables = {SECTIONS[name]: section for name, section in sections if name in SECTIONS}
        if set(tables) != {"data", "counters", "names"} or not tables["data"].bytes:
            raise ValueError(f"{path} was not built for coverage")
        self.data, self.counters = tables["data"], tables["counters"]
        self.names = tables["names"].bytes[0 if is_elf else 1:]  # names_begin.c

    def counters_at(self, memory, at):
        """The counters of this program, if its records are at this offset of the open file."""
        if os.pread(memory, len(self.data.bytes), at) != self.data.bytes:
            return None
        counters = os.pread(memory, len(self.counters.bytes),
                            at + self.counters.address - self.data.address)
        return counters if len(counters) == len(self.counters.bytes) and any(counters) else None

    def raw_profile(self, counters):
        header = struct.pack("<16Q", MAGIC, VERSION, 0, len(self.data.bytes) // RECORD_LEN, 0,
                             len(counters) // 8, 0, 0, 0, len(self.names),
                             (self.counters.address - self.data.address) % (1 << 64),
                             -self.data.address % (1 << 64), 0, 0, 0, LAST_VALUE_KIND)
        return header + b"".join(map(whole_distance, records(self.data.bytes))) + counters + (
            self.names + bytes(-len(self.names) % 8))


def raw_profiles(paths, memory):
    """(name, raw profile) of each program that has run in an open file with a guest's memory.

    Programs that differ only outside of these tables are one.
    """
    by_needle = collections.defaultdict(dict)
    for path in paths:
        program = Program(path)
        data = program.data.bytes
        by_needle[data[:NEEDLE_LEN]].setdefault(data, (os.path.basename(path), program))
    for needle, programs in by_needle.items():
        for at in places_of(needle, memory):
            for name, program in programs.values():
                counters = program.counters_at(memory, at)
                if counters:
                    yield name, program.raw_profile(counters)


def records(data):
    return (data[at:at + RECORD_LEN] for at in range(0, len(data), RECORD_LEN))


def whole_distance(record):
    """A record whose distance to its counters has 64 bits; a PE linker only fills in the low 32."""
    low, = struct.unpack_from("<i", record, 16)
    return record[:16] + struct.pack("<q", low) + record[24:]


def places_of(needle, memory):
    """Offsets of the needle in a file with holes, which are not read."""
    end = os.fstat(memory).st_size
    at = 0
    while at < end:
        try:
            at = os.lseek(memory, at, os.SEEK_DATA)
        except OSError:  # nothing but a hole is left
            return
        until = os.lseek(memory, at, os.SEEK_HOLE)
        while at < until:
            chunk = os.pread(memory, min(CHUNK_LEN + len(needle), until - at), at)
            found = chunk.find(needle)
            while 0 <= found < CHUNK_LEN:
                yield at + found
                found = chunk.find(needle, found + 1)
            at += CHUNK_LEN
        at = until
