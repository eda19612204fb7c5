#include "kernel/mem/space.h"

#include "kernel/mem/frames.h"
#include "kernel/mem/mapping_user.h"
#include "kernel/mem/paging.h"
#include "kernel/mem/roots.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"

#include <stdckdint.h>
#include <string.h>

#define RIGHTS ((unsigned)MAPPING_WRITE | (unsigned)MAPPING_EXECUTE)
#define ROOM_ATTEMPTS 8u
#define AUDIT_PIECE 16u /* pages that are judged with interrupts off */

static struct slab_cache spaces = SLAB_CACHE("space", sizeof(struct space));

enum nonos_error space_create(struct quota *quota, struct space **space)
{
    paddr_t root;
    enum nonos_error error = quota_take_block(quota, roots_order(), &root);

    *space = nullptr;
    if (error != NONOS_OK)
        return error;
    *space = slab_allocate(&spaces);
    if (*space == nullptr) {
        quota_free_block(quota, roots_order(), root);
        return NONOS_E_NO_MEMORY;
    }
    paging_share(root);
    roots_share(root, paging_root());
    translations_init(&(*space)->translations, root);
    (*space)->lock = LOCK_INIT(LOCK_SPACE);
    (*space)->quota = quota;
    (*space)->frames = UINT64_C(1) << roots_order();
    (*space)->next_room = SPACE_ANYWHERE;
    return NONOS_OK;
}

/* Takes away what is mapped from vaddr on, and gives its frames back when no processor knows them
 * any more; returns where to go on. The lock is held until then: what is mapped next in a place
 * where processors remember an empty table would not be there for them. */
static vaddr_t unmap_piece(struct space *space, vaddr_t vaddr, vaddr_t end)
{
    struct mapping_batch batch;
    bool were_on = lock_take(&space->lock);
    vaddr_t next = mapping_user_remove(space->translations.root, vaddr, end, &batch);

    roots_follow(space->translations.root, batch.first);
    space->frames -= batch.count;
    if (batch.count > 0)
        shootdown(&space->translations, batch.first, batch.end);
    lock_release(&space->lock, were_on);
    for (size_t i = 0; i < batch.count; i++) {
        quota_free_frame(space->quota, batch.frames[i]);
        preempt_point();
    }
    return next;
}

static void unmap(struct space *space, vaddr_t vaddr, vaddr_t end)
{
    while (vaddr < end) {
        vaddr = unmap_piece(space, vaddr, end);
        preempt_point();
    }
}

void space_destroy(struct space *space)
{
    paddr_t root = space->translations.root;

    translations_end(&space->translations);
    unmap(space, 0, ADDRESS_USER_END);
    if (space->frames != UINT64_C(1) << roots_order())
        panic("space: %llu frames are lost", (unsigned long long)space->frames);
    quota_free_block(space->quota, roots_order(), root);
    slab_free(&spaces, space);
}

static bool is_range(vaddr_t vaddr, uint64_t len, vaddr_t *end)
{
    return ((vaddr | len) & PAGE_MASK) == 0 && len > 0 && !ckd_add(end, vaddr, len) &&
           vaddr >= SPACE_START && *end <= SPACE_END;
}

static bool are_rights(unsigned flags)
{
    return (flags & ~RIGHTS) == 0 && flags != RIGHTS;
}

/* A zeroed page, which has been charged. */
static enum nonos_error map_page(struct space *space, vaddr_t vaddr, unsigned flags)
{
    paddr_t paddr = frames_allocate(0);
    enum nonos_error error;
    uint64_t tables;
    bool were_on;

    if (paddr == 0)
        return NONOS_E_NO_MEMORY;
    frames_set_owner(paddr, FRAMES_PROGRAM);
    were_on = lock_take(&space->lock);
    error = mapping_user_add(space->translations.root, vaddr, paddr, flags, space->quota, &tables);
    if (error == NONOS_OK)
        space->frames += 1 + tables;
    roots_follow(space->translations.root, vaddr);
    lock_release(&space->lock, were_on);
    if (error != NONOS_OK)
        frames_free(paddr);
    return error;
}

enum nonos_error space_map(struct space *space, vaddr_t vaddr, uint64_t len, unsigned flags)
{
    enum nonos_error error;
    vaddr_t end;

