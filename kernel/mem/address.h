/*
 * address.h - physical and virtual addresses, and where things are in virtual memory.
 *
 *     0x0000000000010000  programs (space.h); nothing in the kernel's own tables
 *     0xFFFF800000000000  direct map: memory that the frame allocator owns, at its physical
 *                         address plus this; RW, never executable
 *     0xFFFFA00000000000  firmware window, mapped on demand: firmware's tables, R, and registers of
 *                         devices, RW and uncached
 *     0xFFFFC00000000000  stacks, an unmapped page under and above each; RW
 *     0xFFFFC80000000000  kernel stacks of threads, an unmapped page under each; RW
 *     0xFFFFD00000000000  screen: the framebuffer, at its physical address plus this; RW, uncached
 *     0xFFFFFFFF80000000  the kernel image at its linked address; R, RX, RW
 */
#ifndef NONOS_KERNEL_MEM_ADDRESS_H
#define NONOS_KERNEL_MEM_ADDRESS_H

#include "abi/handoff.h"

#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t;
typedef uint64_t vaddr_t;

#define PAGE_LEN 4096u
#define PAGE_MASK UINT64_C(0xFFF)

/* Physical addresses from here on (32 TiB) have no place in the windows. */
#define ADDRESS_PADDR_END (UINT64_C(1) << 45)
/* No processor has more physical address bits than 52 (SDM vol. 3 §4.1.4). */
#define ADDRESS_PADDR_BITS 52u
#define ADDRESS_PADDR_LIMIT (UINT64_C(1) << ADDRESS_PADDR_BITS)

#define ADDRESS_USER_END UINT64_C(0x0000800000000000) /* a program's addresses are below */
#define ADDRESS_DIRECT_MAP NONOS_DIRECT_MAP_VADDR
#define ADDRESS_FIRMWARE UINT64_C(0xFFFFA00000000000)
#define ADDRESS_STACKS UINT64_C(0xFFFFC00000000000)
#define ADDRESS_THREAD_STACKS UINT64_C(0xFFFFC80000000000)
#define ADDRESS_SCREEN UINT64_C(0xFFFFD00000000000)

/* Where physical memory can be reached: the direct map. Provided by the kernel (address.c) and by
 * each host test, which puts its own memory there. */
void *direct_map_at(paddr_t paddr);

#endif
