#!/usr/bin/python3
"""run.py --build DIR [--time SECONDS] [--seed N] [TARGET...]: runs the fuzz targets.

What each did is printed. Targets are DIR/fuzzers/*, their first inputs come from
DIR/fuzzers/make_seeds; as many run at once as there are processors. What a target has learnt is
kept in DIR/fuzz-corpus and used by the next run; an input that breaks something is kept in
DIR/fuzz-crashes, and the line that replays it is printed. With a seed each target tries the same
changes in the same order, as far as the time goes; without one every run tries others. Exit status
1 when anything broke, or ran nothing.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = os.path.join(ROOT, "tests", "fuzz")
SECRETS = ("SIGNING_KEY", "SIGNING_KEY_PQ", "NONOS_PIN", "NONOS_PASSPHRASE")
SEED_MAKER = "make_seeds"
REPORT_LINES = 40
LATE = 60  # seconds that a target may take beyond its time, to load its corpus and to end

# The longest inputs worth trying; the others get LENGTH.
LENGTH = 4096
LENGTHS = {"image": 40960, "verify": 40960, "seal": 40960, "svg": 40960, "compare": 81928,
           "identity": 4608, "manifest": 4100, "line": 2048,
           "authenticode": 8192}
# An answer takes milliseconds and little memory. Both limits are libFuzzer's: a breach is a crash.
LIMITS = ["-timeout=5", "-rss_limit_mb=1024", "-malloc_limit_mb=64"]

# edges: of the program's, those that some input took (libFuzzer's "cov")
Result = collections.namedtuple("Result", "target executions edges inputs crashes why log")


def environment(folder):
    """No signing key, no messages in another language, temporary files where they get removed."""
    env = {name: value for name, value in os.environ.items() if name not in SECRETS}
    env.update(LC_ALL="C.UTF-8", TMPDIR=folder,
               ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=0",
               UBSAN_OPTIONS="print_stacktrace=1")
    return env


def number(pattern, text):
    """The last number that the pattern finds; 0 without one."""
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def judge(status, late, executions, edges, crashes):
    """What is wrong with a run, or nothing."""
    if crashes:
        return "broken by an input"
    if late:
        return "did not end in time"
    if status != 0:
        return f"ended with status {status}"
    if executions == 0 or edges == 0:
        return "ran nothing"
    return ""


def run(target, build, seconds, seed):
    program = os.path.join(build, "fuzzers", target)
    corpus = os.path.join(build, "fuzz-corpus", target)
    crashes = os.path.join(build, "fuzz-crashes", target)
    for folder in (corpus, crashes):
        os.makedirs(folder, exist_ok=True)
    words = os.path.join(SOURCES, target + ".dict")
    before = set(os.listdir(crashes))
    command = [program, f"-max_total_time={seconds}", f"-max_len={LENGTHS.get(target, LENGTH)}",
               f"-seed={seed}", "-print_final_stats=1", f"-artifact_prefix={crashes}/", *LIMITS,
               *([f"-dict={words}"] if os.path.exists(words) else []),
               corpus, os.path.join(build, "fuzz-seeds", target)]
    with tempfile.TemporaryDirectory(prefix="nonos-fuzz-") as folder:
        process = subprocess.Popen(command, cwd=folder, env=environment(folder),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        late = False
        try:
            output, _ = process.communicate(timeout=seconds + LATE)
        except subprocess.TimeoutExpired:
            late = True
            os.killpg(process.pid, signal.SIGKILL)  # its own session: nothing else is in it
            output, _ = process.communicate()
    log = output.decode("utf-8", "replace")
    kept = sorted(os.path.join(crashes, name) for name in set(os.listdir(crashes)) - before)
    if process.returncode != 0 and not kept:
        # The input may be one that an earlier run has kept.
        again = re.findall(r"Test unit written to (\S+)", log)
        kept = sorted(name for name in again if os.path.exists(name))
    executions = number(r"stat::number_of_executed_units:\s*(\d+)", log) or number(r"#(\d+)", log)
    edges = number(r"cov: (\d+)", log)
    why = judge(process.returncode, late, executions, edges, kept)
    return Result(target, executions, edges, len(os.listdir(corpus)), kept, why, log)


def make_seeds(build):
    folder = os.path.join(build, "fuzz-seeds")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    maker = os.path.join(build, "fuzzers", SEED_MAKER)
    if subprocess.run([maker, folder], cwd=ROOT, check=False).returncode != 0:
        sys.exit(f"run.py: {SEED_MAKER} failed")


def find_targets(build, wanted):
    """Those that have a source: a build directory can be older than the checkout."""
    programs = os.path.join(build, "fuzzers")
    targets = [name for name in sorted(os.listdir(programs)) if name != SEED_MAKER
               and os.path.isfile(os.path.join(SOURCES, name + ".c"))]
    unknown = set(wanted) - set(targets)
    if unknown:
        sys.exit(f"run.py: no such target: {', '.join(sorted(unknown))}; "
                 f"there are: {', '.join(targets)}")
    return [name for name in targets if not wanted or name in wanted]


def cut_report(log):
    """The fuzzer's progress is not what went wrong, nor are the last lines, the shadow memory."""
    lines = [line for line in log.splitlines()
             if line.strip() and not re.match(r"^(#\d|INFO:|stat::|\s+NEW_FUNC|Dictionary:)", line)]
    begin = [i for i, line in enumerate(lines)
             if re.search(r": broken: |runtime error: |^==\d+==\s*ERROR: ", line)]
    start = begin[0] if begin else max(0, len(lines) - REPORT_LINES)
    return lines[start:start + REPORT_LINES]


def show_broken(result, build):
    print(f"\nFAILED {result.target}: {result.why}")
    print("\n".join("      | " + line for line in cut_report(result.log)))
    for path in result.crashes:
        print(f"      replay: {os.path.join(build, 'fuzzers', result.target)} {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, metavar="DIR", help="the build directory")
    parser.add_argument("--time", type=int, default=60, metavar="SECONDS", help="for each target")
    parser.add_argument("--seed", type=int, default=0, metavar="N",
                        help="of all that is tried; 0: a new one")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="only these")
    arguments = parser.parse_args()
    if arguments.time < 1:
        parser.error("--time: at least 1 second")
    build = os.path.abspath(arguments.build)
    make_seeds(build)
    targets = find_targets(build, arguments.targets)
    print(f"{'target':12} {'executions':>12} {'edges':>7} {'corpus':>7} {'crashes':>8}", flush=True)
    results = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        running = [pool.submit(run, target, build, arguments.time, arguments.seed)
                   for target in targets]
        for done in concurrent.futures.as_completed(running):
            result = done.result()
            results.append(result)
            print(f"{result.target:12} {result.executions:12} {result.edges:7} {result.inputs:7} "
                  f"{len(result.crashes):8}{'  ' + result.why if result.why else ''}", flush=True)
    broken = [result for result in results if result.why]
    for result in broken:
        show_broken(result, build)
    print(f"{len(results)} targets, {sum(r.executions for r in results)} executions, "
          f"{sum(r.edges for r in results)} edges, {sum(len(r.crashes) for r in results)} crashes")
    return 1 if broken or not results else 0


if __name__ == "__main__":
    sys.exit(main())