    if (!is_range(vaddr, len, &end) || !are_rights(flags))
        return NONOS_E_SIZE;
    error = quota_charge(space->quota, len / PAGE_LEN);
    for (vaddr_t at = vaddr; at < end && error == NONOS_OK; at += PAGE_LEN) {
        error = map_page(space, at, flags);
        if (error != NONOS_OK) {
            quota_release(space->quota, (end - at) / PAGE_LEN);
            unmap(space, vaddr, at);
        }
        preempt_point();
    }
    return error;
}

/* Keeps a range for one caller. What another call maps into it by its address
 * makes the caller's space_map fail. */
static vaddr_t take_room(struct space *space, uint64_t len)
{
    bool were_on = lock_take(&space->lock);
    vaddr_t vaddr = space->next_room;

    if (len > SPACE_END - vaddr)
        vaddr = SPACE_ANYWHERE;
    space->next_room = vaddr + len;
    lock_release(&space->lock, were_on);
    return vaddr;
}

enum nonos_error space_map_anywhere(struct space *space, uint64_t len, unsigned flags,
                                    vaddr_t *vaddr)
{
    enum nonos_error error = NONOS_E_SIZE;
    vaddr_t end;

    *vaddr = 0;
    if (!is_range(SPACE_ANYWHERE, len, &end))
        return NONOS_E_SIZE;
    /* What is there already has been mapped by its address, or is very old: the next ones are
     * tried. */
    for (unsigned attempt = 0; attempt < ROOM_ATTEMPTS; attempt++) {
        vaddr_t room = take_room(space, len);

        error = space_map(space, room, len, flags);
        if (error == NONOS_OK)
            *vaddr = room;
        if (error != NONOS_E_EXISTS)
            break;
    }
    return error;
}

enum nonos_error space_unmap(struct space *space, vaddr_t vaddr, uint64_t len)
{
    vaddr_t end;

    if (!is_range(vaddr, len, &end))
        return NONOS_E_SIZE;
    unmap(space, vaddr, end);
    return NONOS_OK;
}

enum nonos_error space_protect(struct space *space, vaddr_t vaddr, uint64_t len, unsigned flags)
{
    enum nonos_error error = NONOS_OK;
    vaddr_t end;

    if (!is_range(vaddr, len, &end) || !are_rights(flags))
        return NONOS_E_SIZE;
    while (vaddr < end && error == NONOS_OK) {
        vaddr_t next;
        bool were_on = lock_take(&space->lock);

        error = mapping_user_protect(space->translations.root, vaddr, end, flags, &next);
        if (next > vaddr)
            shootdown(&space->translations, vaddr, next);
        lock_release(&space->lock, were_on);
        vaddr = next;
        preempt_point();
    }
    return error;
}

enum nonos_error space_write(struct space *space, vaddr_t vaddr, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;

    while (len > 0) {
        size_t piece = PAGE_LEN - (vaddr & PAGE_MASK);
        struct mapping_page page;
        bool were_on = lock_take(&space->lock);
        bool found = mapping_user_next(space->translations.root, vaddr & ~PAGE_MASK,
                                       (vaddr | PAGE_MASK) + 1, &page);

        piece = piece < len ? piece : len;
        if (found)
            memcpy((uint8_t *)direct_map_at(page.paddr) + (vaddr & PAGE_MASK), from, piece);
        lock_release(&space->lock, were_on);
        if (!found)
            return NONOS_E_NOT_FOUND;
        vaddr += piece;
        from += piece;
        len -= piece;
        preempt_point();
    }
    return NONOS_OK;
}

void space_audit(struct space *space, struct audit_space *audit)
{
    paddr_t root = space->translations.root;
    struct mapping_page page = {0};
    bool found = true;
    bool were_on = lock_take(&space->lock);

    audit_space_begin(audit, root, paging_root());
    if (roots_order() != 0)
        audit_space_gate(audit, root, paging_root());
    lock_release(&space->lock, were_on);
    while (found) {
        were_on = lock_take(&space->lock);
        for (unsigned i = 0; found && i < AUDIT_PIECE; i++) {
            found = mapping_user_next(root, page.vaddr + page.len, ADDRESS_USER_END, &page);
            if (found)
                audit_space_page(audit, &page);
        }
        lock_release(&space->lock, were_on);
        preempt_point();
    }
}
