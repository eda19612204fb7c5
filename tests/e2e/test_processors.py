"""Several processors: one that may not take part, and a panic on one of them, which ends all."""

import re

import pexpect
import pytest

PANIC = r"^NONOS: panic: (.*)$"


def stop(start_pvh, build, which):
    """What is said from "ready" on by a machine of four that panics; then it stays silent."""
    guest = start_pvh(f"{build}/guests/stop.unsigned",
                      ("-smp", "4", "-fw_cfg", f"name=opt/nonos/panic,string={which}"))
    guest.wait_for("NONOS: stopped")
    with pytest.raises(pexpect.TIMEOUT):
        guest.process.expect(rb"[^\r\n]", timeout=1)
    return guest.text().split("NONOS: ready\n")[1]


def test_of_processors_that_panic_together_one_reports(start_pvh, build):
    said = stop(start_pvh, build, 0)
    assert re.findall(PANIC, said, re.MULTILINE) == ["all at once"]
    assert said.count("backtrace:") == said.count("NONOS: stopped") == 1


def test_a_panic_stops_what_others_write(start_pvh, build):
    said = stop(start_pvh, build, 1)
    before, after = said.split("NONOS: panic: ")
    assert "~~~" in before and "~" not in after


@pytest.mark.parametrize("which, reason", [(2, "lock: rank 30 is taken after rank 60"),
                                           (3, "lock: rank 40 is taken after rank 40")])
def test_a_lock_out_of_order_is_seen(start_pvh, build, which, reason):
    assert re.findall(PANIC, stop(start_pvh, build, which), re.MULTILINE) == [reason]


@pytest.mark.parametrize("lacking, outcome", [
    ("smep=off", r"refused, it lacks what the first one has \(CPUID 7:ebx, bits 0x80\)"),
    ("nx=off", "it does not start"),
])
def test_a_processor_unlike_the_first_one_takes_no_part(start_pvh, build, lacking, outcome):
    guest = start_pvh(f"{build}/kernel.bin", (
        "-cpu", "max", "-machine", "q35", "-smp", "1,sockets=2,maxcpus=2",
        "-device", f"max-x86_64-cpu,socket-id=1,core-id=0,thread-id=0,{lacking}"))
    guest.wait_for(f"NONOS: processor with APIC id 1: {outcome}\r")
    guest.wait_for_prompt()
