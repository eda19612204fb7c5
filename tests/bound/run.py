#!/usr/bin/python3
"""run.py PROGRAM: verifies the hardest images there are, and judges what each cost.

PROGRAM (bound.c) makes one image a run and counts bytes hashed, signatures checked, stack and
allocations; valgrind counts the instructions of the same run. Nothing here is a time. The limits
are those that docs/image-format.md states. Exit status 1 when one is exceeded.
"""

import os
import re
import subprocess
import sys
import tempfile

LIMIT_S = 600  # of one run: what does not end is a failure, too
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def stated(name):
    """A number of the page, by its name in the table of limits there."""
    with open(os.path.join(ROOT, "docs", "image-format.md"), encoding="utf-8") as page:
        found = re.findall(rf"^\| {re.escape(name)} \| ([0-9,]+) ", page.read(), re.MULTILINE)
    if len(found) != 1:
        sys.exit(f"run.py: docs/image-format.md does not state: {name}")
    return int(found[0].replace(",", ""))


LIMITS = {name: stated(name) for name in (
    "instructions for each byte", "instructions for each Ed25519 check",
    "instructions for each ML-DSA-65 check", "instructions besides",
    "stack", "stack of ML-DSA-65, the workspace")}


def instructions(program, case, folder):
    """Those of image_verify() and all that it calls."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=bound_measured",
         f"--callgrind-out-file={folder}/out", program, case],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=LIMIT_S, check=False)
    found = re.search(r"Collected : (\d+)", done.stdout)
    if done.returncode != 0 or not found or int(found[1]) < 10000:
        sys.exit(f"run.py: {case}: valgrind counted nothing:\n{done.stdout}")
    return int(found[1])


def judge(cost, counted):
    """What is over its limit."""
    checks = cost["trusted"] + cost["revoked"] + 1
    limit = (LIMITS["instructions for each byte"] * cost["len"]
             + LIMITS["instructions for each Ed25519 check"] * checks
             + LIMITS["instructions for each ML-DSA-65 check"] * 2
             + LIMITS["instructions besides"])
    rows = (
        ("bytes hashed", cost["hashed"], cost["len"] - 64),
        ("Ed25519", cost["ed25519"], checks),
        ("ML-DSA-65", cost["mldsa65"], 2),
        ("parsed", cost["parsed"], 2),
        ("allocations", cost["allocations"], 0),
        ("stack", cost["stack"], LIMITS["stack"]),
        ("workspace", cost["workspace"], LIMITS["stack of ML-DSA-65, the workspace"]),
        ("instructions", counted, limit),
    )
    return limit, [f"{what} {have}, at most {most}" for what, have, most in rows if have > most]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: run.py PROGRAM")
    program = os.path.abspath(sys.argv[1])
    cases = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    print(f"{'image':34} {'answer':14} {'hashed':>9} {'Ed25519':>7} {'ML-DSA':>6} {'stack':>6} "
          f"{'workspace':>9} {'instructions':>13} {'of limit':>8}", flush=True)
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            done = subprocess.run([program, case], stdin=subprocess.DEVNULL, check=False, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=LIMIT_S)
            cost = dict(re.findall(r"(\w+)=(\w+)", done.stdout))
            if done.returncode != 0 or cost.get("code") != cost.get("expected"):
                sys.exit(f"run.py: {case}: not the answer it is made for:\n{done.stdout}")
            numbers = {name: int(value) for name, value in cost.items() if value.isdigit()}
            counted = instructions(program, case, folder)
            limit, over = judge(numbers, counted)
            wrong += [f"{case}: {what}" for what in over]
            print(f"{case:34} {cost['code']:14} {numbers['hashed']:9} {numbers['ed25519']:7} "
                  f"{numbers['mldsa65']:6} {numbers['stack']:6} {numbers['workspace']:9} "
                  f"{counted:13,} {100 * counted // limit:7}%", flush=True)
    for what in wrong:
        print(f"over the limit: {what}")
    print(f"{len(cases)} images, {len(wrong)} over a limit; allocations 0")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
