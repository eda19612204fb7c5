#!/usr/bin/python3
"""run.py --build DIR [-v]: runs the tests in a coverage build and prints what they covered.

Unit programs and the program nonos write their counters themselves; those of the kernel and the
loader are taken out of the memory of each QEMU (guest.py, guest_profile.py). One
table by folder, against the bars below; by file in DIR/files.txt, or printed with -v; each line
and branch that nothing reached in DIR/missed.txt. Exit status 1 below a bar, and when a test fails.
"""

import argparse
import collections
import fcntl
import functools
import glob
import os
import re
import shutil
import subprocess
import sys

import worlds

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

Bar = collections.namedtuple("Bar", "lines branches")  # percent; None: none
BARS = {"crypto": Bar(98, 95), "image": Bar(98, 95)}
OTHER_BAR = Bar(90, None)
# Includes the files of a package, and has no function of its own.
NOT_OURS = "crypto/pqclean/"
# What is not run, and why: files, and tests of files that are.
BUILDS = "judges how the tree builds, and runs nothing of ours"
LEFT_OUT_FILES = {f"test_{name}.py": BUILDS
                  for name in ("build", "call_map", "image", "machine", "policy")}
LEFT_OUT = {
    "e2e/test_image_map.py::test_the_map_in_the_documents_is_that_of_this_kernel":
        "the map is of a kernel without counters",
}

Count = collections.namedtuple("Count", "lines lines_hit branches branches_hit")


def run_tests(build, profiles):
    """Runs what calls our code; returns whether every test passed."""
    folder = os.path.join(ROOT, "tests", "e2e")
    words = ["unit/", "cli/"] + sorted(f"e2e/{name}" for name in os.listdir(folder)
                                       if name.startswith("test_") and name not in LEFT_OUT_FILES)
    for name, why in sorted({**{f"e2e/{name}": why for name, why in LEFT_OUT_FILES.items()},
                             **LEFT_OUT}.items()):
        print(f"left out: {name}: {why}", flush=True)
    programs_first = os.path.join(profiles, "bin")
    os.makedirs(programs_first)
    os.symlink(os.path.join(HERE, "guest.py"), os.path.join(programs_first, "qemu-system-x86_64"))
    env = {**os.environ, "NONOS_COVERAGE": build,
           "LLVM_PROFILE_FILE": os.path.join(profiles, "host-{job}-%8m.profraw"),
           "PYTEST_ADDOPTS": " ".join(f"--deselect=tests/{name}" for name in LEFT_OUT),
           "PATH": programs_first + os.pathsep + os.environ["PATH"]}
    return subprocess.run([sys.executable, "-B", os.path.join(ROOT, "tests", "run.py"), "--build",
                           build, *words], env=env, check=False).returncode == 0


def wait_for_guests(profiles):
    with open(os.path.join(profiles, "busy"), "a", encoding="ascii") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
    errors = os.path.join(profiles, "errors")
    if os.path.exists(errors):
        with open(errors, encoding="utf-8") as file:
            raise worlds.CoverageError("the counters of a guest could not be read:\n" + file.read())


@functools.cache
def folders():
    """Those with code of the product."""
    return sorted({path.split("/")[0] for path in glob.glob("*/**/*.c", recursive=True)}
                  - {"tests", "node_modules", "build"})


def is_ours(path):
    return path.split("/")[0] in folders()


def count_of(source):
    return Count(len(source.lines), sum(map(bool, source.lines.values())),
                 len(source.branches), sum(map(bool, source.branches.values())))


def missed(source):
    """(line, what) for each line and branch that was never taken."""
    found = {(line, "line") for line, count in source.lines.items() if not count}
    return found | {(line, f"branch {branch}")
                    for (line, branch), count in source.branches.items() if not count}


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
                    re.search(r" T (?!__llvm_)", worlds.llvm("llvm-nm", path))
                    for path in objects)):
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
        sources = worlds.measure(build, profiles, is_ours)
        files = {name: count_of(source) for name, source in sources.items() if source.lines}
        nowhere = unmeasured(build, files)
    except (worlds.CoverageError, OSError) as error:
        print(f"coverage: {error}", file=sys.stderr)
        return 1
    write_reports(build, files, {name: missed(source) for name, source in sources.items()})
    good = show(files, arguments.verbose, os.path.relpath(build))
    if nowhere:
        print("coverage: in no program of this build: " + ", ".join(nowhere), file=sys.stderr)
    if not passed:
        print("coverage: a test failed, see above: what it should reach is not shown",
              file=sys.stderr)
    return 0 if good and passed and not nowhere else 1


if __name__ == "__main__":
    sys.exit(main())
