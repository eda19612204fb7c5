#include "kernel/mem/shootdown.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/tlb.h"
#include "kernel/cpu/vectors.h"
#include "kernel/mem/paging.h"
#include "kernel/panic.h"

#define PCID_COUNT 4096u
#define FLUSH_PAGES_MAX 16u /* from here on everything is forgotten at once */

static uint64_t pcids[PCID_COUNT / 64]; /* bit set: taken */

/* What a processor was asked to do and what it has done, as counts: whoever asks waits until the
 * second has come to what its request made of the first. */
static struct {
    uint32_t requested;
    uint32_t done;
    struct translations *loaded;
} processors[CPU_MAX];

static uint32_t pcid_take(void)
{
    for (uint32_t i = 0; features_get()->pcid && i < PCID_COUNT / 64; i++) {
        uint64_t kernels = i == 0; /* the first is the kernel's */
        uint64_t taken = __atomic_load_n(&pcids[i], __ATOMIC_RELAXED);

        while ((taken | kernels) != UINT64_MAX) {
            uint64_t bit = ~(taken | kernels) & ((taken | kernels) + 1);

            if (__atomic_compare_exchange_n(&pcids[i], &taken, taken | bit, false, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED))
                return i * 64 + (uint32_t)__builtin_ctzll(bit);
        }
    }
    return 0;
}

void translations_init(struct translations *translations, paddr_t root)
{
    *translations = (struct translations){.root = root, .pcid = pcid_take(), .stale = UINT64_MAX};
}

void translations_end(struct translations *translations)
{
    uint32_t pcid = translations->pcid;

    if (translations->loaded != 0)
        panic("space: processors 0x%llx still run on it", (unsigned long long)translations->loaded);
    if (pcid != 0)
        (void)__atomic_fetch_and(&pcids[pcid / 64], ~(UINT64_C(1) << (pcid % 64)),
                                 __ATOMIC_RELEASE);
}

/* Whether this processor may remember something of them that no longer holds; it forgets it now. */
static bool take_stale(struct translations *translations, uint64_t self)
{
    if ((__atomic_load_n(&translations->stale, __ATOMIC_SEQ_CST) & self) == 0)
        return false;
    (void)__atomic_fetch_and(&translations->stale, ~self, __ATOMIC_SEQ_CST);
    return true;
}

void translations_load(struct translations *from, struct translations *to)
{
    uint32_t index = cpu_current()->index;
    uint64_t self = UINT64_C(1) << index;
    uint64_t cr3;

    if (from == to)
        return;
    processors[index].loaded = to;
    if (to != nullptr) {
        /* First this, then the look at what is stale: shootdown does it the other way round, so one
         * of the two sees what the other did. */
        (void)__atomic_fetch_or(&to->loaded, self, __ATOMIC_SEQ_CST);
        cr3 = to->root | to->pcid;
        if (!take_stale(to, self) && to->pcid != 0)
            cr3 |= TLB_KEEP;
    } else {
        cr3 = paging_root() | (from->pcid != 0 ? TLB_KEEP : 0);
    }
    tlb_load(cr3);
    if (from != nullptr)
        (void)__atomic_fetch_and(&from->loaded, ~self, __ATOMIC_SEQ_CST);
}

void shootdown_handle(void)
{
    uint32_t index = cpu_current()->index;
    uint32_t requested = __atomic_load_n(&processors[index].requested, __ATOMIC_ACQUIRE);

    if (requested == processors[index].done)
        return;
    if (processors[index].loaded != nullptr)
        (void)take_stale(processors[index].loaded, UINT64_C(1) << index);
    tlb_flush();
    __atomic_store_n(&processors[index].done, requested, __ATOMIC_RELEASE);
}

void shootdown_wait(void)
{
    shootdown_handle();
    tlb_pause();
}

static void flush_here(vaddr_t first, vaddr_t end)
{
    if (end - first > FLUSH_PAGES_MAX * PAGE_LEN) {
        tlb_flush();
        return;
    }
    for (; first < end; first += PAGE_LEN)
        tlb_flush_page(first);
}

/* Has these processors forget what they have loaded, and waits until they have. */
static void ask(uint64_t others)
{
    uint32_t tickets[CPU_MAX] = {0};

    for (uint64_t left = others; left != 0; left &= left - 1) {
        unsigned index = (unsigned)__builtin_ctzll(left);

        tickets[index] = __atomic_add_fetch(&processors[index].requested, 1, __ATOMIC_ACQ_REL);
        apic_send(cpu_get(index)->apic_id, VECTOR_SHOOTDOWN);
    }
    for (uint64_t left = others; left != 0; left &= left - 1) {
        unsigned index = (unsigned)__builtin_ctzll(left);

        /* What has been asked since may be answered, too: the difference has a sign. */
        while ((int32_t)(__atomic_load_n(&processors[index].done, __ATOMIC_ACQUIRE) -
                         tickets[index]) < 0)
            shootdown_wait();
    }
}

void shootdown(struct translations *translations, vaddr_t first, vaddr_t end)
{
    bool were_on = interrupts_disable();
    uint64_t self = UINT64_C(1) << cpu_current()->index;
    bool is_here = (translations->loaded & self) != 0;
    uint64_t others;

    (void)__atomic_fetch_or(&translations->stale, is_here ? ~self : UINT64_MAX, __ATOMIC_SEQ_CST);
    others = __atomic_load_n(&translations->loaded, __ATOMIC_SEQ_CST) & ~self;
    if (is_here)
        flush_here(first, end);
    if (others != 0)
        ask(others);
    interrupts_restore(were_on);
}
