"""The picture of who calls whom is of this kernel."""

import importlib.machinery
import importlib.util
import os
import xml.etree.ElementTree

import pytest

from conftest import ROOT

PICTURE = os.path.join(ROOT, "docs", "pictures", "call-map.svg")
RECT = "{http://www.w3.org/2000/svg}rect"


@pytest.fixture(scope="module")
def script():
    loader = importlib.machinery.SourceFileLoader("call_map", f"{ROOT}/scripts/call-map")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("call_map", loader))
    loader.exec_module(module)
    return module


def pairs_of(picture):
    return {(mark.get("data-caller"), mark.get("data-callee"))
            for mark in xml.etree.ElementTree.parse(picture).getroot().iter(RECT)
            if mark.get("data-caller")}


def test_the_picture_has_the_calls_of_this_build(script, build):
    _, calls = script.read_calls(build)
    missing, gone = set(calls) - pairs_of(PICTURE), pairs_of(PICTURE) - set(calls)
    assert not missing and not gone, (f"{len(missing)} new, {len(gone)} gone, such as "
                                      f"{sorted(missing | gone)[:3]}: make pictures")


def test_known_calls_are_seen(script, build):
    modules, calls = script.read_calls(build)
    assert "kernel/mem/frames" in modules and "kernel/user/syscall" in modules
    assert "frames_allocate" in calls["kernel/mem/stack", "kernel/mem/frames"]
    assert "syscall_dispatch" not in calls["kernel/user/syscall", "kernel/sched/sched"]
    assert not any(caller.startswith("tests") for caller, _ in calls)


def test_a_call_to_a_higher_folder_is_told_apart(script):
    assert script.is_up("kernel/cpu/smp", "kernel/sched/sched")
    assert not script.is_up("kernel/sched/sched", "kernel/cpu/apic")
    assert not script.is_up("kernel/mem/paging", "kernel/panic")
