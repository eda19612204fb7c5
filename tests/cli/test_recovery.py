"""The main signing key is lost: what a recovery identity is for, and what is said without one."""

import shutil

from test_rotation import documented, keys, make_and_add, outcome, policy  # noqa: F401


def test_a_recovery_identity_signs_when_the_main_key_is_lost(nonos, release, keys):
    """From the first day to the loaders that follow: the table of docs/keys.md."""
    for name in "main", "recovery":
        make_and_add(nonos, name)
    nonos("sign", "-k", "main.key", release, "-o", "main.bin").ok()
    assert nonos("trust", "list").ok().err == ""
    assert policy(nonos) == "trusts main, recovery"
    installed = shutil.copytree(keys, nonos.folder / "installed")

    (nonos.folder / "main.key").unlink()
    nonos("sign", "-k", "main.key", release, "-o", "next.bin").fails("NOT_FOUND", "main.key")
    nonos("trust", "revoke", "main").ok()
    nonos("sign", "-k", "recovery.key", release, "-o", "recovery.bin").ok()
    assert "signer     recovery (release)\n" in nonos("verify", "recovery.bin").ok().out
    assert policy(nonos) == "trusts recovery; revokes main"

    table = documented("A recovery identity", ["signed by main", "signed by recovery"], "loader")
    for row, state in ("installed before the loss", installed), (
            "built after `nonos trust revoke`", keys):
        assert [outcome(nonos, state, f"{who}.bin") for who in ("main", "recovery")] == (
            table.pop(row)), row
    assert table == {}

    # Two again, before the next loss.
    assert "recovery alone may sign release kernels" in nonos("trust", "list").ok().err
    for name in "main-2", "recovery-2":
        make_and_add(nonos, name)
    nonos("trust", "revoke", "recovery").ok()
    assert nonos("trust", "list").ok().err == ""
    assert policy(nonos) == "trusts main-2, recovery-2; revokes main, recovery"


def test_without_a_recovery_identity_installed_loaders_take_nothing_new(nonos, release, keys):
    make_and_add(nonos, "main")
    installed = shutil.copytree(keys, nonos.folder / "installed")
    nonos("trust", "revoke", "main").fails("NO_IDENTITY", "main")
    make_and_add(nonos, "next")
    nonos("trust", "revoke", "main").ok()
    nonos("sign", "-k", "next.key", release, "-o", "next.bin").ok()
    assert outcome(nonos, installed, "next.bin") == "ED25519"


def test_list_warns_when_one_alone_may_sign_release_kernels(nonos, keys):
    warning = "nonos: warning: %s alone may sign release kernels: "
    assert nonos("trust", "list").ok().err == ""
    make_and_add(nonos, "capsules", roles="capsule")
    assert nonos("trust", "list").ok().err == ""
    make_and_add(nonos, "main")
    result = nonos("trust", "list").ok()
    assert result.err.startswith(warning % "main") and result.err.count("\n") == 1
    assert "warning" not in result.out
    make_and_add(nonos, "recovery", roles="kernel,capsule")
    assert nonos("trust", "list").ok().err == ""
    nonos("trust", "revoke", "main").ok()
    assert nonos("trust", "list").ok().err.startswith(warning % "recovery")
