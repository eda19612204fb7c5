"""Page tables read out of a memory dump: SDM vol. 3 §4.5, and nothing of the kernel's."""

import collections
import struct

PRESENT, WRITE, USER, LARGE = 1 << 0, 1 << 1, 1 << 2, 1 << 7
CACHE_DISABLE, NO_EXECUTE = 1 << 4, 1 << 63
ADDRESS = 0x000FFFFFFFFFF000

# vaddr, paddr and length in bytes; what all levels together allow; where its entry is.
Page = collections.namedtuple("Page", "vaddr paddr length write execute user uncached entry")


def read_table(memory, paddr):
    assert paddr + 4096 <= len(memory), f"a page table outside of memory: {paddr:#x}"
    return struct.unpack_from("<512Q", memory, paddr)


def walk(memory, root):
    """All pages, from the lowest address up, and the physical addresses of all tables."""
    pages, tables = [], set()

    def descend(table, level, base, write, execute, user):
        tables.add(table)
        for index, entry in enumerate(read_table(memory, table)):
            if not entry & PRESENT:
                continue
            vaddr = base + (index << 12 + 9 * level)
            if level == 3 and index >= 256:
                vaddr += 0xFFFF << 48
            rights = (write and bool(entry & WRITE), execute and not entry & NO_EXECUTE,
                      user and bool(entry & USER))
            if level == 0 or entry & LARGE:
                assert level < 3, "a page of 512 GiB"
                length = 4096 << 9 * level
                pages.append(Page(vaddr, entry & ADDRESS & -length, length, *rights,
                                  bool(entry & CACHE_DISABLE), table + 8 * index))
            else:
                descend(entry & ADDRESS, level - 1, vaddr, *rights)

    descend(root & ADDRESS, 3, 0, True, True, True)
    return pages, tables


def entries_of(memory, root, vaddr):
    """The physical addresses of the four entries that an address of a 4 KiB page leads through."""
    entries, table = [], root & ADDRESS
    for level in (3, 2, 1, 0):
        entries.append(table + 8 * (vaddr >> 12 + 9 * level & 511))
        table = struct.unpack_from("<Q", memory, entries[-1])[0] & ADDRESS
    return entries


def overlapping(pages, start, end):
    """Those that map any of the physical addresses [start, end)."""
    return [page for page in pages if page.paddr < end and start < page.paddr + page.length]
