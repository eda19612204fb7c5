"""The page tables in use, read from outside with nothing of the kernel's own code, after a start
without firmware and after one through firmware and loader; and what the kernel says of them."""

import os
import re
import struct

import pytest

import guest as guest_module
import machine
import page_tables
from debugger import RDI, Debugger, Monitor, snapshots, symbol_addresses
from page_tables import NO_EXECUTE, PRESENT, USER, WRITE

MIB, PAGE = 1 << 20, 4096
PVH_MIB, UEFI_MIB = 64, 256
DIRECT_MAP, STACKS = 0xFFFF800000000000, 0xFFFFC00000000000
ROW = re.compile(r"^  ([0-9a-f]{16})-([0-9a-f]{16}) (R[W-][X-][U-]) +(\d+) +(\d+) +(\d+)  (.*)$",
                 re.M)
CLEAN = "writable and executable 0, open to programs 0, aliases of the image 0, foreign 0"


class Examined:
    """A guest that has not executed anything yet, its debugger, its monitor."""

    def __init__(self, build, folder, way, kernel="kernel.bin", elf="kernel.elf"):
        qemu, self.folder = machine.find_qemu(), folder
        self.memory_mib = PVH_MIB if way == "PVH" else UEFI_MIB
        options = {"memory_mib": self.memory_mib, "extra": [
            "-S", "-gdb", f"unix:{folder}/gdb,server=on,wait=off",
            "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]}
        if way == "PVH":
            options["extra"] += snapshots(folder)
            command = machine.pvh_command(qemu, machine.TCG, f"{build}/{kernel}", **options)
        else:
            firmware = machine.find_firmware()
            command = machine.uefi_command(
                qemu, machine.TCG, firmware, machine.fresh_variables(firmware, folder),
                f"{build}/nonos.img", **options)
        self.symbols = symbol_addresses(f"{build}/{elf}")
        self.guest = guest_module.Guest(command)
        try:
            self.debugger, self.monitor = Debugger(f"{folder}/gdb"), Monitor(f"{folder}/qmp")
        except BaseException:
            self.guest.end()
            raise

    def root(self):
        return int(re.search(r"\bCR3=([0-9a-f]+)", self.monitor.human("info registers")).group(1),
                   16)

    def memory(self):
        return self.monitor.dump(os.path.join(self.folder, "memory"), self.memory_mib * MIB)

    def go_on_to_the_prompt(self):
        self.debugger.send("c")
        self.guest.wait_for_prompt()


class Seen:
    """What there was at the kernel's first function, and what there is at the prompt."""

    def __init__(self, build, folder, way):
        guest = Examined(build, folder, way)
        try:
            guest.debugger.run_to(guest.symbols["pvh_start" if way == "PVH" else "kernel_main"])
            self.first_memory = guest.memory()
            self.first_pages, self.first_tables = page_tables.walk(self.first_memory, guest.root())
            # The image's physical address, of which the kernel is told at the second offset.
            self.image_paddr = MIB if way == "PVH" else struct.unpack(
                "<Q", guest.debugger.read(guest.debugger.register(RDI) + 16, 8))[0]
            guest.go_on_to_the_prompt()
            self.table, self.report = guest.guest.ask("mappings"), guest.guest.ask("memory")
            self.memory = guest.memory()
            self.pages, self.tables = page_tables.walk(self.memory, guest.root())
        finally:
            guest.guest.end()
        self.symbols = guest.symbols
        self.image = range(self.symbols["kernel_rodata_start"], self.symbols["kernel_data_end"])
        self.text = range(self.symbols["kernel_text_start"], self.symbols["kernel_text_end"])
        self.offset = self.image.start - self.image_paddr


@pytest.fixture(scope="module", params=["PVH", "UEFI"])
def seen(request, build, tmp_path_factory):
    return Seen(build, tmp_path_factory.mktemp("seen"), request.param)


def test_no_page_is_writable_and_executable_or_open_to_programs(seen):
    assert len(seen.pages) > 100
    assert [page for page in seen.pages if page.write and page.execute] == []
    assert [page for page in seen.pages if page.user] == []


def test_code_is_all_that_can_be_executed(seen):
    executable = [page for page in seen.pages if page.execute]
    assert [page.vaddr for page in executable] == list(seen.text[::PAGE])
    assert all(page.length == PAGE for page in executable)


def test_no_frame_of_the_image_has_a_second_address(seen):
    pages = page_tables.overlapping(seen.pages, seen.image_paddr,
                                    seen.image_paddr + len(seen.image))
    assert [page.vaddr for page in pages] == list(seen.image[::PAGE])
    assert {page.vaddr - page.paddr for page in pages} == {seen.offset}
    assert [page.write for page in pages] == [
        page.vaddr >= seen.symbols["kernel_data_start"] for page in pages]


def test_nothing_is_mapped_in_the_lower_half(seen):
    assert any(page.vaddr < DIRECT_MAP for page in seen.first_pages)  # there was an identity map
    assert [page for page in seen.pages if page.vaddr < DIRECT_MAP] == []


def test_the_kernel_counts_what_is_seen_from_outside(seen):
    assert seen.table.splitlines()[-1].strip() == CLEAN
    rows = ROW.findall(seen.table)
    assert len(rows) == 13 and len(seen.table.splitlines()) == len(rows) + 2
    counted = 0
    for first, last, rights, *counts, what in rows:
        pages = [page for page in seen.pages
                 if int(first, 16) <= page.vaddr <= page.vaddr + page.length - 1 <= int(last, 16)
                 and (page.write, page.execute) == ("W" in rights, "X" in rights)
                 and page.uncached == ("uncached" in what)]
        sizes = [sum(page.length == PAGE << 9 * size for page in pages) for size in range(3)]
        assert sizes == [int(count) for count in counts], what
        counted += len(pages)
    assert counted == len(seen.pages)
    assert f"page tables {len(seen.tables)} frames" in seen.report


def test_first_tables_protect_code_as_well(seen):
    """Those of the loader, or of the 32-bit entry: no page to write and execute, at one address or
    at two."""
    assert [page for page in seen.first_pages if page.write and page.execute or page.user] == []
    executable = [page for page in seen.first_pages if page.execute]
    assert {page.vaddr for page in executable} >= set(seen.text[::PAGE])
    for page in executable:
        frames = page_tables.overlapping(seen.first_pages, page.paddr, page.paddr + page.length)
        assert [each for each in frames if each.write] == [], page


def is_gone(seen, frame):
    """Zero, but for the two words by which a free block knows its neighbours; or something else by
    now, without a word at its old place."""
    before, now = (struct.unpack("<512Q", memory[frame:frame + PAGE])
                   for memory in (seen.first_memory, seen.memory))
    return not any(now[2:]) or all(new != old or old == 0 for new, old in zip(now, before))


def test_first_tables_and_trampoline_are_gone(seen):
    assert len(seen.first_tables) > 4
    frames = seen.first_tables | {page.paddr for page in seen.first_pages
                                  if page.vaddr < DIRECT_MAP and page.execute
                                  and page.paddr not in range(seen.image_paddr, seen.image_paddr
                                                              + len(seen.image))}
    assert [f"{frame:#x}" for frame in sorted(frames) if not is_gone(seen, frame)] == []


# Mappings that must not be, planted into the tables of a running kernel --------------------------
@pytest.fixture(scope="module")
def running(build, tmp_path_factory):
    """The kernel that can break its own protections, at its prompt."""
    guest = Examined(build, tmp_path_factory.mktemp("running"), "PVH",
                     "provoke/kernel.unsigned", "provoke/kernel.elf")
    guest.go_on_to_the_prompt()
    guest.monitor.save("prompt")
    yield guest
    guest.guest.end()


def wait_for_panic(guest):
    reason = guest.guest.wait_for_line("NONOS: panic: ", 30)
    guest.guest.wait_for(rb"NONOS: stopped\r+\n", 30)
    return reason[len("NONOS: panic: "):]


def plant(guest, vaddr, change, frame_of=None):
    """Brings the guest back to its prompt and changes the tables: change(entry) for the last one on
    the way to vaddr, or for the frame of another address, USER for all of them where it sets that.
    Returns the pages that there are then."""
    guest.monitor.load("prompt")
    assert guest.debugger.interrupt().startswith("T")
    memory = guest.memory()
    entries = page_tables.entries_of(memory, guest.root(), vaddr)
    value = struct.unpack_from("<Q", memory, entries[-1])[0]
    if frame_of is not None:
        source = page_tables.entries_of(memory, guest.root(), frame_of)[-1]
        value = struct.unpack_from("<Q", memory, source)[0] & page_tables.ADDRESS
    changes = {entries[-1]: change(value)}
    for entry in entries[:-1] if change(value) & USER else []:
        changes[entry] = struct.unpack_from("<Q", memory, entry)[0] | USER
    for entry, value in changes.items():
        guest.debugger.write(DIRECT_MAP + entry, struct.pack("<Q", value))
    pages, _ = page_tables.walk(guest.memory(), guest.root())
    guest.debugger.send("c")
    return pages


# Pages that nobody uses at the prompt, for the kernel has to go on: the lowest of a stack, say.
# Where, which change, whose frame; what the kernel counts: W+X, open to programs, aliases, foreign.
PLANTED = {
    "code that can be written": ("kernel_text_start", lambda entry: entry | WRITE, None,
                                 (1, 0, 0, 1)),
    "data that can be executed": ("kernel_data_start", lambda entry: entry & ~NO_EXECUTE, None,
                                  (1, 0, 0, 1)),
    "a page open to programs": ("stack", lambda entry: entry | USER, None, (0, 1, 0, 1)),
    "code a second time": ("direct map of the image", lambda entry: entry | PRESENT | WRITE |
                           NO_EXECUTE, "kernel_text_start", (0, 0, 1, 1)),
    "code in the place of a stack": ("stack", lambda entry: entry | PRESENT | WRITE | NO_EXECUTE,
                                     "kernel_text_start", (0, 0, 1, 0)),
    "a guard page": ("guard", lambda entry: entry | PRESENT | WRITE | NO_EXECUTE,
                     "kernel_data_start", (0, 0, 1, 1)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_mapping_is_found_by_the_kernel_and_from_outside(running, name):
    place, change, frame_of, counts = PLANTED[name]
    symbols = {**running.symbols, "guard": STACKS, "stack": STACKS + PAGE,
               "direct map of the image": DIRECT_MAP + MIB}
    pages = plant(running, symbols[place], change, frame_of and symbols[frame_of])
    assert sum(page.write and page.execute for page in pages) == counts[0]
    assert sum(page.user for page in pages) == counts[1]

    running.guest.send("mappings\r")
    line = running.guest.wait_for_line("  writable and executable ", 30)
    reason = wait_for_panic(running)
    assert line == ("  writable and executable {}, open to programs {}, aliases of the image {}, "
                    "foreign {}".format(*counts))
    assert reason == ("paging: {} pages writable and executable, {} open to programs, {} aliases "
                      "of the image, {} foreign; the first at {:#x}"
                      .format(*counts, symbols[place]))


@pytest.mark.parametrize("fault, place, change", [
    ("write-code", "kernel_text_start", lambda entry: entry | WRITE),
    ("execute-data", "data", lambda entry: entry & ~NO_EXECUTE),
])
def test_provoked_fault_that_nothing_stops_is_said(running, fault, place, change):
    """The same kernel with the protection planted away."""
    plant(running, running.symbols[place], change)
    running.guest.send(f"panic {fault}\r")
    assert wait_for_panic(running) == f"nothing stopped '{fault}': a protection is missing"
