"""Lines and branches of the sources, out of the counters of every program of a coverage build.

The worlds that a source is compiled for (docs/building.md) may make different functions of it:
another header stands in for one of its own, a static function is left out where nobody calls it. A
profile has one set of counters for a function of a name, so one of all worlds would not fit some of
the programs. Each world has its own profile and its own report, and the reports are added by line.
"""

import collections
import glob
import os
import struct
import subprocess

import guest_profile

LLVM_BIN, SUFFIX = os.environ.get("LLVM_BIN", ""), os.environ.get("SUFFIX", "-19")

# How often each line was reached, by its number; each branch, by line and place in it.
Source = collections.namedtuple("Source", "lines branches")


class CoverageError(Exception):
    """What went wrong, in one line for the user."""


def llvm(name, *arguments):
    done = subprocess.run([f"{LLVM_BIN}{name}{SUFFIX}", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0 or done.stderr:  # functions that do not fit their profile are a warning
        raise CoverageError(f"{name}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def programs(build):
    """Of each world those that have all of its code, by name."""
    def some(*names):
        return sorted(path for name in names for path in glob.glob(os.path.join(build, name)))

    return {
        "host": some("nonos"),
        "san": [path for path in some("tests/*") if os.access(path, os.X_OK)
                and os.path.exists(f"tests/unit/{os.path.basename(path)}.c")],
        # kernel/debug/ is in the guests of tests/guest/ alone.
        "kernel": some("kernel.elf", "provoke/kernel.elf", "guests/*.elf"),
        "loader": some("BOOTX64.EFI"),
    }


def table(records):
    """What tells programs apart: which functions they have (hash of the name, hash of the body)."""
    return b"".join(record[:16] for record in guest_profile.records(records))


def table_of_program(path):
    try:
        return table(guest_profile.Program(path).data.bytes)
    except ValueError:  # nothing but the test's own code, which has no counters
        return b""


def table_of_profile(path):
    """Of a raw profile: behind its header and the identifiers of programs."""
    with open(path, "rb") as file:
        header = struct.unpack("<16Q", file.read(16 * 8))
        file.seek(header[2], os.SEEK_CUR)
        return table(file.read(header[3] * guest_profile.RECORD_LEN))


def host_profiles(profiles, by_world):
    """Those that host programs wrote. Each must be of a program here, and each program has one.

    Programs of the same functions may have one in common.
    """
    found, owners = collections.defaultdict(list), collections.defaultdict(list)
    for world in "host", "san":
        for path in by_world[world]:
            owners[table_of_program(path)].append((world, path))
    missing = {functions: some for functions, some in owners.items() if functions}
    for path in sorted(glob.glob(os.path.join(profiles, "host-*.profraw"))):
        functions = table_of_profile(path)
        if functions not in owners:
            raise CoverageError(f"{path} is of no program here: was one built meanwhile?")
        found[owners[functions][0][0]].append(path)
        missing.pop(functions, None)
    if missing:
        names = [os.path.basename(path) for some in missing.values() for _, path in some]
        raise CoverageError("no test has run " + ", ".join(sorted(names)))
    return found


def profiles_by_world(profiles, by_world):
    found = host_profiles(profiles, by_world)
    for world, pattern in ("kernel", "guest-*.elf-*"), ("loader", "guest-*.[eE][fF][iI]-*"):
        found[world] = sorted(glob.glob(os.path.join(profiles, pattern)))
        if not found[world]:
            raise CoverageError(f"no guest has run a {world}")
    return found


def add(sources, lcov, is_ours):
    """Adds what one report has."""
    source = None
    for row in lcov.splitlines():
        kind, _, rest = row.partition(":")
        if kind == "SF":
            source = sources[rest] if is_ours(rest) else None
        elif source and kind == "DA":
            line, count = map(int, rest.split(",")[:2])
            source.lines[line] += count
        elif source and kind == "BRDA":
            line, _, branch, taken = rest.split(",")
            source.branches[int(line), int(branch)] += int(taken.replace("-", "0"))


def measure(build, profiles, is_ours):
    """By file, for those that is_ours(path)."""
    by_world = programs(build)
    found = profiles_by_world(profiles, by_world)
    sources = collections.defaultdict(lambda: Source(collections.Counter(), collections.Counter()))
    for world, paths in by_world.items():
        merged = os.path.join(build, world + ".profdata")
        llvm("llvm-profdata", "merge", "-o", merged, *found[world])
        objects = [word for path in paths for word in ("-object", path)]
        add(sources, llvm("llvm-cov", "export", "-format=lcov", f"-instr-profile={merged}",
                          *objects), is_ours)
    return sources
