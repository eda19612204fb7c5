"""Keys under a passphrase: made, opened, refused; what is typed is never shown."""

import os
import resource
import signal
import stat
import subprocess
import termios
import time

import pexpect
import pytest

from conftest import TOOL, clean_environment
from test_keys import IDENTITY, SEED, make_key

FAST = ["--wrap-cost", "interactive"]
PASSPHRASE = "correct horse battery"
OTHER = "another one"
OPEN = {"NONOS_PASSPHRASE": PASSPHRASE}


def wrap(nonos, name="wrapped", source="key", passphrase=PASSPHRASE):
    nonos("keygen", "--wrap", *FAST, "--from", source, "-o", name,
          env={**OPEN, "NONOS_NEW_PASSPHRASE": passphrase}, start_new_session=True).ok()
    return nonos.folder / name


def terminal(nonos, *arguments, env=None):
    return pexpect.spawn(str(TOOL), list(map(str, arguments)), cwd=nonos.folder, encoding="utf-8",
                         env=clean_environment(env), timeout=60)


def echoes(program):
    return bool(termios.tcgetattr(program.child_fd)[3] & termios.ECHO)


def end(program):
    program.expect(pexpect.EOF)
    program.close()
    return program.exitstatus


def test_keygen_wraps_a_new_key(nonos):
    result = nonos("keygen", "--wrap", "-o", "key", env=OPEN, umask=0).ok()
    key = nonos.folder / "key"
    content = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    # 3 passes over 256 MiB are what nobody had to ask for.
    assert len(content) == 112
    assert content[:24] == b"NONOS-WRAPPED 1\n" + bytes([3, 0, 0, 0, 0, 0, 4, 0])
    ident = IDENTITY.fullmatch(nonos("pubkey", "-k", "key", env=OPEN).ok().out).group(4)
    assert result.out == ident + "\n" and "under a passphrase" in result.err
    assert [path.name for path in nonos.folder.iterdir()] == ["key"]


def test_a_wrapped_key_is_the_same_key(nonos, image):
    make_key(nonos.folder)
    wrapped = wrap(nonos)
    assert SEED not in wrapped.read_bytes()
    plain = nonos("pubkey", "-k", "key").ok().out
    assert nonos("pubkey", "-k", "wrapped", env=OPEN).ok().out == plain
    assert nonos("pubkey", env={"SIGNING_KEY": "wrapped", **OPEN}).ok().out == plain
    nonos("digest", image, "-o", "pq.msg").ok()
    for name, env in (("key", None), ("wrapped", OPEN)):
        nonos("sign", "-k", name, image, "-o", f"{name}.bin", env=env).ok()
        nonos("sign", "-k", name, "--digest", "pq.msg", "-t", "kernel", "-o", f"{name}.sig",
              env=env).ok()
    for kind in ("bin", "sig"):
        assert ((nonos.folder / f"key.{kind}").read_bytes() ==
                (nonos.folder / f"wrapped.{kind}").read_bytes())


def test_a_passphrase_is_changed_and_taken_away(nonos):
    make_key(nonos.folder)
    wrap(nonos)
    wrap(nonos, "second", "wrapped", OTHER)
    nonos("pubkey", "-k", "second", env=OPEN).fails("KEY_PASSPHRASE", "second")
    nonos("keygen", "--from", "second", "-o", "plain", env={"NONOS_PASSPHRASE": OTHER}).ok()
    plain = nonos.folder / "plain"
    assert plain.read_bytes() == SEED and stat.S_IMODE(plain.stat().st_mode) == 0o600


def test_keygen_never_overwrites_a_key_that_it_wraps(nonos):
    key = make_key(nonos.folder)
    wrapped = wrap(nonos)
    before = wrapped.read_bytes()
    new = {**OPEN, "NONOS_NEW_PASSPHRASE": OTHER}
    for arguments in (["--wrap", "-o", "key"], ["--wrap", "--from", "key", "-o", "key"],
                      ["--wrap", "--from", "wrapped", "-o", "wrapped"],
                      ["--from", "wrapped", "-o", "key"]):
        nonos("keygen", *arguments, env=new).fails("EXISTS")
    assert key.read_bytes() == SEED and wrapped.read_bytes() == before
    assert sorted(path.name for path in nonos.folder.iterdir()) == ["key", "wrapped"]


def test_a_disk_that_is_full_leaves_the_old_key_alone(nonos):
    make_key(nonos.folder)

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))

    nonos("keygen", "--wrap", *FAST, "--from", "key", "-o", "new",
          env={"NONOS_NEW_PASSPHRASE": OTHER}, preexec_fn=small_files).fails("WRITE", "new")
    assert [path.name for path in nonos.folder.iterdir()] == ["key"]


