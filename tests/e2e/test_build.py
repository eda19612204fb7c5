"""The build itself: the same bytes anywhere, clear errors, and who sees the signing key."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

import pytest

import machine
from conftest import ROOT
from guest import Guest

MADE = ["kernel.bin", "BOOTX64.EFI", "nonos.img"]


def copy_of_the_tree(folder):
    """A clone, brought to the state of the working tree; a plain copy of an unpacked archive."""
    if not os.path.exists(f"{ROOT}/.git"):
        shutil.copytree(ROOT, folder, symlinks=True, ignore=shutil.ignore_patterns(
            "build", "node_modules", "__pycache__", ".pytest_cache", "dev_signing_key.bin"))
    else:
        git = ["git", "-c", "safe.directory=*"]
        subprocess.run([*git, "clone", "-q", "--no-hardlinks", ROOT, folder], check=True,
                       timeout=60)

        def names(*options):
            done = subprocess.run([*git, "-C", ROOT, "ls-files", "-z", *options], check=True,
                                  stdout=subprocess.PIPE, timeout=60)
            return [name for name in done.stdout.decode().split("\0") if name]

        staged = subprocess.run([*git, "-C", ROOT, "diff", "--cached", "--name-only", "-z"],
                                check=True, stdout=subprocess.PIPE, timeout=60).stdout.decode()
        for name in {*names("-m"), *names("-o", "--exclude-standard"), *staged.split("\0")} - {""}:
            target = os.path.join(folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.exists(f"{ROOT}/{name}"):
                shutil.copy2(f"{ROOT}/{name}", target)
            elif os.path.exists(target):
                os.remove(target)
        # What is tracked decides over the manifest's source: it must be the same in both.
        subprocess.run([*git, "-C", folder, "add", "--intent-to-add", "--", *names("-c")],
                       check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=60)
    shutil.copytree(f"{ROOT}/node_modules", f"{folder}/node_modules", symlinks=True)
    os.utime(f"{folder}/node_modules/.package-lock.json")


def make(folder, *arguments, env=None, timeout=240):
    return subprocess.run(["make", "-C", folder, *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=timeout, check=False, env=env)


@pytest.fixture
def elsewhere():
    """A folder that another user can reach, which those of pytest are not."""
    with tempfile.TemporaryDirectory(prefix="nonos-elsewhere-") as folder:
        os.chmod(folder, 0o755)
        yield folder


def watched_programs(folder):
    """Programs of a build that record, each in a file of seen/, whether they see a key."""
    os.makedirs(folder / "bin")
    os.makedirs(folder / "seen")
    os.chmod(folder / "seen", 0o777)
    for name in ("clang-19 ld.lld-19 lld-link-19 llvm-ar-19 llvm-nm-19 npm git mcopy mmd mkfs.fat "
                 "sgdisk pkg-config awk sed find").split():
        real = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        assert real, name
        wrapper = folder / "bin" / name
        wrapper.write_text(textwrap.dedent(f"""\
            #!/bin/sh
            if [ -n "${{SIGNING_KEY+x}}${{SIGNING_KEY_PQ+x}}" ] ||
                [ -n "${{NONOS_PIN+x}}${{NONOS_PASSPHRASE+x}}" ]
            then echo leak; else echo none; fi >> {folder}/seen/{name}
            exec {real} "$@"
            """))
        wrapper.chmod(0o755)
    return folder / "bin", folder / "seen"


def test_another_clone_zone_umask_user_and_a_key_in_the_environment_give_the_same_bytes(
        build, elsewhere):
    """And no program but nonos sees that key."""
    key = f"{ROOT}/dev_signing_key.bin"
    with open(f"{build}/gen/signer.identity", encoding="ascii") as file:
        wanted = file.read()
    if not os.path.exists(key) or subprocess.run(
            [f"{build}/nonos", "pubkey", "-k", key], stdout=subprocess.PIPE, text=True, timeout=60,
            check=False).stdout != wanted:
        pytest.skip("this build is not signed with dev_signing_key.bin")
    folder = f"{elsewhere}/clone"
    copy_of_the_tree(folder)
    programs, seen = watched_programs(pathlib.Path(elsewhere))
    with open(key, "rb") as file:
        digits = file.read().hex()
    as_other, env = [], {**os.environ, "TZ": "Pacific/Chatham", "USER": "somebody",
                         "LOGNAME": "somebody", "HOME": elsewhere, "LANG": "C",
                         "PATH": f"{programs}:{os.environ['PATH']}", "SIGNING_KEY": digits,
                         "NONOS_PIN": digits, "NONOS_PASSPHRASE": digits}
    if os.getuid() == 0:  # really another user
        as_other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        subprocess.run(["chown", "-R", "65534:65534", elsewhere], check=True, timeout=60)
    done = subprocess.run([*as_other, "sh", "-c", 'umask 077; exec make -j2 -C "$1"', "sh", folder],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=240, check=False, env=env)
    assert done.returncode == 0, done.stdout
    for name in MADE:
        with open(f"{build}/{name}", "rb") as ours, open(f"{folder}/build/{name}", "rb") as theirs:
            assert ours.read() == theirs.read(), name
    recorded = {each.name: each.read_text() for each in seen.iterdir()}
    assert {"clang-19", "ld.lld-19", "lld-link-19", "llvm-ar-19", "mcopy"} <= set(recorded)
    assert [name for name, text in recorded.items() if "leak" in text] == []
    assert digits not in done.stdout
    found = subprocess.run(["grep", "-rlF", digits, folder], stdout=subprocess.PIPE, text=True,
                           timeout=60, check=False)
    assert found.stdout == ""
    assert not os.path.exists(f"{folder}/dev_signing_key.bin")


def test_second_make_has_nothing_to_do(build):
    assert make(ROOT, "-q", f"BUILD={build}").returncode == 0


# Programs of the build, and what the one line says when one is missing.
@pytest.mark.parametrize("hidden, name, package", [
    ("clang-19", "clang-19", "clang-19"), ("ld.lld-19", "ld.lld-19", "lld-19"),
    ("lld-link-19", "lld-link-19", "lld-19"), ("npm", "npm", "npm"),
    ("b3sum", "b3sum", "b3sum"), ("mcopy", "mcopy", "mtools"),
])
def test_missing_program_is_one_clear_line(tmp_path, hidden, name, package):
    path = path_without(tmp_path, hidden)
    folder = tmp_path / "tree"
    folder.mkdir()
    for each in os.listdir(ROOT):  # without node_modules, so that npm is needed
        if each not in ("build", "node_modules", ".git"):
            os.symlink(f"{ROOT}/{each}", folder / each)
    done = make(str(folder), env={"PATH": path, "HOME": str(tmp_path)})
    assert done.returncode == 2
    lines = [line for line in done.stdout.splitlines() if not line.startswith("make")]
    assert re.fullmatch(rf"missing: {re.escape(name)} \(needed to build\): "
                        rf"(sudo )?apt-get install {re.escape(package)}", lines[0]), done.stdout
    assert "stopped" in lines[1] and len(lines) == 2


def path_without(folder, hidden):
    """A PATH with everything in it but one program."""
    programs = folder / "bin"
    programs.mkdir()
    for place in os.environ["PATH"].split(":") + ["/usr/sbin", "/sbin"]:
        for each in os.listdir(place) if os.path.isdir(place) else []:
            if each != hidden and not os.path.lexists(programs / each):
                os.symlink(os.path.join(place, each), programs / each)
    return str(programs)


def test_missing_library_is_one_clear_line(tmp_path):
    done = subprocess.run([f"{ROOT}/scripts/doctor", "--build"], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=60, check=False, cwd=ROOT,
                          env={**os.environ, "PKG_CONFIG_LIBDIR": str(tmp_path),
                               "BUILD": str(tmp_path)})
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for line, name, package in zip(lines, ("libsodium", "p11-kit-1"),
                                   ("libsodium-dev", "libp11-kit-dev")):
        assert re.fullmatch(rf"missing: the library {name} with its headers \(needed to build\): "
                            rf"(sudo )?apt-get install {package}", line)


def test_missing_font_is_one_clear_line(tmp_path):
    done = subprocess.run([f"{ROOT}/scripts/doctor", "--build"], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=60, check=False, cwd=ROOT,
                          env={**os.environ, "CONSOLE_FONT": f"{tmp_path}/none.psf.gz",
                               "BUILD": str(tmp_path)})
    assert done.returncode == 1
    assert re.fullmatch(r"missing: the console font Spleen \(needed to build\): "
                        r"(sudo )?apt-get install fonts-spleen\n", done.stdout)


def test_missing_firmware_and_qemu_are_one_clear_line(monkeypatch):
    with pytest.raises(machine.MachineError, match="OVMF is missing: make setup installs it"):
        machine.find_firmware([("/nonexistent/CODE.fd", "/nonexistent/VARS.fd")])
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(machine.MachineError, match="qemu-system-x86_64 is missing"):
        machine.find_qemu()


@pytest.mark.parametrize("change, message", [
    ("registry", "the npm registry cannot be reached"),
    ("integrity", "not the one whose SHA-512 is in package-lock.json"),
    ("program", "npm is missing"),
])
def test_npm_failures_are_one_clear_line(tmp_path, change, message):
    folder = tmp_path / "tree"
    (folder / "scripts").mkdir(parents=True)
    for name in "package.json", "package-lock.json", "scripts/npm-ci":
        shutil.copy(f"{ROOT}/{name}", folder / name)
    env = {**os.environ, "npm_config_cache": str(tmp_path / "cache"),
           "npm_config_fetch_retries": "0"}
    if change == "registry":
        env["npm_config_registry"] = "http://127.0.0.1:9/"
    elif change == "program":
        env["PATH"] = path_without(tmp_path, "npm")
    else:
        lock = (folder / "package-lock.json").read_text()
        (folder / "package-lock.json").write_text(
            re.sub(r"sha512-(.)", lambda at: "sha512-" + ("B" if at[1] == "A" else "A"), lock))
    done = subprocess.run([str(folder / "scripts/npm-ci")], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=120, check=False, env=env)
    if change == "integrity" and "cannot be reached" in done.stdout:
        pytest.skip("the npm registry cannot be reached")
    assert done.returncode == 1 and message in done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("setting, message", [
    ({"SIGNING_KEY": ""}, "SIGNING_KEY is set but empty"),
    ({"PROFILE": "release"}, "a release never uses a development key"),
])
def test_wrong_key_settings_stop_the_build(tmp_path, setting, message):
    env = {name: value for name, value in os.environ.items() if name != "SIGNING_KEY"}
    done = make(ROOT, f"BUILD={tmp_path}/build", env={**env, **setting})
    assert done.returncode == 2 and message in done.stdout
    assert not os.path.exists(f"{tmp_path}/build/kernel.bin")


@pytest.mark.parametrize("profile", ["dev", "release"])
def test_what_is_not_signed_asks_for_no_key(tmp_path, profile):
    out = f"{tmp_path}/build"
    env = {name: value for name, value in os.environ.items() if name != "SIGNING_KEY"}
    settings = ["-n", f"PROFILE={profile}", f"BUILD={out}"]
    for goals in ["unsigned"], ["tools"], [f"{out}/kernel.unsigned", f"{out}/nonos"]:
        done = make(ROOT, *settings, *goals, env=env)
        assert done.returncode == 0, done.stdout
        assert "nonos keygen" not in done.stdout and "dev_signing_key" not in done.stdout
    done = make(ROOT, *settings, "unsigned", "kernel", env=env)
    if profile == "release":
        assert done.returncode == 2 and "PROFILE=release needs SIGNING_KEY" in done.stdout
    else:
        assert f"{out}/nonos sign -k dev_signing_key.bin" in done.stdout


def test_key_on_the_command_line_is_refused(tmp_path):
    done = make(ROOT, f"BUILD={tmp_path}/build", "SIGNING_KEY=" + "ab" * 32)
    assert done.returncode == 2 and "must be the path of a file" in done.stdout


def test_run_without_a_terminal_ends_at_ready(build):
    done = subprocess.run([sys.executable, "-B", f"{ROOT}/scripts/run.py", "--build", build],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=120,
                          check=False)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "NONOS: ready"


def test_run_on_a_terminal_gives_the_prompt_and_ctrl_a_x_leaves(build):
    terminal = Guest([sys.executable, "-B", f"{ROOT}/scripts/run.py", "--build", build])
    try:
        terminal.wait_for_prompt()
        assert "verified development image" in terminal.ask("info")
        terminal.send("\x01x")
        assert terminal.wait_for_end() == 0
    finally:
        terminal.end()


def test_run_without_a_terminal_fails_on_a_refusal(build, tmp_path):
    for name in "kernel.bin", "nonos.img":
        shutil.copy(f"{build}/{name}", tmp_path / name)
    with open(tmp_path / "nonos.img", "r+b") as image, open(f"{build}/kernel.bin", "rb") as kernel:
        place = image.read().index(kernel.read(4096))
        image.seek(place + 8192)
        image.write(b"changed")
    done = subprocess.run([sys.executable, "-B", f"{ROOT}/scripts/run.py", "--build",
                           str(tmp_path)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "NONOS: refused" in done.stderr and "(ED25519, code 22)" in done.stderr
