#!/usr/bin/python3
"""run.py --build DIR [--matrix] [WORD...]: runs every test, or those that have a word in the name.

With --matrix: what make test leaves out, the files matrix_*.py in place of test_*.py.

Unit programs are DIR/tests/*; the others are pytest files in tests/cli, tests/e2e and
tests/differential. As many run at once as there are processors. The last line is the count:
"N passed, N failed", with ", N skipped" when there are any; their reasons stand above it.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTEST_FOLDERS = ["tests/e2e", "tests/cli", "tests/differential"]
TESTS, MATRIX = "test_", "matrix_"  # what the names of pytest files start with
UNIT_LIMIT, PYTEST_LIMIT = 240, 420  # seconds

Job = collections.namedtuple("Job", "name command parse limit")
# outcome: "passed", "failed" or "skipped"; why: for the last two
Case = collections.namedtuple("Case", "name outcome why")
TAP_LINE = re.compile(r"^(not ok|ok) (\d+)(?: - (\S+))?(.*)$")


def parse_tap(output, _report):
    """The cases of one or more cmocka groups; a group that ends early counts as a failure.

    cmocka gives skip() no reason; our tests print one before it: "skipped: <reason>".
    """
    cases, planned, reason = [], 0, ""
    for line in output.splitlines():
        plan = re.match(r"^1\.\.(\d+)", line)
        if plan:
            planned += int(plan.group(1))
        if line.startswith("skipped: "):
            reason = line[len("skipped: "):].strip()
        found = TAP_LINE.match(line)
        if not found:
            continue
        verdict, _, name, rest = found.groups()
        skip = re.search(r"#\s*SKIP\s*(.*)", rest, re.IGNORECASE)
        name = name or (skip and skip.group(1)) or rest.strip()
        if skip and reason:
            cases.append(Case(name, "skipped", reason))
        elif skip:
            cases.append(Case(name, "failed", "skipped without a reason"))
        elif verdict == "ok":
            cases.append(Case(name, "passed", ""))
        else:
            cases.append(Case(name, "failed", "see its output"))
        reason = ""
    if planned == 0 or len(cases) != planned:
        cases.append(Case("all its tests", "failed", f"{len(cases)} of {planned} gave a result"))
    return cases


def parse_junit(_output, report):
    cases = []
    try:
        tree = xml.etree.ElementTree.parse(report)
    except (OSError, xml.etree.ElementTree.ParseError):
        return [Case("all its tests", "failed", "pytest ended without a report")]
    for case in tree.iter("testcase"):
        outcome, why = "passed", ""
        for child in case:
            if child.tag in ("failure", "error"):
                outcome, why = "failed", child.get("message", "").splitlines()[0:1]
                why = why[0] if why else child.tag
            elif child.tag == "skipped":
                outcome, why = "skipped", child.get("message", "")
        cases.append(Case(case.get("name"), outcome, why))
    if not cases:
        cases.append(Case("all its tests", "failed", "it has none"))
    return cases


def environment(build):
    """What tests see: no signing key, English messages, where the build is."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("SIGNING_KEY", "SIGNING_KEY_PQ", "NONOS_PIN", "NONOS_PASSPHRASE",
                           "PKCS11_MODULE_PATH", "SOFTHSM2_CONF", "MAKEFLAGS",
                           "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    env.update(LC_ALL="C.UTF-8", NONOS_BUILD=build, CMOCKA_MESSAGE_OUTPUT="TAP",
               PYTHONDONTWRITEBYTECODE="1")
    return env


def run(job, env):
    """Runs one job; returns its cases, what it printed, and the seconds it took."""
    start = time.monotonic()
    if "LLVM_PROFILE_FILE" in env:  # LLVM's own name for what a program counted fits two of them
        env = {**env, "LLVM_PROFILE_FILE": env["LLVM_PROFILE_FILE"].replace(
            "{job}", job.name.replace("/", "-"))}
    with tempfile.TemporaryDirectory(prefix="nonos-test-") as folder:
        report = os.path.join(folder, "report.xml")
        command = [word.replace("{report}", report) for word in job.command]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        try:
            output, _ = process.communicate(timeout=job.limit)
            late = False
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # its own session: nothing else is in it
            output, _ = process.communicate()
            late = True
        output = output.decode("utf-8", "replace")
        cases = job.parse(output, report)
    if late:
        cases.append(Case("time limit", "failed", f"ended after {job.limit} s"))
    elif process.returncode != 0 and not any(case.outcome == "failed" for case in cases):
        cases.append(Case("exit status", "failed", f"status {process.returncode} after its tests"))
    return cases, output, time.monotonic() - start


def find_jobs(build, words, prefix):
    jobs = []
    for folder in PYTEST_FOLDERS:  # the slow ones first, so that none is left alone at the end
        path = os.path.join(ROOT, folder)
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else []:
            if name.startswith(prefix) and name.endswith(".py"):
                file = f"{folder}/{name}"
                command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                           "--tb=short", "--color=no", "--junitxml={report}", file]
                jobs.append(Job(file[len("tests/"):], command, parse_junit, PYTEST_LIMIT))
    programs = os.path.join(build, "tests")
    for name in sorted(os.listdir(programs)) if prefix == TESTS and os.path.isdir(programs) else []:
        path = os.path.join(programs, name)
        # Only what still has a source: a build directory can be older than the checkout.
        if os.access(path, os.X_OK) and os.path.isfile(os.path.join(ROOT, f"tests/unit/{name}.c")):
            jobs.append(Job(f"unit/{name}", [path], parse_tap, UNIT_LIMIT))
    return [job for job in jobs if not words or any(word in job.name for word in words)]


def show(job, cases, output, seconds):
    count = collections.Counter(case.outcome for case in cases)
    text = ", ".join(f"{count[outcome]} {outcome}"
                     for outcome in ("passed", "failed", "skipped") if count[outcome])
    print(f"{'FAIL' if count['failed'] else 'ok':4}  {job.name}: {text} ({seconds:.1f} s)")
    if count["failed"]:
        print("\n".join("      | " + line for line in output.splitlines()
                        if not line.startswith("ok ")))
        for case in cases:
            if case.outcome == "failed":
                print(f"      FAILED {case.name}: {case.why}")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="the build directory")
    parser.add_argument("--matrix", action="store_true", help="the boots that make test leaves out")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only tests with this in the name")
    arguments = parser.parse_args()
    # What a shell or nohup runs in the background ignores them, and so does what that starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    build = os.path.abspath(arguments.build)
    env = environment(build)
    jobs = find_jobs(build, arguments.words, MATRIX if arguments.matrix else TESTS)
    total, skipped, broken = collections.Counter(), [], []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running = {pool.submit(run, job, env): job for job in jobs}
        for done in concurrent.futures.as_completed(running):
            job = running[done]
            cases, output, seconds = done.result()
            show(job, cases, output, seconds)
            total.update(case.outcome for case in cases)
            skipped += [(job, case) for case in cases if case.outcome == "skipped"]
            broken += [(job, case) for case in cases if case.outcome == "failed"]
    for job, case in skipped:
        print(f"skipped {job.name} {case.name}: {case.why}")
    for job, case in broken:
        print(f"failed {job.name} {case.name}: {case.why}")
    if not total["passed"] and not total["failed"]:
        print("no test ran")
        total["failed"] = 1
    print(f"{total['passed']} passed, {total['failed']} failed"
          + (f", {total['skipped']} skipped" if total["skipped"] else ""))
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
