/*
 * kernel_space.h - the address space that the kernel starts in (docs/boot.md). No hardware: tested
 * on the host.
 *
 *   the trampoline   one page at its physical address, read and execute
 *   direct map       all RAM at NONOS_DIRECT_MAP_VADDR, never executable; the kernel's read-only
 *                    segments and the trampoline are read-only there too, so that no page that can
 *                    be executed can be written anywhere
 *   stack            read and write, an unmapped page on either side
 *   kernel image     at its linked address, each segment with its own permissions
 */
#ifndef NONOS_BOOT_KERNEL_SPACE_H
#define NONOS_BOOT_KERNEL_SPACE_H

#include "abi/error.h"
#include "boot/memory_map.h"
#include "boot/page_tables.h"
#include "image/elf.h"

#include <stdint.h>

/* Where the lowest byte of the stack is mapped: a 512 GiB slot in which nothing else is. */
#define KERNEL_SPACE_STACK_VADDR UINT64_C(0xFFFFFF0000001000)

struct kernel_space {
    const struct image_elf *elf;
    const struct memory_map *map;
    uint64_t image_paddr; /* where the first segment was placed */
    uint64_t stack_paddr;
    uint64_t stack_len;
    uint64_t trampoline_paddr;
};

/* How many pages of tables (4096 bytes each) are enough. */
[[nodiscard]] size_t kernel_space_page_count(const struct kernel_space *space, bool has_gib_pages);

/* Builds it in tables that page_tables_init has prepared. The errors of page_tables_map. */
[[nodiscard]] enum nonos_error kernel_space_build(const struct kernel_space *space,
                                                  struct page_tables *tables);

#endif
