/*
 * quota.h - who pays for frames: an account, with a limit that nobody's requests can pass.
 *
 * All that the kernel holds on behalf of somebody, tables and stacks included, is charged before it
 * is taken and given back when it is free again. Not locked: several processors may use an account
 * at once. Wherever an account is asked for, null stands for the kernel itself, which has no limit.
 */
#ifndef NONOS_KERNEL_MEM_QUOTA_H
#define NONOS_KERNEL_MEM_QUOTA_H

#include "abi/error.h"
#include "kernel/mem/address.h"

#include <stdint.h>

struct quota {
    uint64_t limit_pages;
    uint64_t used_pages; /* changed by the functions below alone */
};

/* NONOS_E_QUOTA, and nothing is charged, when so many more pages would pass the limit. */
[[nodiscard]] enum nonos_error quota_charge(struct quota *quota, uint64_t pages);

/* Panics when so many were never charged. */
void quota_release(struct quota *quota, uint64_t pages);

/* A zeroed frame, charged; *paddr is 0 on failure. NONOS_E_QUOTA, NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error quota_take_frame(struct quota *quota, paddr_t *paddr);

/* The same with 2^order frames in one block. */
[[nodiscard]] enum nonos_error quota_take_block(struct quota *quota, unsigned order,
                                                paddr_t *paddr);

/* Zeroes it, takes it back, and no longer charges it. */
void quota_free_block(struct quota *quota, unsigned order, paddr_t paddr);
void quota_free_frame(struct quota *quota, paddr_t paddr);

#endif
