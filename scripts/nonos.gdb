# nonos.gdb: connects GDB to what `make debug` started, with the symbols of the kernel.
#
#     gdb -x scripts/nonos.gdb
#
# The kernel lies where it is linked. Firmware decides where the loader goes: `nonos-loader` finds
# it in memory and loads its symbols; `nonos-stop-in-loader` starts the machine anew and stops at the
# loader's first instruction. Before memory holds the code, a breakpoint must be an hbreak.

set architecture i386:x86-64
set pagination off
set confirm off

python
import os, struct

BUILD = os.environ.get("NONOS_BUILD", "build")
PAGE = 4096
TOP = 256 << 20  # the memory that scripts/machine.py gives the machine

class Loader(gdb.Command):
    """nonos-loader [ADDRESS]: load the loader's symbols; found in memory, or at ADDRESS."""

    def __init__(self):
        super().__init__("nonos-loader", gdb.COMMAND_FILES)

    def invoke(self, argument, from_tty):
        path = os.path.join(BUILD, "loader.debug.efi")
        if not os.path.exists(path):
            raise gdb.GdbError(f"{path} is missing: make debug builds it")
        with open(path, "rb") as file:
            image = file.read()
        address = int(argument, 0) if argument else self.find(image)
        linked = struct.unpack_from("<Q", image, self.optional_header(image) + 24)[0]
        print(f"the loader is at {address:#x}")
        gdb.execute(f"add-symbol-file {path} -o {address - linked}")

    def optional_header(self, image):
        return struct.unpack_from("<I", image, 60)[0] + 24

    def entry(self, image):
        """Address of the entry in memory, relative to the image, and the code there."""
        header = self.optional_header(image)
        entry = struct.unpack_from("<I", image, header + 16)[0]
        section = header + struct.unpack_from("<H", image, header - 4)[0]
        virtual, _, raw = struct.unpack_from("<III", image, section + 12)
        return entry, image[raw + entry - virtual:][:64]

    def find(self, image):
        """Looks at the first bytes of every page of physical memory, from the top."""
        entry, code = self.entry(image)
        inferior = gdb.selected_inferior()
        gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
        try:
            for address in range(TOP - PAGE, 0, -PAGE):
                if bytes(inferior.read_memory(address, 2)) != b"MZ":
                    continue
                if bytes(inferior.read_memory(address + entry, len(code))) == code:
                    return address
        finally:
            gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)
        raise gdb.GdbError("the loader is not in memory (yet, or any more)")

Loader()
gdb.execute(f"symbol-file {BUILD}/kernel.elf")
end

target remote :1234

define nonos-stop-in-loader
    # Firmware settles its variables at the first start; from the second on it repeats itself.
    tbreak-in-kernel
    monitor system_reset
    tbreak-in-kernel
    nonos-loader
    monitor system_reset
    thbreak efi_main
    continue
end
document nonos-stop-in-loader
Start the machine anew and stop at the first instruction of the loader.
The kernel must be reached once; where the loader refuses it, interrupt and use nonos-loader.
end

define tbreak-in-kernel
    thbreak kernel_main
    continue
end
document tbreak-in-kernel
Run until the kernel starts.
end
