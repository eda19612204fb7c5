/*
 * paging.h - the kernel's own page tables, in use.
 *
 * The image with each segment's own permissions, the direct map of memory that the frame allocator
 * owns (the image is not in it: no writable alias of code exists), stacks. Everything that the
 * loader had mapped, its trampoline included, is gone with the loader's tables.
 */
#ifndef NONOS_KERNEL_MEM_PAGING_H
#define NONOS_KERNEL_MEM_PAGING_H

#include "abi/error.h"
#include "kernel/mem/address.h"
#include "kernel/mem/audit.h"
#include "kernel/mem/mapping.h"

#include <stddef.h>
#include <stdint.h>

/* Builds the tables for an image that lies at image_paddr and for the memory in map. Panics when
 * memory runs out. After frames_init and a first frames_add. */
void paging_init(const struct nonos_memory_region *map, size_t count, paddr_t image_paddr);

/* Leaves the loader's tables and stack for the kernel's tables and the stack that ends at
 * stack_top (16-byte aligned), and calls function there. */
[[noreturn]] void paging_enter(void *stack_top, void (*function)(void));

/* The kernel's own tables, for CR3. After paging_init. */
[[nodiscard]] paddr_t paging_root(void);

/* Gives tables with nothing in their upper half that of the kernel. From the first call on the
 * kernel maps nothing that would need another entry in its root. */
void paging_share(paddr_t root);

/* Maps one page of a stack: RW. Panics when memory runs out. */
void paging_map_stack_page(vaddr_t vaddr, paddr_t paddr);

/* Stacks of threads are as long as that, and so far apart that each lies in one table. */
#define PAGING_THREAD_STACK_PAGES 4u
#define PAGING_THREAD_STACK_STEP (8u * PAGE_LEN)

/* Maps a further stack of a thread, RW, an unmapped page under and some above it; returns its
 * lowest address, or 0, and nothing is mapped, when there is no memory for tables. Stays mapped. */
[[nodiscard]] vaddr_t paging_map_thread_stack(const paddr_t frames[PAGING_THREAD_STACK_PAGES]);

/* How many of them there are. */
[[nodiscard]] uint64_t paging_thread_stack_count(void);

/* Firmware's tables at paddr, read-only. Null when the range overlaps memory that cannot hold such
 * a table (the kernel's own, registers, bad memory), lies beyond the processor's physical addresses
 * or in a page that has registers, or there is no memory to map it. Stays mapped. */
[[nodiscard]] const void *paging_map_firmware(paddr_t paddr, size_t len);

/* Registers of a device at paddr: RW, uncached. Null when the range overlaps memory of any kind,
 * and as paging_map_firmware. Stays mapped. */
[[nodiscard]] volatile void *paging_map_device(paddr_t paddr, size_t len);

/* The framebuffer at paddr: RW, uncached, with the largest pages that fit. Null as
 * paging_map_device. To be called once. */
[[nodiscard]] void *paging_map_screen(paddr_t paddr, size_t len);

/* Judges the live tables (CR3); returns what is meant to be in them. */
const struct audit_plan *paging_audit(struct audit *audit);

/* Panics unless they are the kernel's own and have no page that is writable and executable, none
 * for user mode, none that maps the image a second time, and none that is of no class: page 0 and
 * the pages under and above a stack are not. */
void paging_check(void);

/* Of the live tables. */
void paging_get_statistics(struct mapping_statistics *statistics);

#endif
