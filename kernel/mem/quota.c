#include "kernel/mem/quota.h"

#include "kernel/mem/frames.h"
#include "kernel/panic.h"

enum nonos_error quota_charge(struct quota *quota, uint64_t pages)
{
    uint64_t used;

    if (quota == nullptr)
        return NONOS_OK;
    used = __atomic_load_n(&quota->used_pages, __ATOMIC_RELAXED);
    do {
        if (used > quota->limit_pages || pages > quota->limit_pages - used)
            return NONOS_E_QUOTA;
    } while (!__atomic_compare_exchange_n(&quota->used_pages, &used, used + pages, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return NONOS_OK;
}

void quota_release(struct quota *quota, uint64_t pages)
{
    if (quota != nullptr && __atomic_fetch_sub(&quota->used_pages, pages, __ATOMIC_RELAXED) < pages)
        panic("quota: more is given back than was taken");
}

enum nonos_error quota_take_block(struct quota *quota, unsigned order, paddr_t *paddr)
{
    enum nonos_error error = quota_charge(quota, UINT64_C(1) << order);

    *paddr = 0;
    if (error != NONOS_OK)
        return error;
    *paddr = frames_allocate(order);
    if (*paddr != 0)
        return NONOS_OK;
    quota_release(quota, UINT64_C(1) << order);
    return NONOS_E_NO_MEMORY;
}

enum nonos_error quota_take_frame(struct quota *quota, paddr_t *paddr)
{
    return quota_take_block(quota, 0, paddr);
}

void quota_free_block(struct quota *quota, unsigned order, paddr_t paddr)
{
    frames_free(paddr);
    quota_release(quota, UINT64_C(1) << order);
}

void quota_free_frame(struct quota *quota, paddr_t paddr)
{
    quota_free_block(quota, 0, paddr);
}
