/*
 * mapping_user.h - the pages of programs, in the lower half of a set of tables (mapping.h): each of
 * 4 KiB, added and taken away by itself, with the tables that it alone needs.
 *
 * Nothing here touches the processor or is locked: space.c does both. A call does what can be done
 * in a few thousand instructions.
 */
#ifndef NONOS_KERNEL_MEM_MAPPING_USER_H
#define NONOS_KERNEL_MEM_MAPPING_USER_H

#include "abi/error.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/quota.h"

/* Frames that were taken out of tables; no processor may know them when they are freed. */
#define MAPPING_BATCH_PAGES 16u
struct mapping_batch {
    paddr_t frames[MAPPING_BATCH_PAGES + 3];
    size_t count;
    vaddr_t first; /* what was mapped there lies in [first, end) */
    vaddr_t end;
};

/* Maps the page at vaddr, below ADDRESS_USER_END, to the frame at paddr; its tables are charged to
 * quota. flags: enum mapping_flags, MAPPING_USER understood. NONOS_E_SIZE for what is not aligned,
 * not for programs, or writable and executable; NONOS_E_EXISTS; NONOS_E_QUOTA; NONOS_E_NO_MEMORY.
 * On failure nothing has changed. */
[[nodiscard]] enum nonos_error mapping_user_add(paddr_t root, vaddr_t vaddr, paddr_t paddr,
                                                unsigned flags, struct quota *quota,
                                                uint64_t *made);

/* Takes away up to MAPPING_BATCH_PAGES pages of [vaddr, end), and the tables that are empty then;
 * *batch has their frames. Returns where to go on: end when there is nothing left to do. */
[[nodiscard]] vaddr_t mapping_user_remove(paddr_t root, vaddr_t vaddr, vaddr_t end,
                                          struct mapping_batch *batch);

/* Gives up to MAPPING_BATCH_PAGES pages from vaddr on the rights in flags; *next is where to go on.
 * NONOS_E_NOT_FOUND, with the pages before it changed, at the first that is not mapped, which *next
 * names; NONOS_E_SIZE as above. */
[[nodiscard]] enum nonos_error mapping_user_protect(paddr_t root, vaddr_t vaddr, vaddr_t end,
                                                    unsigned flags, vaddr_t *next);

/* The lowest page in [vaddr, end) that is mapped; false, and *page zero, when there is none. */
[[nodiscard]] bool mapping_user_next(paddr_t root, vaddr_t vaddr, vaddr_t end,
                                     struct mapping_page *page);

#endif
