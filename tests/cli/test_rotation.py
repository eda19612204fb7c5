"""nonos trust, and a rotation from one key to the next with what each image gets at each step."""

import fcntl
import os
import re
import resource
import shutil
import subprocess
import time

import pytest
from conftest import CODES, ROOT, TOOL, clean_environment, link_kernel


@pytest.fixture
def keys(nonos):
    """A fresh tree's keys/: nobody is trusted."""
    (nonos.folder / "keys").mkdir()
    return nonos.folder / "keys"


def make(nonos, name, key=None, roles="kernel", profile="release"):
    """A key, and NAME.identity; its id."""
    key = key or f"{name}.key"
    if not (nonos.folder / key).exists():
        nonos("keygen", "-o", key).ok()
    nonos("pubkey", "-k", key, "--name", name, "--roles", roles, "--profile", profile,
          "-o", f"{name}.identity").ok()
    return re.search("^id=(.*)$", (nonos.folder / f"{name}.identity").read_text(),
                     re.MULTILINE).group(1)


def add(nonos, name, ident):
    return nonos("trust", "add", f"{name}.identity", "--id", ident)


def make_and_add(nonos, name, **more):
    ident = make(nonos, name, **more)
    add(nonos, name, ident).ok()
    return ident


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def policy(nonos, keys="keys", profile="release"):
    """Whom a loader of that tree trusts and revokes; or the code of the refusal."""
    result = nonos("policy", "--profile", profile, "--keys", keys, "-o", "policy.c")
    if result.status != 0:
        return next(name for name, (code, _) in CODES.items() if code == result.status)
    text = (nonos.folder / "policy.c").read_text()
    lists = {}
    for which in "trusted", "revoked":
        part = re.search(rf"^\.{which} = \{{(.*?)^\}},", text, re.MULTILINE | re.DOTALL)
        lists[which] = re.findall(r'\.name = "([\w-]+)"', part.group(1)) if part else []
    said = "trusts " + ", ".join(lists["trusted"])
    return said + (f"; revokes {', '.join(lists['revoked'])}" if lists["revoked"] else "")


# The table of docs/keys.md -----------------------------------------------------------------------

def documented(title, columns, corner=""):
    """{row: [what stands in each column]}"""
    text = (ROOT / "docs/keys.md").read_text()
    part = re.search(rf"^### {title}$.*?(?=^##)", text, re.MULTILINE | re.DOTALL)
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in part.group(0).splitlines() if line.startswith("| ")]
    assert rows[0] == [corner, *columns]
    return {row[0]: row[1:] for row in rows[1:]}


def outcome(nonos, keys, image, floor=1):
    result = nonos("verify", "--keys", keys, "--floor", floor, image)
    if result.status == 0:
        assert "verdict    verified" in result.out
        return "verified"
    return next(name for name, (code, _) in CODES.items() if code == result.status)


def test_a_rotation_gives_what_the_document_says(nonos, release, keys):
    for name in "old", "new", "other":
        make(nonos, name)
        nonos("sign", "-k", f"{name}.key", release, "-o", f"{name}.bin").ok()
    old, new = (make(nonos, name) for name in ("old", "new"))
    states = []

    add(nonos, "old", old).ok()
    states.append(shutil.copytree(keys, nonos.folder / "1"))
    add(nonos, "new", new).ok()
    states.append(shutil.copytree(keys, nonos.folder / "2"))
    (nonos.folder / "3").mkdir()
    nonos("trust", "add", "new.identity", "--id", new, "--keys", "3").ok()
    states.append(nonos.folder / "3")
    nonos("trust", "revoke", "old").ok()
    states.append(shutil.copytree(keys, nonos.folder / "4"))

    images = {"signed by old": "old.bin", "signed by new": "new.bin",
              "signed by another": "other.bin", "not signed": release}
    table = documented("What each image gets", ["1 old", "2 both", "3 new", "4 old revoked"])
    for row, image in images.items():
        assert [outcome(nonos, state, image) for state in states] == table.pop(row), row
    assert [policy(nonos, state) for state in states] == table.pop("`nonos policy`")
    assert table == {}


