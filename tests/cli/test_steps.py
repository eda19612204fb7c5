"""tests/steps, which `make test-all` and CI are: on a tree whose Makefile only pretends to test."""

import importlib
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import ROOT

STEPS = ROOT / "tests" / "steps"
MAKEFILE = """\
parts:; @echo built
test:; @echo '5 passed, 0 failed, 2 skipped'
check:; @echo '3 passed, 1 failed'; false
wrong:; @false
matrix:; @echo no counts
machines:; @echo '7 passed, 0 failed'; false
tamper bound:; @echo doing $@
soak:; @test "$(TIME)" = 3
key:; @echo "the key is $$SIGNING_KEY"
forever:; @echo $$PPID > forever.pid; exec sleep 60
count:; @echo again >> count.log
"""


@pytest.fixture(name="tree")
def make_tree(tmp_path):
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / ".gitignore").write_text("*.log\n*.pid\nkept/\n")
    for words in ["init -q", "add -A", "-c user.name=a -c user.email=a@b commit -qm a"]:
        subprocess.run(["git", *words.split()], cwd=tmp_path, check=True, timeout=60)
    return tmp_path


def steps(tree, *words, env=None):
    """Its status, its last line, and all that it said."""
    done = subprocess.run([STEPS, *words], cwd=tree, env={**os.environ, **(env or {})}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.returncode, done.stdout.splitlines()[-1], done.stdout


def test_counts_are_added_and_a_step_without_counts_is_one(tree):
    status, last, said = steps(tree, "test", "tamper", "soak TIME=3", "--beside", "bound")
    assert (status, last) == (0, "8 passed, 0 failed, 2 skipped")
    assert re.search(r"^passed +\d+ s, +\d+ s of processor  make soak TIME=3$", said, re.MULTILINE)
    assert said.index("doing tamper") < said.index("doing bound")


@pytest.mark.parametrize("words, last", [
    (["test", "wrong"], "5 passed, 1 failed, 2 skipped"),
    (["test", "--beside", "wrong"], "5 passed, 1 failed, 2 skipped"),
    (["check"], "3 passed, 1 failed"),
    (["matrix"], "0 passed, 1 failed"),  # counts are its duty
    (["machines"], "7 passed, 1 failed"),  # its counts and its status disagree
    (["tamper", "nothing-of-this-name"], "1 passed, 1 failed")])
def test_one_failure_is_a_failure(tree, words, last):
    assert steps(tree, *words)[:2] == (1, last)


def test_what_tests_nothing_is_no_success(tree):
    assert steps(tree)[:2] == (1, "0 passed, 0 failed")


def test_nothing_runs_when_building_fails(tree):
    (tree / "Makefile").write_text(MAKEFILE.replace("@echo built", "@false"))
    status, last, said = steps(tree, "test", "--beside", "tamper")
    assert (status, last) == (1, "0 passed, 1 failed, 2 skipped")
    assert "doing" not in said and "skipped make tamper" in said


def test_the_key_reaches_make_and_nothing_else(tree):
    assert "the key is abc" in steps(tree, "key", env={"SIGNING_KEY": "abc"})[2]
    for name in ["git", "tee", "awk", "grep"]:
        (tree / name).write_text(f'#!/bin/sh\n[ -z "$SIGNING_KEY" ] || touch {tree}/seen\n'
                                 f'PATH={os.environ["PATH"]} exec {name} "$@"\n')
        os.chmod(tree / name, 0o755)
    path = f"{tree}:{os.environ['PATH']}"
    assert steps(tree, "tamper", env={"SIGNING_KEY": "abc", "PATH": path})[0] == 0
    assert not (tree / "seen").exists()


def test_an_interrupted_run_says_what_it_knows_and_the_next_one_goes_on(tree):
    process = subprocess.Popen([STEPS, "--keep", "kept", "test", "count", "forever", "tamper",
                                "--beside", "bound"], cwd=tree, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               start_new_session=True)
    deadline = time.monotonic() + 30
    while not (tree / "forever.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: its own session, nothing else in it
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "7 passed, 0 failed, 4 skipped"
    assert "skipped make forever: not reached" in said and "skipped make tamper" in said

    status, last, said = steps(tree, "--keep", "kept", "test", "count", "tamper")
    assert (status, last) == (0, "7 passed, 0 failed, 2 skipped")
    assert said.count("passed before, in this tree") == 2
    assert (tree / "count.log").read_text() == "again\n"
    steps(tree, "--keep", "kept", "test", "count", "tamper")  # that one was whole
    assert (tree / "count.log").read_text() == "again\n" * 2


def test_what_passed_in_another_tree_runs_again(tree):
    assert steps(tree, "--keep", "kept", "count", "wrong")[0] == 1
    assert steps(tree, "--keep", "kept", "count", "wrong")[0] == 1
    assert (tree / "count.log").read_text() == "again\n"
    (tree / "new").write_text("a file that nobody tracks yet")
    assert steps(tree, "--keep", "kept", "count", "wrong")[0] == 1
    assert (tree / "count.log").read_text() == "again\n" * 2


# The rows that tests/matrix/run.py keeps ----------------------------------------------------------


@pytest.fixture(name="results")
def load_results(tmp_path, monkeypatch):
    """results(OF, ANEW): what tests/matrix/run.py would go on from."""
    monkeypatch.syspath_prepend(ROOT / "tests" / "matrix")
    module = importlib.import_module("results")
    return lambda of, anew=False: module.Results(str(tmp_path / "results"), of, anew)


def test_rows_that_passed_are_known_to_the_next_run_of_the_same_kernel(results):
    first = results("kernel 1")
    first.add("passed", 1.25, "q35, UEFI, 2 processors")
    first.add("failed", 1.0, "q35, PVH, 4 processors")
    assert results("kernel 1").passed == {"q35, UEFI, 2 processors"}
    assert results("kernel 2").passed == set()
    assert results("kernel 1").passed == set()  # which that one has begun anew


def test_a_whole_run_leaves_nothing_to_go_on_from(results):
    first = results("kernel 1")
    first.add("passed", 1.25, "a")
    assert results("kernel 1", anew=True).passed == set()
    second = results("kernel 1")
    second.add("passed", 1.25, "b")
    second.end()
    assert results("kernel 1").passed == set()
