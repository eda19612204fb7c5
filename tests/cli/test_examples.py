"""The example of a CI job: it can be read, calls what there is, and lets nobody see the key."""

import os
import re
import subprocess

import pytest
import yaml
from conftest import ROOT, clean_environment

KEY = "ab" * 32


@pytest.fixture(scope="module")
def steps():
    job = yaml.safe_load((ROOT / "docs/examples/ci-release.yml").read_text())
    assert set(job["on"]) == {"push"} and job["permissions"] == {"contents": "read"}
    found = {step["name"]: step for step in job["jobs"]["release"]["steps"]}
    assert len(found) == len(job["jobs"]["release"]["steps"])
    return found


def run(step, folder, **env):
    """As a runner does: the script in a file, given to bash -e."""
    script = folder / "step.sh"
    script.write_text(step["run"])
    return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], text=True,
                          cwd=folder, env=clean_environment(env), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)


def test_what_it_calls_are_targets_of_make(steps):
    makefiles = "".join(path.read_text() for path in
                        [ROOT / "Makefile", *sorted((ROOT / "tests").glob("*/rules.mk"))])
    called = [target for step in steps.values()
              for target in re.findall(r"^\s*make ([\w-]+)", step.get("run", ""), re.MULTILINE)]
    assert called == ["setup", "test", "check", "release"]
    for target in called:
        assert re.search(rf"^{target}:.*## ", makefiles, re.MULTILINE), target


def test_only_the_steps_that_need_the_key_have_it(steps):
    having = {name: step["env"] for name, step in steps.items() if "env" in step}
    assert list(having) == ["The secret is there", "Release"]
    for env in having.values():
        assert env == {"SIGNING_KEY": "${{ secrets.NONOS_SIGNING_KEY }}"}
    for name, step in steps.items():  # never in a script, where it would be printed with its lines
        assert "${{" not in step.get("run", ""), name
    for name in having:  # neither trace, nor echo, nor a file
        assert not re.search(r"set -\w*x|-\w*x\b|printenv|(echo|printf)[^'\n]*SIGNING_KEY|>[^&]",
                             steps[name]["run"]), name


@pytest.mark.parametrize("env", [{}, {"SIGNING_KEY": ""}])
def test_a_secret_that_is_lost_fails_the_job_at_once(steps, tmp_path, env):
    names = list(steps)
    assert names.index("The secret is there") < names.index("Tools")
    done = run(steps["The secret is there"], tmp_path, **env)
    assert done.returncode == 1 and "NONOS_SIGNING_KEY is empty" in done.stdout


def test_a_secret_that_is_there_passes_and_is_not_printed(steps, tmp_path):
    done = run(steps["The secret is there"], tmp_path, SIGNING_KEY=KEY)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_check_runs_the_commands_of_verify_and_fails_with_them(steps, tmp_path):
    folder = tmp_path / "build/release/nonos-1.2.3"
    folder.mkdir(parents=True)
    step = steps["Check it as those who get it will"]
    (folder / "VERIFY").write_text("1. a\n\n$ nonos one\n$ test -e there\n\n7. b\n\n$ touch 7\n")
    program = folder.parent / "nonos"
    program.write_text("#!/bin/sh\necho \"ran $1\"\n")
    program.chmod(0o755)
    done = run(step, tmp_path, PATH=os.environ["PATH"])
    assert done.returncode != 0 and "ran one" in done.stdout
    (folder / "there").write_text("")
    assert run(step, tmp_path, PATH=os.environ["PATH"]).returncode == 0
    assert not (folder / "7").exists()
