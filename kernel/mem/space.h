/*
 * space.h - an address space of programs: pages of its own in the lower half, the kernel's in the
 * upper one.
 *
 * All that it holds, its page tables and itself included, is charged to its account; running out of
 * that or of memory is an error that leaves nothing behind. Several threads may use a space at
 * once, on several processors: what two of them do to one address at the same time is theirs to
 * sort out, but every page is either mapped or given back, once. Long ranges are worked on in
 * pieces between which interrupts come in, so no call may be made with a lock held.
 */
#ifndef NONOS_KERNEL_MEM_SPACE_H
#define NONOS_KERNEL_MEM_SPACE_H

#include "abi/error.h"
#include "kernel/lock.h"
#include "kernel/mem/audit.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/quota.h"
#include "kernel/mem/shootdown.h"

#include <stddef.h>

/* Where pages may be: not at null, and not where the instruction after a SYSCALL would not be
 * canonical. */
#define SPACE_START UINT64_C(0x10000)
#define SPACE_END (ADDRESS_USER_END - PAGE_LEN)
/* Where space_map_anywhere begins. */
#define SPACE_ANYWHERE UINT64_C(0x100000000000)

struct space {
    struct translations translations;
    struct lock lock; /* of what follows, and of the lower half of the tables */
    struct quota *quota;
    uint64_t frames;   /* pages and tables, its roots included */
    vaddr_t next_room; /* for space_map_anywhere */
};

/* An empty one. quota has to outlive it. NONOS_E_QUOTA, NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error space_create(struct quota *quota, struct space **space);

/* Gives back all that it holds. No thread is in it any more. */
void space_destroy(struct space *space);

/* The space that this processor runs on, from the last one to the next; null: none, the kernel's
 * own tables. With interrupts off. */
static inline void space_switch(struct space *from, struct space *to)
{
    translations_load(from != nullptr ? &from->translations : nullptr,
                      to != nullptr ? &to->translations : nullptr);
}

/* Zeroed pages for [vaddr, vaddr + len), of the space's own. flags: MAPPING_WRITE or
 * MAPPING_EXECUTE or none. NONOS_E_SIZE for a range that is not aligned, empty or outside
 * [SPACE_START, SPACE_END), or for other flags; NONOS_E_EXISTS when there is a page already;
 * NONOS_E_QUOTA; NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error space_map(struct space *space, vaddr_t vaddr, uint64_t len,
                                         unsigned flags);

/* The same where there is room; *vaddr is 0 on failure. An address is not given out a second time
 * until all others have been. */
[[nodiscard]] enum nonos_error space_map_anywhere(struct space *space, uint64_t len, unsigned flags,
                                                  vaddr_t *vaddr);

/* Gives back the pages of a range; holes in it are none's concern. NONOS_E_SIZE as above. */
[[nodiscard]] enum nonos_error space_unmap(struct space *space, vaddr_t vaddr, uint64_t len);

/* Changes what is allowed. NONOS_E_SIZE as above; NONOS_E_NOT_FOUND, when part of it has been
 * changed, at a page that is not there. */
[[nodiscard]] enum nonos_error space_protect(struct space *space, vaddr_t vaddr, uint64_t len,
                                             unsigned flags);

/* Writes into pages of the space, whatever they allow, by way of the direct map: for programs that
 * are being loaded. NONOS_E_NOT_FOUND, when part of it has been written, at a page that is not
 * there. */
[[nodiscard]] enum nonos_error space_write(struct space *space, vaddr_t vaddr, const void *bytes,
                                           size_t len);

/* Judges every page that a program can see, and whether the upper half is the kernel's. */
void space_audit(struct space *space, struct audit_space *audit);

#endif
