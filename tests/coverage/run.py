#!/usr/bin/python3
"""run.py --build DIR [-v]: runs the tests in a coverage build and prints what they covered.

Unit programs and the program nonos write their counters themselves; those of the kernel and the
loader are taken out of the memory of each QEMU (guest.py, guest_profile.py). One
table by folder, against the bars below; by file in DIR/files.txt, or printed with -v; each line
and branch that nothing reached in DIR/missed.txt. Exit status 1 below a bar.
"""

import argparse
import collections
import fcntl
import functools
import glob
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LLVM_BIN, SUFFIX = os.environ.get("LLVM_BIN", ""), os.environ.get("SUFFIX", "-19")

Bar = collections.namedtuple("Bar", "lines branches")  # percent; None: none
BARS = {"crypto": Bar(98, 95), "image": Bar(98, 95)}
OTHER_BAR = Bar(90, None)
# Includes the files of a package, and has no function of its own.
NOT_OURS = "crypto/pqclean/"
# They judge how the tree builds and what its files look like, and start nothing of ours.
NOT_ABOUT_CODE = {"test_build.py", "test_image.py", "test_machine.py", "test_policy.py"}

Count = collections.namedtuple("Count", "lines lines_hit branches branches_hit")


class CoverageError(Exception):
    """What went wrong, in one line for the user."""


