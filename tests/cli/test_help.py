"""Help, version, and command lines that are not understood."""

import pytest
from conftest import ROOT

COMMANDS = ["keygen", "pubkey", "seal", "sign", "digest", "attach", "verify", "inspect", "policy",
            "trust", "measure"]


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_command(nonos, option):
    out = nonos(option).ok().out
    for command in COMMANDS:
        assert f"\n  {command} " in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(nonos, command):
    result = nonos(command, "--help").ok()
    assert result.out.startswith(f"usage: nonos {command} ")
    assert result.err == ""
    assert nonos(command, "-h").ok().out == result.out
    assert all(len(line) <= 100 for line in result.out.splitlines())


def test_version_is_that_of_the_makefile(nonos):
    makefile = (ROOT / "Makefile").read_text()
    version = next(line.split(":=")[1].strip() for line in makefile.splitlines()
                   if line.startswith("VERSION :="))
    assert nonos("--version").ok().out == f"nonos {version}\n"


def test_a_command_is_needed(nonos):
    assert "--help" in nonos().fails("USAGE").err


def test_an_unknown_command_is_refused(nonos):
    nonos("frobnicate").fails("USAGE", "frobnicate")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_an_unknown_option(nonos, command):
    err = nonos(command, "--frobnicate").fails("USAGE", command).err
    assert "--frobnicate is not an option here" in err and f"nonos {command} --help" in err


@pytest.mark.parametrize("arguments", [
    ["keygen", "-o"], ["pubkey", "-k"], ["seal", "x", "-o"], ["sign", "-k"], ["verify", "-i"],
    ["policy", "--keys"], ["digest", "-o"], ["attach", "--ed25519"], ["trust", "--id"]])
def test_an_option_without_its_argument_is_refused(nonos, arguments):
    assert f"{arguments[-1]} needs an argument" in nonos(*arguments).fails("USAGE").err


@pytest.mark.parametrize("arguments", [
    ["keygen", "x"], ["pubkey", "x"], ["seal", "-o", "x"], ["seal", "x"],
    ["seal", "x", "y", "-o", "z"], ["sign"], ["sign", "x", "y"], ["digest", "x"],
    ["digest", "x", "y", "-o", "z"], ["digest", "-o", "z"], ["verify"], ["verify", "x", "y"],
    ["inspect"], ["inspect", "x", "y"], ["policy"], ["policy", "--profile", "dev", "x"],
    ["pubkey", "--profile", "debug"], ["pubkey", "--roles", "root"], ["pubkey", "--roles", ""],
    ["pubkey", "--name", "Not A Name"], ["verify", "--floor", "0", "x"],
    ["verify", "--floor", "4294967296", "x"], ["verify", "-t", "driver", "x"],
    ["policy", "--profile", "release", "--keys", ".", "--dev", "x", "-o", "y"]])
def test_a_wrong_command_line_does_nothing(nonos, arguments):
    nonos(*arguments).fails("USAGE")
    assert list(nonos.folder.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["pubkey"], ["seal", "--help"]])
def test_output_that_does_not_arrive_is_a_failure(nonos, arguments):
    with open("/dev/full", "w") as full:
        nonos(*arguments, stdout=full).fails("WRITE", "standard output")