def test_a_raised_security_version_gives_what_the_document_says(nonos, keys, tmp_path):
    make_and_add(nonos, "acme")
    table = documented("What each security version gets", ["floor 1", "floor 2"])
    for version in 1, 2:
        kernel = link_kernel(tmp_path / f"v{version}", profile="release", security_version=version)
        nonos("seal", kernel, "-o", "sealed").ok()
        nonos("sign", "-k", "acme.key", "sealed", "-o", f"{version}.bin").ok()
        row = table.pop(f"security version {version}")
        assert [outcome(nonos, "keys", f"{version}.bin", floor) for floor in (1, 2)] == row
    assert table == {}


def test_the_last_step_cannot_be_taken_first(nonos, keys):
    make_and_add(nonos, "old")
    before = content(keys)
    result = nonos("trust", "revoke", "old").fails("NO_IDENTITY", "old")
    assert "trust its successor first" in result.err
    assert content(keys) == before and policy(nonos) == "trusts old"
    make_and_add(nonos, "new")
    nonos("trust", "revoke", "old").ok()
    nonos("trust", "revoke", "new").fails("NO_IDENTITY", "new")


# list --------------------------------------------------------------------------------------------

def test_list_shows_each_with_its_state(nonos, keys):
    assert nonos("trust", "list").ok().out == ""
    old = make_and_add(nonos, "old")
    new = make_and_add(nonos, "new", roles="kernel,capsule,bundle")
    nonos("trust", "revoke", "old").ok()
    assert nonos("trust", "list").ok().out == (
        f"trusted {new} release kernel,capsule,bundle new\nrevoked {old} release kernel old\n")
    keys.rename(nonos.folder / "others")
    nonos("trust", "list").fails("NOT_FOUND", "keys")
    assert nonos("trust", "list", "--keys", "others").ok().out.count("\n") == 2


# add ---------------------------------------------------------------------------------------------

def test_add_writes_the_identity_and_its_pin(nonos, keys):
    (keys / "pins").write_text("# whom we trust")
    ident = make(nonos, "acme")
    said = add(nonos, "acme", ident).ok()
    assert said.out == f"trusted {ident} release kernel acme\n"
    assert content(keys) == {
        "pins": f"# whom we trust\n{ident} acme.identity\n".encode(),
        "trusted/acme.identity": (nonos.folder / "acme.identity").read_bytes()}
    assert policy(nonos) == "trusts acme"


def test_add_takes_the_name_of_the_identity_and_not_of_the_file(nonos, keys):
    ident = make(nonos, "acme")
    (nonos.folder / "acme.identity").rename(nonos.folder / "received")
    nonos("trust", "add", "received", "--id", ident).ok()
    assert (keys / "trusted/acme.identity").exists()


def test_add_takes_an_identity_from_a_pipe(nonos, keys):
    ident = make(nonos, "acme")
    with subprocess.Popen(["cat", nonos.folder / "acme.identity"], stdout=subprocess.PIPE) as cat:
        nonos("trust", "add", "/dev/stdin", "--id", ident, stdin=cat.stdout).ok()
    assert (keys / "trusted/acme.identity").read_text() == \
        (nonos.folder / "acme.identity").read_text()


def refused(nonos, keys, *arguments):
    """Asserts that nothing changed; gives the answer."""
    before = content(keys)
    result = nonos("trust", *arguments)
    assert result.status != 0 and content(keys) == before
    return result


def test_add_takes_only_the_id_that_the_owner_read(nonos, keys):
    ident = make(nonos, "acme")
    other = make(nonos, "other")
    refused(nonos, keys, "add", "acme.identity", "--id", other).fails("IDENTITY_PIN",
                                                                     "acme.identity")
    for bad in ident[:-1], ident + "0", ident.upper(), "", ident[:-1] + "g":
        refused(nonos, keys, "add", "acme.identity", "--id", bad).fails("USAGE", "trust")
    refused(nonos, keys, "add", "acme.identity").fails("USAGE", "trust")


