#!/usr/bin/python3
"""run.py --build DIR [--strength N] [--jobs N] [--anew] [WORD...]: starts machines of every kind.

The rows are those of tests/e2e/combinations.py: such that every N values of different columns meet
(5: the whole product), the pairs first. WORDs: only rows with all of them in the name.

Each row that has ended is written to DIR/matrix/results at once. Where a run was interrupted, or
had failures, the next one of the same kernel, loader and tests goes on: what passed is not started
again, but with --anew. After a run that was whole the next one begins anew. The last line is the
count, "N passed, N failed", with ", N skipped" for rows that were not reached.
"""

import argparse
import hashlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

import combinations  # noqa: E402
from results import Results  # noqa: E402

WAIT_LIMIT, ROW_LIMIT = 300, 900  # seconds, for one thing to appear and for a row
# What a result is of, beside the folder of the build.
STARTED = ["kernel.bin", "nonos.img", "guests/processors.unsigned"]
TESTS = ["tests/e2e/combinations.py", "tests/e2e/guest.py", "tests/e2e/test_guests.py",
         "scripts/machine.py"]
BUSY = None  # in a worker: what run_row() needs


class Late(Exception):
    """A row that took longer than ROW_LIMIT."""


def prepare_worker(build):
    """Ctrl-C is for the parent, which then ends the workers: each ends its QEMU first."""
    global BUSY
    BUSY = build

    def late(_number, _frame):
        raise Late(f"not through after {ROW_LIMIT} s")

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    signal.signal(signal.SIGALRM, late)


def run_row(row):
    """The row, the seconds it took, and what went wrong, or nothing."""
    start, problem = time.monotonic(), ""
    signal.alarm(ROW_LIMIT)
    try:
        with tempfile.TemporaryDirectory(prefix="nonos-matrix-") as folder:
            combinations.run(row, BUSY, folder, WAIT_LIMIT)
    except Exception:  # pylint: disable=broad-except
        problem = traceback.format_exc()
    finally:
        signal.alarm(0)
    return row, time.monotonic() - start, problem


def subject(build):
    """The digest of what is started, and of what decides on the outcome."""
    digest = hashlib.sha256()
    for path in [*(os.path.join(build, name) for name in STARTED),
                 *(os.path.join(ROOT, name) for name in TESTS)]:
        with open(path, "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def run_all(wanted, build, jobs, results):
    """How many passed and failed. A Ctrl-C ends it early."""
    passed, failed = 0, []
    with multiprocessing.Pool(jobs, prepare_worker, (build,)) as pool:
        try:
            for row, seconds, problem in pool.imap_unordered(run_row, wanted):
                name = combinations.name_of(row)
                outcome = "failed" if problem else "passed"
                results.add(outcome, seconds, name)
                if problem:
                    failed.append(name)
                else:
                    passed += 1
                print(f"{'FAIL' if problem else 'ok':4}  {passed + len(failed)} of {len(wanted)}: "
                      f"{name} ({seconds:.1f} s)", flush=True)
                if problem:
                    print("\n".join("      | " + line for line in problem.splitlines()), flush=True)
        except KeyboardInterrupt:
            print("interrupted: the same command goes on from here", flush=True)
        pool.terminate()
        pool.join()
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="the build directory")
    parser.add_argument("--strength", type=int, default=5, metavar="N",
                        help="how many values meet in every way (5, which is all of them)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N",
                        help="rows at a time (as many as there are processors)")
    parser.add_argument("--anew", action="store_true", help="those that have passed as well")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only rows with these in the name")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    build = os.path.abspath(arguments.build)
    chosen = [row for row in combinations.in_order(arguments.strength)
              if all(word in combinations.name_of(row) for word in arguments.words)]
    results = Results(os.path.join(build, "matrix", "results"), subject(build), arguments.anew)
    wanted = [row for row in chosen if combinations.name_of(row) not in results.passed]
    before = len(chosen) - len(wanted)
    print(f"{len(chosen)} of {len(combinations.product(combinations.COLUMNS))} rows, "
          f"{before} of them passed before", flush=True)
    passed, failed = run_all(wanted, build, arguments.jobs, results)
    skipped = len(wanted) - passed - len(failed)
    for name in failed:
        print(f"failed {name}")
    if skipped:
        print(f"skipped {skipped} rows: interrupted")
    is_whole = chosen and not failed and not skipped
    if is_whole:
        results.end()
    print(f"{before + passed} passed, {len(failed)} failed"
          + (f", {skipped} skipped" if skipped else ""))
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