def test_wrong_passphrase_and_altered_file_are_told_the_same(nonos, image):
    make_key(nonos.folder)
    wrapped = wrap(nonos)
    content = wrapped.read_bytes()
    wrong = nonos("pubkey", "-k", "wrapped", env={"NONOS_PASSPHRASE": OTHER})
    wrong.fails("KEY_PASSPHRASE", "wrapped")
    before = image.read_bytes()
    for at in (24, 40, 64, 111):  # salt, nonce, the key, tag
        wrapped.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1:])
        result = nonos("sign", "-k", "wrapped", image, env=OPEN).fails("KEY_PASSPHRASE", "wrapped")
        assert (result.err, result.out) == (wrong.err, wrong.out)
    assert image.read_bytes() == before


@pytest.mark.parametrize("content", [
    b"", b"\0", bytes(80), bytes(81), b"NONOS-WRAPPED "])
def test_a_wrapped_key_of_another_length_is_refused(nonos, content):
    start = b"NONOS-WRAPPED 1\n" if not content.startswith(b"NONOS") else b""
    make_key(nonos.folder, content=start + content)
    nonos("pubkey", "-k", "key", env=OPEN).fails("KEY_WRAPPED", "key")


def test_a_wrapped_key_cut_to_32_bytes_is_no_plain_key(nonos):
    make_key(nonos.folder)
    wrapped = wrap(nonos)
    wrapped.write_bytes(wrapped.read_bytes()[:32])
    nonos("pubkey", "-k", "wrapped", env=OPEN).fails("KEY_WRAPPED", "wrapped")


def test_a_hostile_cost_is_refused_before_it_is_paid(nonos):
    make_key(nonos.folder)
    content = wrap(nonos).read_bytes()
    for passes, memory in ((5, 8), (0, 8), (2**32 - 1, 8), (1, 2**20 + 1), (1, 7), (4, 2**32 - 1)):
        make_key(nonos.folder, "hostile", content[:16] + passes.to_bytes(4, "little") +
                 memory.to_bytes(4, "little") + content[24:])
        # Nobody is asked for a passphrase either.
        nonos("pubkey", "-k", "hostile", start_new_session=True,
              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (2, 2))
              ).fails("KEY_WRAPPED", "hostile")


def test_a_wrapped_key_that_others_may_read_is_refused(nonos):
    make_key(nonos.folder)
    wrap(nonos).chmod(0o640)
    nonos("pubkey", "-k", "wrapped", env=OPEN).fails("KEY_MODE", "wrapped")


def test_an_empty_or_long_passphrase_is_refused(nonos):
    for passphrase in ("", 1024 * "a"):
        nonos("keygen", "--wrap", *FAST, "-o", "key",
              env={"NONOS_PASSPHRASE": passphrase}).fails("SIZE")
    assert list(nonos.folder.iterdir()) == []
    nonos("keygen", "--wrap", *FAST, "-o", "key", env={"NONOS_PASSPHRASE": 1023 * "a"}).ok()


def test_the_development_key_is_never_wrapped(nonos):
    for name in ("dev_signing_key.bin", "./dev_signing_key.bin"):
        nonos("keygen", "--wrap", "-o", name, env=OPEN).fails("KEY_WRAPPED", name)
    nonos("keygen", "--wrap", env=OPEN).fails("USAGE")
    make_key(nonos.folder)
    wrap(nonos).rename(nonos.folder / "dev_signing_key.bin")
    nonos("pubkey", env=OPEN).fails("KEY_WRAPPED", "dev_signing_key.bin")


def test_keygen_refuses_options_that_do_not_fit(nonos):
    for arguments in (["--wrap-cost", "moderate", "-o", "key"], ["--from", "key"],
                      ["--wrap", "--wrap-cost", "cheap", "-o", "key"]):
        nonos("keygen", *arguments, env=OPEN).fails("USAGE")
    nonos("keygen", "--wrap", "--from", "nothing", "-o", "key", env=OPEN).fails("NOT_FOUND")
    assert list(nonos.folder.iterdir()) == []


def test_without_a_terminal_the_variable_is_named(nonos):
    make_key(nonos.folder)
    wrap(nonos)
    result = nonos("pubkey", "-k", "wrapped", start_new_session=True).fails("READ", "wrapped")
    assert "NONOS_PASSPHRASE" in result.err
    result = nonos("keygen", "--wrap", "--from", "key", "-o", "new", start_new_session=True)
    assert "NONOS_NEW_PASSPHRASE" in result.fails("READ").err
    assert sorted(path.name for path in nonos.folder.iterdir()) == ["key", "wrapped"]


