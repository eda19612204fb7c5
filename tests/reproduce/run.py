#!/usr/bin/python3
"""run.py --key FILE [--keep]: builds the tree twice in unlike environments and compares every file.

What is built is the tracked files of the working tree, as they are. What differs between the two is
in environments(); what this machine cannot vary is said and counted. Both sign with the same key.
Afterwards one thing that cannot repeat, a time, is planted into both: the comparison has to see it.
"""

import argparse
import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import difference  # noqa: E402

TARGETS = ["all", "build/loader.debug.efi", "build/gen/signer.identity", "build/gen/signer.pem"]
OTHER_ID = 54321
LIMIT = 900  # seconds for one build

# wrap: words before the command; fuse: whether its folder is a disorderfs
Environment = collections.namedtuple("Environment", "name folder user umask jobs fuse wrap env")

PLANT = """
[[gnu::used, gnu::retain]] static const char planted_time[] = __DATE__ " " __TIME__;
"""


class ReproduceError(Exception):
    """What went wrong, in one line for the user."""


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=LIMIT, check=False,
                          **options)
    return done.returncode, done.stdout


def works(*command):
    try:
        return run(*command)[0] == 0
    except OSError:
        return False


def tracked():
    """Paths of what is built: tracked files, or all of an unpacked archive."""
    if (ROOT / ".git").exists():
        status, out = run("git", "-C", str(ROOT), "ls-files", "-z")
        if status:
            raise ReproduceError("git cannot list the tracked files: " + out.strip())
        names = [name for name in out.split("\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if name.split("/")[0] not in ("build", "node_modules")
                 and "__pycache__" not in name and name != "dev_signing_key.bin"]
    return [name for name in names if (ROOT / name).exists()]


def copy_tree(target, backwards):
    """The tree, in one order or the other, which some file systems show when they list a folder."""
    names = sorted(tracked(), reverse=backwards)
    names += sorted((str(path.relative_to(ROOT)) for top in ("node_modules", ".git")
                     for path in (ROOT / top).rglob("*") if path.is_file()), reverse=backwards)
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
        shutil.copymode(ROOT / name, target / name)
    for path in (ROOT / ".git").rglob("*"):  # git wants its empty folders too
        if path.is_dir():
            (target / path.relative_to(ROOT)).mkdir(parents=True, exist_ok=True)
    lock = target / "node_modules" / ".package-lock.json"
    if not lock.exists():
        raise ReproduceError("node_modules/ is not installed: run make first")
    os.utime(lock)


def turkish(folder):
    """A locale in which I and i are not one letter, made for this; nothing where it cannot be."""
    place = folder / "tr_TR.UTF-8"
    return folder if works("localedef", "-i", "tr_TR", "-f", "UTF-8", str(place)) else None


def environments(scratch):
    """The two, and a list of what could not be made to differ."""
    root = os.getuid() == 0
    kept = {name: os.environ[name] for name in (
        "PATH", "LLVM_BIN", "LLD_BIN", "SUFFIX", "PYTHON", "CONSOLE_FONT") if name in os.environ}
    path, missing = kept["PATH"].split(":"), []
    first = Environment("a", scratch / "a", os.getuid(), "022", 4, False, [], {
        **kept, "LC_ALL": "C.UTF-8", "TZ": "UTC0", "HOME": str(scratch), "USER": "builder",
        "LOGNAME": "builder", "HOSTNAME": "here"})
    env = {**kept, "PATH": ":".join(reversed(path)), "TZ": "XYZ-13:45", "HOME": "/nonexistent",
           "USER": "somebody else", "LOGNAME": "somebody else", "HOSTNAME": "there.invalid",
           "COLUMNS": "7", "TERM": "dumb", "CCACHE_DISABLE": "1", "CCACHE_DIR": "/nonexistent",
           "PYTHONHASHSEED": "77", "NOISE": "x" * 9999, "LC_ALL": "C"}
    wrap = []
    locale = turkish(scratch)
    if locale:
        env.update(LOCPATH=str(locale), LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8")
    else:
        missing.append("the locale's letters: there is no tr_TR; only C differs from C.UTF-8")
    if root and works("unshare", "--uts", "hostname", "there.invalid"):
        wrap += ["unshare", "--uts", "sh", "-c", 'hostname there.invalid; exec "$@"', "sh"]
    else:
        missing.append("the host's name: only its variable differs")
    if root:
        wrap += ["setpriv", f"--reuid={OTHER_ID}", f"--regid={OTHER_ID}", "--clear-groups"]
    else:
        missing.append("the user: that takes root")
    if works("faketime", "-f", "+3333d", "true"):
        wrap += ["faketime", "-f", "+3333d"]
        env["NO_FAKE_STAT"] = "1"  # a file that is given a time must show that time
    else:
        missing.append("the clock: faketime is missing; make setup installs it")
    fuse = root and os.path.exists("/dev/fuse") and shutil.which("disorderfs") is not None
    folder = scratch / "another" / "folder-of-another-length" / "b"
    second = Environment("b", folder, OTHER_ID if root else os.getuid(), "077", 1, fuse, wrap, env)
    if not fuse:
        missing.append("the order of files, but as copied: disorderfs needs root and /dev/fuse")
    return first, second, missing


def scratch_folders(folder):
    """Those above it that this program has made: another user has to pass them."""
    parents = list(folder.parents)
    return parents[:1 + next(i for i, each in enumerate(parents)
                             if each.name.startswith("nonos-reproduce-"))]


def prepare(environment, key):
    """Its tree, in place and mounted; returns the folder of the real files."""
    real = environment.folder
    if environment.fuse:
        real = environment.folder.with_name("files")
    copy_tree(real, backwards=environment.name == "b")
    shutil.copyfile(key, real / "dev_signing_key.bin")
    os.chmod(real / "dev_signing_key.bin", 0o600)
    if environment.user != os.getuid():
        for parent in scratch_folders(environment.folder):
            os.chmod(parent, 0o755)
        run("chown", "-R", f"{environment.user}:{environment.user}", str(real))
    if environment.fuse:
        environment.folder.mkdir(parents=True)
        status, out = run("disorderfs", "--multi-user=yes", "--reverse-dirents=yes",
                          "--shuffle-dirents=no", "--pad-blocks=0", str(real),
                          str(environment.folder))
        if status:
            raise ReproduceError("disorderfs: " + out.strip())
    return real


def start(environment, targets):
    """A build, running; what it prints goes to a file."""
    log = tempfile.TemporaryFile("w+")
    command = [*environment.wrap, "sh", "-c", f'umask {environment.umask}; exec "$@"', "sh", "make",
               f"-j{environment.jobs}", *targets]
    return subprocess.Popen(command, cwd=environment.folder, env=environment.env, stdout=log,
                            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT), log


def build(both, targets):
    running = [(each, *start(each, targets)) for each in both]
    begun, failed, late = time.monotonic(), None, False
    while any(process.poll() is None for _, process, _ in running):
        time.sleep(1)
        late = time.monotonic() - begun > LIMIT
        failed = next((name for name, process, _ in running if process.poll()), failed)
        if late or failed:
            for _, process, _ in running:
                process.kill()
    for environment, process, log in running:
        log.seek(0)
        if process.wait() and (failed is None or failed is environment):
            print(log.read()[-3000:], file=sys.stderr)
            why = f"was not done after {LIMIT} seconds" if late else "failed"
            raise ReproduceError(f"the build in environment {environment.name} {why}")


def describe(first, second, missing):
    for name, ours, theirs in [
            ("path", first.folder, second.folder), ("user", first.user, second.user),
            ("umask", first.umask, second.umask), ("jobs", first.jobs, second.jobs),
            ("clock", "true", "nine years ahead" if "faketime" in second.wrap else "true"),
            ("files", "as copied", "backwards (disorderfs)" if second.fuse else "copied backwards"),
            *[(each, first.env[each], second.env[each])
              for each in ("LC_ALL", "TZ", "HOSTNAME", "HOME", "USER")]]:
        print(f"  {name:<9} {str(ours):<34} {theirs}")
    print(f"  {len(missing)} of these could not be varied" + "".join(f"\n    {x}" for x in missing))


def compare(first, second):
    """Prints each artefact; returns how many files differ."""
    ours, theirs = first.folder / "build", second.folder / "build"
    names = {str(path.relative_to(top)) for top in (ours, theirs) for path in top.rglob("*")
             if path.is_file()}
    parts = {name for name in names if name.endswith((".o", ".d", ".a"))}
    wrong = 0
    for name in sorted(names - parts) + sorted(parts):
        found = difference.between(ours / name, theirs / name)
        wrong += found is not None
        if found is not None:
            print(f"  DIFFERS {name}: {found}")
        elif name not in parts:
            print(f"  {difference.digest(ours / name)}  {name}: 0 differing bytes")
    print(f"  and {len(parts)} objects, archives and lists of dependencies")
    return wrong, len(names)


def plant(both):
    """Adds the time to an object of both, builds that again, and looks whether it is seen."""
    for each in both:
        with open(each.folder / "kernel" / "report.c", "a", encoding="ascii") as file:
            file.write(PLANT)
    build(both, ["build/kernel.elf"])
    found = difference.between(*(each.folder / "build" / "kernel.elf" for each in both))
    return found if found and "planted_time" in found else None


def check(scratch, key):
    first, second, missing = environments(scratch)
    describe(first, second, missing)
    mounted = []
    try:
        for each in first, second:
            prepare(each, key)
            mounted += [each.folder] if each.fuse else []
        print("building both", flush=True)
        build((first, second), TARGETS)
        wrong, count = compare(first, second)
        print(f"reproduce: {count} files, {wrong} differ", flush=True)
        seen = plant((first, second))
        print(f"planted: {seen}" if seen else "planted: the time in an object was NOT seen")
        return 0 if wrong == 0 and seen else 1
    finally:
        for folder in mounted:
            run("fusermount", "-u", str(folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--key", required=True, metavar="FILE", help="what both builds sign with")
    parser.add_argument("--keep", action="store_true", help="leave both trees where they are")
    arguments = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="nonos-reproduce-"))
    try:
        return check(scratch, os.path.abspath(arguments.key))
    except (ReproduceError, OSError) as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 1
    finally:
        if arguments.keep:
            print(f"kept: {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