def test_add_refuses_what_is_no_identity(nonos, keys):
    ident = make(nonos, "acme")
    refused(nonos, keys, "add", "missing", "--id", ident).fails("NOT_FOUND", "missing")
    text = (nonos.folder / "acme.identity").read_text()
    (nonos.folder / "bad").write_text(text.replace("roles=kernel", "roles=root"))
    refused(nonos, keys, "add", "bad", "--id", ident).fails("IDENTITY_SYNTAX", "bad")
    (nonos.folder / "bad").write_text(text.replace(ident, 64 * "0"))
    refused(nonos, keys, "add", "bad", "--id", 64 * "0").fails("IDENTITY_ID", "bad")


def test_add_refuses_development_identities(nonos, keys):
    ident = make(nonos, "dev", profile="dev")
    refused(nonos, keys, "add", "dev.identity", "--id", ident).fails("POLICY_DEV", "dev.identity")


def test_add_refuses_the_development_key_by_content(nonos, keys):
    ident = nonos("keygen").ok().out.strip()
    nonos("pubkey", "-o", "sly.identity").ok()
    text = (nonos.folder / "sly.identity").read_text()
    (nonos.folder / "sly.identity").write_text(text.replace("profile=dev", "profile=release")
                                               .replace("name=dev", "name=sly"))
    refused(nonos, keys, "add", "sly.identity", "--id", ident).fails("POLICY_DEV", "sly.identity")
    (nonos.folder / "dev_signing_key.bin").chmod(0o644)
    refused(nonos, keys, "add", "sly.identity", "--id", ident).fails("KEY_MODE")
    (nonos.folder / "dev_signing_key.bin").chmod(0o600)
    make_and_add(nonos, "acme")


def test_add_refuses_duplicates(nonos, keys):
    acme = make_and_add(nonos, "acme")
    refused(nonos, keys, "add", "acme.identity", "--id", acme).fails("IDENTITY_DUPLICATE")
    ident = make(nonos, "alias", key="acme.key")
    said = refused(nonos, keys, "add", "alias.identity", "--id", ident).fails("IDENTITY_DUPLICATE")
    assert "acme, which is trusted" in said.err
    make_and_add(nonos, "next")
    nonos("trust", "revoke", "acme").ok()
    for name in "acme", "alias":
        said = refused(nonos, keys, "add", f"{name}.identity", "--id", acme)
        assert "acme, which is revoked" in said.fails("IDENTITY_DUPLICATE").err
    for name in "acme", "next":
        ident = make(nonos, name, key="fresh.key")
        refused(nonos, keys, "add", f"{name}.identity", "--id", ident).fails("EXISTS", name)


def test_add_refuses_more_than_can_be_used(nonos, keys):
    make_and_add(nonos, "first")
    (keys / "pins").write_bytes((keys / "pins").read_bytes() + b"#" + 65400 * b"x" + b"\n")
    ident = make(nonos, "acme")
    refused(nonos, keys, "add", "acme.identity", "--id", ident).fails("SIZE", "keys/pins")


def test_a_failed_pin_takes_the_identity_back(nonos, keys):
    ident = make(nonos, "acme")
    (keys / "pins").write_text("#" + 9000 * "x" + "\n")
    before = content(keys)
    limited = nonos("trust", "add", "acme.identity", "--id", ident, preexec_fn=lambda: (
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))))
    assert "ulimit -f" in limited.fails("WRITE", "keys/pins").err
    assert content(keys) == before
    add(nonos, "acme", ident).ok()


# revoke ------------------------------------------------------------------------------------------

def test_revoke_keeps_the_identity_whole(nonos, keys):
    ident = make_and_add(nonos, "acme")
    make_and_add(nonos, "next")
    before = content(keys)
    said = nonos("trust", "revoke", "acme").ok()
    assert said.out == f"revoked {ident} release kernel acme\n"
    before["revoked/acme.identity"] = before.pop("trusted/acme.identity")
    assert content(keys) == before
    refused(nonos, keys, "revoke", "acme").fails("REVOKED", "acme")
    assert policy(nonos) == "trusts next; revokes acme"


def test_revoke_keeps_one_who_signs_kernels(nonos, keys):
    make_and_add(nonos, "acme")
    make_and_add(nonos, "capsules", roles="capsule")
    refused(nonos, keys, "revoke", "acme").fails("NO_IDENTITY", "acme")
    nonos("trust", "revoke", "capsules").ok()