def llvm(name, *arguments):
    done = subprocess.run([f"{LLVM_BIN}{name}{SUFFIX}", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0 or done.stderr:  # functions that do not fit their profile are a warning
        raise CoverageError(f"{name}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def run_tests(build, profiles):
    """Runs what calls our code. Whether its tests pass is for `make test` to say: some judge the
    size or the sections of what is built, and here that has counters in it."""
    words = ["unit/", "cli/"] + sorted(
        f"e2e/{name}" for name in os.listdir(os.path.join(ROOT, "tests", "e2e"))
        if name.startswith("test_") and name not in NOT_ABOUT_CODE)
    programs_first = os.path.join(profiles, "bin")
    os.makedirs(programs_first)
    os.symlink(os.path.join(HERE, "guest.py"), os.path.join(programs_first, "qemu-system-x86_64"))
    env = {**os.environ, "NONOS_COVERAGE": build,
           "LLVM_PROFILE_FILE": os.path.join(profiles, "host-%8m.profraw"),
           "PATH": programs_first + os.pathsep + os.environ["PATH"]}
    return subprocess.run([sys.executable, "-B", os.path.join(ROOT, "tests", "run.py"), "--build",
                           build, *words], env=env, check=False).returncode == 0


def wait_for_guests(profiles):
    with open(os.path.join(profiles, "busy"), "a", encoding="ascii") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
    errors = os.path.join(profiles, "errors")
    if os.path.exists(errors):
        with open(errors, encoding="utf-8") as file:
            raise CoverageError("the counters of a guest could not be read:\n" + file.read())
    for program in "kernel.elf", "BOOTX64.EFI":
        if not glob.glob(os.path.join(profiles, f"guest-{program}-*")):
            raise CoverageError(f"no guest has run {program}")


def programs(build):
    paths = [os.path.join(build, name) for name in ("nonos", "kernel.elf", "BOOTX64.EFI")]
    # kernel/debug/ is in these alone.
    paths += sorted(glob.glob(os.path.join(build, "guests", "*.elf")))
    paths += sorted(path for path in glob.glob(os.path.join(build, "tests", "*"))
                    if os.path.isfile(path) and os.access(path, os.X_OK))
    return [word for path in paths for word in ("-object", path)]


@functools.cache
def folders():
    """Those with code of the product."""
    return sorted({path.split("/")[0] for path in glob.glob("*/**/*.c", recursive=True)}
                  - {"tests", "node_modules", "build"})


def is_ours(path):
    return path.split("/")[0] in folders()


def measure(build, profiles):
    """(counts by file, what was missed by file), as llvm-cov has them."""
    merged = os.path.join(build, "merged.profdata")
    llvm("llvm-profdata", "merge", "-o", merged,
         *sorted(glob.glob(os.path.join(profiles, "*.profraw"))))
    common = [f"-instr-profile={merged}", *programs(build)]
    files = {}
    summary = json.loads(llvm("llvm-cov", "export", "-summary-only", *common))
    for file in summary["data"][0]["files"]:
        lines, branches = file["summary"]["lines"], file["summary"]["branches"]
        if is_ours(file["filename"]) and lines["count"]:
            files[file["filename"]] = Count(lines["count"], lines["covered"], branches["count"],
                                            branches["covered"])
    return files, missed(llvm("llvm-cov", "export", "-format=lcov", *common))


def missed(lcov):
    """By file: (line, what) for each line and branch that was never taken."""
    found, path = collections.defaultdict(set), ""
    for row in lcov.splitlines():
        kind, _, rest = row.partition(":")
        if kind == "SF":
            path = rest
        elif kind == "DA" and is_ours(path) and rest.endswith(",0"):
            found[path].add((int(rest.split(",")[0]), "line"))
        elif kind == "BRDA" and is_ours(path) and rest.endswith((",0", ",-")):
            line, _, branch, _ = rest.split(",")
            found[path].add((int(line), "branch " + branch))
    return found


def unmeasured(build, files):
    """Tracked sources with functions of which no program of the coverage build has one."""
    wrong = []
    for folder in folders():
        for name in glob.glob(f"{folder}/**/*.c", recursive=True):
            if name.startswith(NOT_OURS):
                continue
            objects = [path for world in ("kernel", "loader", "host", "san") for path in
                       glob.glob(f"{build}/{world}/{name[:-2]}.o")]
            if name not in files and (not objects or any(
                    re.search(r" T (?!__llvm_)", llvm("llvm-nm", path)) for path in objects)):
                wrong.append(name)
    return wrong


def percent(hit, count):
    return 100.0 * hit / count if count else 100.0


def total(counts):
    return Count(*(sum(column) for column in zip(*counts))) if counts else Count(0, 0, 0, 0)


def row(name, count, more=""):
    return (f"{name:<28} {count.lines_hit:5}/{count.lines:<5} {percent(*count[1::-1]):6.2f} %  "
            f"{count.branches_hit:5}/{count.branches:<5} {percent(*count[3:1:-1]):6.2f} %  {more}"
            ).rstrip()


HEADING = f"{'':<28} {'lines':<21} {'branches':<21}"


def judge(count, bar):
    """The bar's verdict on a folder; exact, where 97.999 prints as 98.00."""
    low = [name for name, hit, total_count, least in (
        ("lines", count.lines_hit, count.lines, bar.lines),
        ("branches", count.branches_hit, count.branches, bar.branches))
           if least is not None and hit * 100 < least * total_count]
    wanted = f"bar: {bar.lines} %" + (f", {bar.branches} %" if bar.branches else "")
    return (wanted + ("; BELOW in " + " and ".join(low) if low else ""), not low and count.lines)


def by_file(files):
    return [HEADING] + [row(name, files[name]) for name in sorted(files)]


def write_reports(build, files, gaps):
    with open(os.path.join(build, "files.txt"), "w", encoding="ascii") as out:
        print("\n".join(by_file(files)), file=out)
    with open(os.path.join(build, "missed.txt"), "w", encoding="utf-8") as out:
        for path in sorted(gaps):
            with open(os.path.join(ROOT, path), encoding="utf-8") as source:
                text = source.read().splitlines()
            for line, what in sorted(gaps[path]):
                print(f"{path}:{line}: {what}: {text[line - 1].strip()}", file=out)


def show(files, verbose, build):
    if verbose:
        print("\n".join(by_file(files)) + "\n")
    print(HEADING)
    good = True
    for folder in folders():
        bar = BARS.get(folder, OTHER_BAR)
        count = total([files[name] for name in files if name.startswith(folder + "/")])
        verdict, passed = judge(count, bar)
        good = good and passed
        print(row(folder + "/", count, verdict))
    print(row("all", total(list(files.values()))))
    print(f"by file: {build}/files.txt; what nothing reached: {build}/missed.txt")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="the coverage build")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the table by file too")
    parser.add_argument("--report-only", action="store_true", help="of the last run's counters")
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build)
    profiles = os.path.join(build, "profiles")
    os.chdir(ROOT)
    passed = True
    if not arguments.report_only:
        shutil.rmtree(profiles, ignore_errors=True)
        os.makedirs(profiles)
        passed = run_tests(build, profiles)
    try:
        wait_for_guests(profiles)
        files, gaps = measure(build, profiles)
        nowhere = unmeasured(build, files)
    except (CoverageError, OSError) as error:
        print(f"coverage: {error}", file=sys.stderr)
        return 1
    write_reports(build, files, gaps)
    good = show(files, arguments.verbose, os.path.relpath(build))
    if nowhere:
        print("coverage: in no program of this build: " + ", ".join(nowhere), file=sys.stderr)
    if not passed:
        print("tests failed above, in programs with counters; `make test` is the judge of tests")
    return 0 if good and not nowhere else 1


if __name__ == "__main__":
    sys.exit(main())
