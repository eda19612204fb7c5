"""How the machine is found and its accelerator chosen, with pretended QEMUs."""

import os
import time

import pytest

import machine


@pytest.fixture
def qemu(tmp_path, monkeypatch):
    """qemu(KVM, TCG): a QEMU that runs one of two shell commands, by its accelerator."""
    monkeypatch.setattr(machine.platform, "system", lambda: "Linux")
    monkeypatch.setattr(machine.os, "access", lambda path, mode: True)

    def pretend(kvm, tcg):
        program = tmp_path / "qemu"
        program.write_text(f'#!/bin/sh\ncase "$*" in *"-accel kvm"*) {kvm} ;; *) {tcg} ;; esac\n')
        program.chmod(0o755)
        return str(program)

    return pretend


READY = "echo 'NONOS: ready'; exec sleep 60"
LATER = "sleep 1; echo 'NONOS: ready'; exec sleep 60"


@pytest.mark.parametrize("kvm, tcg, chosen", [
    (READY, LATER, "kvm"),           # it works
    ("exit 1", LATER, "tcg"),        # it cannot be opened
    ("exec sleep 60", LATER, "tcg"),  # it opens and runs nothing
    (LATER, READY, "tcg"),           # it runs, slower than emulation
    ("echo 'NONOS: unverified start (PVH)'; exec sleep 60", LATER, "tcg"),  # it stops half-way
    ("exit 1", "exit 1", "tcg"),     # nothing runs: the error will come from TCG
])
def test_accelerator_is_the_one_that_gets_the_kernel_ready(qemu, kvm, tcg, chosen):
    start = time.monotonic()
    accelerator = machine.pick_accelerator(qemu(kvm, tcg), "kernel.bin")
    assert accelerator[1] == chosen
    assert time.monotonic() - start < 20  # it has not waited for its limit


def test_emulation_needs_no_trial_where_there_is_no_hypervisor(monkeypatch):
    monkeypatch.setattr(machine.os, "access", lambda path, mode: False)
    monkeypatch.setattr(machine.platform, "system", lambda: "Linux")
    assert machine.pick_accelerator("/nonexistent/qemu", "kernel.bin") == machine.TCG


def test_firmware_is_found_with_its_own_variables():
    firmware = machine.find_firmware()
    assert os.path.isfile(firmware.code) and os.path.isfile(firmware.variables)
    assert (firmware.code, firmware.variables) in machine.FIRMWARE


def test_serial_output_loses_what_only_a_terminal_wants():
    assert machine.plain(b"\x1b[2J\x1b[01;01H\x1b[=3hNONOS: ready\r\n") == "NONOS: ready\n"


def test_a_missing_swtpm_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(machine.MachineError, match="apt-get install swtpm"):
        machine.start_tpm(tmp_path)
    assert list(tmp_path.iterdir()) == []