def test_revoke_keeps_the_last_whatever_it_signs(nonos, keys):
    make_and_add(nonos, "capsules", roles="capsule")
    refused(nonos, keys, "revoke", "capsules").fails("NO_IDENTITY", "capsules")


@pytest.mark.parametrize("name", ["nobody", "acme2"])
def test_revoke_needs_somebody_who_is_trusted(nonos, keys, name):
    make_and_add(nonos, "acme")
    make_and_add(nonos, "next")
    refused(nonos, keys, "revoke", name).fails("NOT_FOUND", name)


@pytest.mark.parametrize("name", ["../x", "Acme", "acme.identity", "", "a b"])
def test_revoke_takes_only_names(nonos, keys, name):
    refused(nonos, keys, "revoke", name).fails("USAGE", "trust")


def test_revoke_does_not_write_over_a_file(nonos, keys):
    make_and_add(nonos, "acme")
    make_and_add(nonos, "next")
    (keys / "revoked").write_text("not a folder")
    refused(nonos, keys, "revoke", "acme").fails("READ", "keys/revoked")
    (keys / "revoked").unlink()
    (keys / "revoked").symlink_to("nowhere")
    refused(nonos, keys, "revoke", "acme").fails("WRITE")


# A folder that is not in order -------------------------------------------------------------------

def disorder(keys, how):
    path = keys / "trusted/acme.identity"
    if how == "unpinned":
        (keys / "pins").write_text("")
    elif how == "lost":
        path.unlink()
    elif how == "other id":
        (keys / "pins").write_text(re.sub("^[0-9a-f]", "x", (keys / "pins").read_text()))
    elif how == "both":
        (keys / "revoked").mkdir()
        shutil.copy(path, keys / "revoked")
    elif how == "stray":
        (keys / "trusted/notes.txt").write_text("x")
    elif how == "pinned twice":
        (keys / "pins").write_text(2 * (keys / "pins").read_text())


@pytest.mark.parametrize("how, code", [
    ("unpinned", "IDENTITY_PIN"), ("lost", "IDENTITY_PIN"), ("other id", "IDENTITY_SYNTAX"),
    ("both", "IDENTITY_DUPLICATE"), ("stray", "IDENTITY_SYNTAX"),
    ("pinned twice", "IDENTITY_PIN")])
def test_a_folder_that_is_not_in_order_is_not_changed(nonos, keys, how, code):
    for name in "acme", "next":
        make_and_add(nonos, name)
    ident = make(nonos, "third")
    disorder(keys, how)
    for command in (["list"], ["add", "third.identity", "--id", ident], ["revoke", "acme"],
                    ["revoke", "next"]):
        refused(nonos, keys, *command).fails(code)


def test_a_folder_that_is_not_there_is_not_made(nonos):
    ident = make(nonos, "acme")
    nonos("trust", "add", "acme.identity", "--id", ident).fails("NOT_FOUND", "keys")
    nonos("trust", "revoke", "acme").fails("NOT_FOUND", "keys")
    assert not (nonos.folder / "keys").exists()


def test_two_writers_take_turns(nonos, keys):
    """A second one waits for the lock of the first, and then sees what it did."""
    ident = make(nonos, "acme")
    lock = os.open(keys, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    waiting = subprocess.Popen([TOOL, "trust", "add", "acme.identity", "--id", ident],
                               cwd=nonos.folder, env=clean_environment(), stdout=subprocess.PIPE)
    time.sleep(0.3)
    assert waiting.poll() is None and content(keys) == {}
    os.close(lock)
    out, _ = waiting.communicate(timeout=30)
    assert waiting.returncode == 0 and out.startswith(b"trusted ")
    assert sorted(content(keys)) == ["pins", "trusted/acme.identity"]


@pytest.mark.parametrize("arguments", [
    [], ["list", "x"], ["add"], ["add", "x", "y", "--id", 64 * "0"], ["revoke"],
    ["revoke", "x", "y"], ["remove", "x"], ["list", "--id", 64 * "0"],
    ["revoke", "x", "--id", 64 * "0"]], ids=lambda words: " ".join(words)[:20])
def test_trust_takes_one_of_three_words(nonos, arguments):
    nonos("trust", *arguments).fails("USAGE", "trust")
    assert list(nonos.folder.iterdir()) == []