def test_a_typed_passphrase_is_not_shown(nonos):
    make_key(nonos.folder)
    wrap(nonos)
    with open(nonos.folder / "shown", "w+", encoding="utf-8") as log:
        program = terminal(nonos, "pubkey", "-k", "wrapped")
        program.logfile_read = log
        program.expect_exact("nonos: the passphrase of wrapped: ")
        assert not echoes(program)
        program.sendline(PASSPHRASE)
        assert end(program) == 0
        log.seek(0)
        shown = log.read()
    assert PASSPHRASE not in shown and "NONOS-IDENTITY 1" in shown


def test_a_new_passphrase_is_typed_twice(nonos):
    program = terminal(nonos, "keygen", "--wrap", *FAST, "-o", "key")
    for first, second in ((PASSPHRASE, OTHER), (PASSPHRASE, ""), (PASSPHRASE, PASSPHRASE)):
        program.expect_exact("nonos: a passphrase for key: ")
        program.sendline(first)
        program.expect_exact("nonos: the same once more: ")
        assert not echoes(program)
        program.sendline(second)
    assert end(program) == 0
    nonos("pubkey", "-k", "key", env=OPEN).ok()


def test_three_different_pairs_make_no_key(nonos):
    program = terminal(nonos, "keygen", "--wrap", *FAST, "-o", "key")
    for _ in range(3):
        program.expect_exact(" for key: ")
        program.sendline(PASSPHRASE)
        program.expect_exact("once more: ")
        program.sendline(OTHER)
    assert end(program) == 77 and list(nonos.folder.iterdir()) == []


def test_ctrl_c_at_the_prompt_mends_the_terminal_and_makes_nothing(nonos):
    program = terminal(nonos, "keygen", "--wrap", *FAST, "-o", "key")
    program.expect_exact(" for key: ")
    assert not echoes(program)
    program.sendintr()
    program.expect(pexpect.EOF)
    assert echoes(program)
    program.close()
    assert program.signalstatus == signal.SIGINT and list(nonos.folder.iterdir()) == []


def test_a_stop_at_the_prompt_mends_the_terminal_until_it_goes_on(nonos):
    make_key(nonos.folder)
    wrap(nonos)
    shell = pexpect.spawn("/bin/bash", ["--norc", "--noprofile", "-i"], cwd=nonos.folder,
                          encoding="utf-8", timeout=60, env=clean_environment({"PS1": "ready> "}))
    shell.expect_exact("ready> ")
    # As the shell's own line editor would: it must not mend what nonos has to.
    shell.sendline(f"set +o emacs; stty echo; {TOOL} pubkey -k wrapped > identity")
    shell.expect_exact("nonos: the passphrase of wrapped: ")
    assert not echoes(shell)
    shell.sendcontrol("z")
    shell.expect_exact("ready> ")
    assert echoes(shell)
    shell.sendline("fg")
    shell.expect_exact("nonos: the passphrase of wrapped: ")
    assert not echoes(shell)
    shell.sendline(PASSPHRASE)
    shell.expect_exact("ready> ")
    assert IDENTITY.fullmatch((nonos.folder / "identity").read_text())
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()


def test_ctrl_c_while_a_key_is_wrapped_leaves_nothing_half_made(nonos):
    for delay in (0.05, 0.15, 0.3):
        with subprocess.Popen([TOOL, "keygen", "--wrap", "-o", "key"], cwd=nonos.folder,
                              env=clean_environment(OPEN), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as program:
            time.sleep(delay)
            program.send_signal(signal.SIGINT)
        names = [path.name for path in nonos.folder.iterdir()]
        assert names == ([] if program.returncode else ["key"])
        if names:
            assert (nonos.folder / "key").stat().st_size == 112
            (nonos.folder / "key").unlink()


def test_no_passphrase_is_in_any_message(nonos):
    make_key(nonos.folder)
    wrap(nonos)
    for value in (PASSPHRASE, OTHER, 2000 * "xyzzy"):
        result = nonos("pubkey", "-k", "wrapped", env={"NONOS_PASSPHRASE": value})
        assert value not in result.out + result.err
    assert not any(PASSPHRASE.encode() in path.read_bytes() for path in nonos.folder.iterdir())
    assert os.listdir(nonos.folder)
