/*
 * mapping.h - 4-level page tables as data: building and reading them.
 *
 * Nothing here touches the processor: paging.c puts the tables into use. Tables are frames, reached
 * through direct_map_at. Permissions are set in the lowest entry alone; the upper ones allow all,
 * but use by programs only where there are pages of programs.
 *
 * Source: SDM vol. 3 §4.5 (4-level paging), §4.6 (access rights), §4.9 (memory types).
 */
#ifndef NONOS_KERNEL_MEM_MAPPING_H
#define NONOS_KERNEL_MEM_MAPPING_H

#include "abi/error.h"
#include "kernel/mem/address.h"

#include <stddef.h>
#include <stdint.h>

/* What a mapping allows; reading always. */
enum mapping_flags {
    MAPPING_READ = 0,
    MAPPING_WRITE = 1 << 0,
    MAPPING_EXECUTE = 1 << 1,  /* never together with MAPPING_WRITE */
    MAPPING_PAGES_1G = 1 << 2, /* the processor has 1 GiB pages: they may be used */
    MAPPING_UNCACHED = 1 << 3, /* for registers of devices */
    MAPPING_USER = 1 << 4,     /* programs may use it; below ADDRESS_USER_END alone */
};

enum mapping_size { MAPPING_SIZE_4K, MAPPING_SIZE_2M, MAPPING_SIZE_1G, MAPPING_SIZE_COUNT };

/* A page as the tables have it. */
struct mapping_page {
    vaddr_t vaddr;
    paddr_t paddr;
    uint64_t len;
    enum mapping_size size;
    unsigned flags; /* what all levels together allow: enum mapping_flags, page sizes apart */
};

struct mapping_statistics {
    uint64_t tables; /* pages that the tables take */
    uint64_t pages_4k;
    uint64_t pages_2m;
    uint64_t pages_1g;
    uint64_t executable_pages;          /* of any size */
    uint64_t writable_executable_pages; /* must be 0 */
    uint64_t user_pages;                /* must be 0 in the kernel's own */
};

struct mapping_entry {
    paddr_t paddr; /* of the byte asked for */
    bool writable;
    bool executable;
    bool uncached;
};

/* An empty set of tables; *root is its physical address. NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error mapping_create(paddr_t *root);

/* Maps [vaddr, vaddr + len) to [paddr, paddr + len), whole pages, with the largest pages that fit.
 * NONOS_E_SIZE for a range that is not aligned, wraps around, is not canonical, is writable and
 * executable, or is for programs and not below ADDRESS_USER_END; NONOS_E_EXISTS when it has a page
 * mapped already; NONOS_E_NO_MEMORY. On failure part of it may be mapped. */
[[nodiscard]] enum nonos_error mapping_add(paddr_t root, vaddr_t vaddr, paddr_t paddr, uint64_t len,
                                           unsigned flags);

/* What one entry of the root stands for. */
#define MAPPING_ROOT_ENTRY_LEN (UINT64_C(1) << 39)

/* Makes the root's entry for vaddr, so that other roots can have the same one. NONOS_E_NO_MEMORY.
 */
[[nodiscard]] enum nonos_error mapping_reserve(paddr_t root, vaddr_t vaddr);

/* Whether the root has every entry that [vaddr, vaddr + len) needs. */
[[nodiscard]] bool mapping_is_reserved(paddr_t root, vaddr_t vaddr, uint64_t len);

/* What is mapped at vaddr; false, and *entry zero, when nothing is. */
[[nodiscard]] bool mapping_find(paddr_t root, vaddr_t vaddr, struct mapping_entry *entry);

/* Calls visit with every page of the tables, from the lowest address up; returns the number of
 * tables. */
uint64_t mapping_walk(paddr_t root, void (*visit)(void *context, const struct mapping_page *page),
                      void *context);

/* Counts every page of the tables. */
void mapping_count(paddr_t root, struct mapping_statistics *statistics);

#endif
