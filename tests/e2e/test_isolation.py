"""Where a processor has Meltdown: what the tables have that a program runs on, read from outside,
with nothing of the kernel's own code, while it runs."""

import re

import pytest

import page_tables

PAGE = 4096
SECOND_ROOT = 1 << 12
PGE, PCIDE = 1 << 7, 1 << 17
UPPER_HALF = 1 << 63
PROGRAM_START = 0x400000
PROCESSORS = 2
ISOLATED = ("-smp", str(PROCESSORS), "-cpu", "Skylake-Server")


def registers(guest):
    """Of each processor: {name: value}, tables by their base."""
    text = guest.monitor.human("info registers -a")
    found = []
    for part in text.split("CPU#")[1:]:
        numbers = {name: int(value, 16) for name, value in
                   re.findall(r"\b(CR3|CR4|RIP)=([0-9a-f]+)", part)}
        numbers["IDT"] = int(re.search(r"IDT= +([0-9a-f]+)", part).group(1), 16)
        numbers["GDT"] = int(re.search(r"GDT= +([0-9a-f]+)", part).group(1), 16)
        numbers["TR"] = int(re.search(r"TR =[0-9a-f]+ ([0-9a-f]+)", part).group(1), 16)
        numbers["CPL"] = int(re.search(r"CPL=(\d)", part).group(1))
        found.append(numbers)
    return found


class Running:
    """A program at its first instruction, and both of its sets of tables."""

    def __init__(self, guest):
        guest.debugger.run_to(PROGRAM_START)
        self.processors = registers(guest)
        self.own = next(each for each in self.processors if each["CPL"] == 3)
        memory = guest.monitor.dump(guest.folder / "memory", guest.memory_len)
        self.pages, _ = page_tables.walk(memory, self.own["CR3"])
        self.kernels, _ = page_tables.walk(memory, self.own["CR3"] & ~SECOND_ROOT)
        self.text = guest.symbols["kernel_text_start"]

    def upper(self, pages):
        return [page for page in pages if page.vaddr >= UPPER_HALF]

    def lower(self, pages):
        return [page[:-1] for page in pages if page.vaddr < UPPER_HALF]


@pytest.fixture
def running(examine, build, request):
    return Running(examine(f"{build}/guests/{request.param[0]}.elf", words=request.param[1]))


@pytest.mark.parametrize("running", [("gate", ISOLATED)], indirect=True, ids=["isolated"])
def test_a_program_has_the_ways_into_the_kernel_and_nothing_else_of_it(running):
    assert len(running.processors) == PROCESSORS
    assert running.own["RIP"] == PROGRAM_START and running.own["CR3"] & SECOND_ROOT
    assert not any(each["CR4"] & (PGE | PCIDE) for each in running.processors)
    upper = running.upper(running.pages)
    assert all(page.length == PAGE and not page.user for page in upper)
    assert [page.vaddr for page in upper if page.execute] == [running.text]
    # Where tables of the processors are: one interrupt table, and one page for each processor.
    tables = {each[name] & -PAGE for each in running.processors for name in ("IDT", "GDT", "TR")}
    assert len(tables) == 1 + PROCESSORS
    assert {page.vaddr for page in upper if not page.execute} == tables
    assert len(upper) == 2 + PROCESSORS


@pytest.mark.parametrize("running", [("gate", ISOLATED)], indirect=True, ids=["isolated"])
def test_the_kernel_runs_on_tables_with_the_same_program_and_all_of_itself(running):
    assert running.lower(running.pages) == running.lower(running.kernels)
    assert all(page.user for page in running.pages if page.vaddr < UPPER_HALF)
    assert len(running.upper(running.kernels)) > 50
    assert not any(page.user for page in running.upper(running.kernels))


@pytest.mark.parametrize("running", [("entry", ("-smp", str(PROCESSORS)))], indirect=True,
                         ids=["open"])
def test_without_meltdown_there_is_one_set_of_tables_with_both(running):
    assert not running.own["CR3"] & SECOND_ROOT or len(running.upper(running.pages)) > 50
    assert len(running.upper(running.pages)) > 50
    assert running.own["CR4"] & PGE


# QEMU's processors have no IBPB, and its Skylake says nothing of MD_CLEAR.
@pytest.mark.parametrize("model, decided", [
    ("max", "control 0x0; the processor lacks IBPB"),
    ("Skylake-Server", "control 0x0 isolation; the processor lacks VERW IBPB")])
def test_the_kernel_says_what_it_does_and_what_the_processor_lacks(start_pvh, build, model,
                                                                   decided):
    guest = start_pvh(f"{build}/kernel.bin", ("-cpu", model))
    guest.wait_for_prompt()
    assert re.search(rf"^  speculation +{decided}$", guest.ask("info"), re.MULTILINE)
