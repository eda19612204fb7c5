"""A guest that is stopped where we like, and whose memory is searched."""

import guest as guest_module
import leftovers
from debugger import Debugger, Monitor, symbol_addresses

MIB = 1 << 20
LINKED_OFFSET = 0xFFFFFFFF80000000


class Examined:
    """A guest that has not executed anything yet, its debugger and its memory."""

    def __init__(self, folder, elf, memory_mib, command):
        ports = [str(folder / name) for name in ("gdb", "qmp")]
        self.folder, self.memory_len = folder, memory_mib * MIB
        self.symbols = symbol_addresses(elf)
        self.guest = guest_module.Guest(command(memory_mib=memory_mib, extra=[
            "-S", "-gdb", f"unix:{ports[0]},server=on,wait=off",
            "-qmp", f"unix:{ports[1]},server=on,wait=off"]))
        try:
            self.debugger, self.monitor = Debugger(ports[0]), Monitor(ports[1])
        except BaseException:
            self.guest.end()
            raise

    def run_to(self, symbol):
        self.debugger.run_to(self.symbols[symbol])

    def go_on_to_the_prompt(self):
        self.debugger.send("c")
        self.guest.wait_for_prompt()

    def find(self, secrets):
        """{name: [physical address]}, of what is in memory now."""
        memory = self.monitor.dump(self.folder / "memory", self.memory_len)
        assert any(memory)
        return leftovers.find(memory, secrets)

    def is_constant(self, address):
        """Whether a physical address is in the read-only data of an image that was not moved."""
        return (self.symbols["kernel_rodata_start"] <= address + LINKED_OFFSET
                < self.symbols["kernel_rodata_end"])
