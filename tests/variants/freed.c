/*
 * freed.c - frames.c, where memory is not zeroed when it is freed but when it is had again: what
 * was in it stays until then, and a memory dump has to find it.
 */
#define frames_free frames_free_of_the_product
#include "kernel/mem/frames.c" // NOLINT(bugprone-suspicious-include)
#undef frames_free

void frames_free(paddr_t paddr);

void frames_free(paddr_t paddr)
{
    unsigned order = frames_order(paddr);
    uint64_t frame = paddr / PAGE_LEN;
    bool were_on = lock_take(&frames.lock);

    memset(books_at(frame), DIRTY, (size_t)1 << order);
    frames.statistics.free_pages += UINT64_C(1) << order;
    block_release(frame, order);
    lock_release(&frames.lock, were_on);
}
