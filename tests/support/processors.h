/*
 * processors.h - processors that remember translations as real ones may, for tests of what has to
 * make them forget: by PCID, entries of pages and addresses of tables apart, and for as long as
 * nobody tells them otherwise.
 *
 * For one test program, next to machine.h. Interrupts that they send each other are pending until
 * the other one lets them in.
 */
#ifndef NONOS_TESTS_SUPPORT_PROCESSORS_H
#define NONOS_TESTS_SUPPORT_PROCESSORS_H

#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/tlb.h"
#include "kernel/cpu/vectors.h"
#include "kernel/mem/paging.h"
#include "kernel/mem/shootdown.h"
#include "tests/support/machine.h"

#define PROCESSORS 4u
#define REMEMBERED 512u
#define PROCESSORS_USER_BIT UINT64_C(4)

/* Level 0: the entry of a page; 1: the entry that names its table. */
struct remembered {
    bool used;
    uint32_t pcid;
    unsigned level;
    uint64_t vaddr;
    uint64_t entry;
};

static struct cpu processors_cpu[PROCESSORS];
static uint32_t processors_now; /* the one that runs */
static struct cpu_features processors_features;
static struct {
    uint64_t cr3;
    bool is_asked; /* an interrupt is pending */
    struct remembered memory[REMEMBERED];
    size_t next;
} processors_state[PROCESSORS];
static uint64_t processors_interrupts;

struct cpu *cpu_current(void)
{
    return &processors_cpu[processors_now];
}

struct cpu *cpu_get(uint32_t index)
{
    return &processors_cpu[index];
}

const struct cpu_features *features_get(void)
{
    return &processors_features;
}

void apic_send(uint32_t apic_id, unsigned vector)
{
    assert_in_range(apic_id, 100, 100 + PROCESSORS - 1);
    assert_int_not_equal(apic_id, 100 + processors_now);
    assert_int_equal(vector, VECTOR_SHOOTDOWN);
    processors_state[apic_id - 100].is_asked = true;
    processors_interrupts++;
}

static uint32_t processors_pcid(void)
{
    return (uint32_t)(processors_state[processors_now].cr3 & 0xFFF);
}

/* Of the loaded PCID: all, or one page and every table. */
static void processors_forget(bool all, uint64_t vaddr)
{
    struct remembered *memory = processors_state[processors_now].memory;

    for (size_t i = 0; i < REMEMBERED; i++) {
        if (memory[i].used && memory[i].pcid == processors_pcid() &&
            (all || memory[i].level > 0 || memory[i].vaddr == vaddr))
            memory[i].used = false;
    }
}

void tlb_load(uint64_t cr3)
{
    if ((cr3 & 0xFFF) != 0 || (cr3 & TLB_KEEP) != 0)
        assert_true(processors_features.pcid);
    processors_state[processors_now].cr3 = cr3 & ~TLB_KEEP;
    if ((cr3 & TLB_KEEP) == 0)
        processors_forget(true, 0);
}

void tlb_flush(void)
{
    processors_forget(true, 0);
}

void tlb_flush_page(uint64_t vaddr)
{
    processors_forget(false, vaddr);
}

/* The others run while one waits for them. */
static void (*processors_wait)(void);

void tlb_pause(void)
{
    processors_wait();
}

static const struct remembered *processors_recall(unsigned level, uint64_t vaddr)
{
    const struct remembered *memory = processors_state[processors_now].memory;

    for (size_t i = 0; i < REMEMBERED; i++) {
        if (memory[i].used && memory[i].pcid == processors_pcid() && memory[i].level == level &&
            memory[i].vaddr == vaddr)
            return &memory[i];
    }
    return nullptr;
}

static void processors_remember(unsigned level, uint64_t vaddr, uint64_t entry)
{
    size_t at = processors_state[processors_now].next++ % REMEMBERED;

    processors_state[processors_now].memory[at] = (struct remembered){
        .used = true, .pcid = processors_pcid(), .level = level, .vaddr = vaddr, .entry = entry};
}

static uint64_t processors_read(uint64_t table, uint64_t vaddr, unsigned level)
{
    paddr_t paddr = table & UINT64_C(0x000FFFFFFFFFF000);
    const uint64_t *entries = direct_map_at(paddr);

    assert_in_range(paddr, MACHINE_PADDR, MACHINE_PADDR + MACHINE_LEN - 1);
    return entries[vaddr >> (12 + 9 * level) & 511];
}

/* What this processor takes vaddr for: the page's entry, or 0 where it would be a page fault. */
static uint64_t processors_translate(uint64_t vaddr)
{
    const struct remembered *known = processors_recall(0, vaddr);
    uint64_t entry = processors_state[processors_now].cr3;

    if (known != nullptr)
        return known->entry;
    known = processors_recall(1, vaddr >> 21);
    for (unsigned level = 3; known == nullptr && level > 0; level--) {
        entry = processors_read(entry, vaddr, level);
        if ((entry & 1) == 0)
            return 0;
        if (level == 1)
            processors_remember(1, vaddr >> 21, entry);
    }
    entry = processors_read(known != nullptr ? known->entry : entry, vaddr, 0);
    if ((entry & 1) == 0)
        return 0;
    processors_remember(0, vaddr, entry);
    return entry;
}

/* Lets a pending interrupt in. */
static void processors_answer(uint32_t index)
{
    uint32_t was = processors_now;

    if (!processors_state[index].is_asked)
        return;
    processors_state[index].is_asked = false;
    processors_now = index;
    shootdown_handle();
    processors_now = was;
}

/* All but the one that runs: as if they had nothing else to do. */
static void processors_answer_all(void)
{
    for (uint32_t i = 0; i < PROCESSORS; i++)
        processors_answer(i);
}

static void processors_init(bool pcid)
{
    memset(processors_state, 0, sizeof processors_state);
    processors_features = (struct cpu_features){.pcid = pcid};
    processors_now = 0;
    processors_interrupts = 0;
    for (uint32_t i = 0; i < PROCESSORS; i++) {
        processors_state[i].cr3 = paging_root(); /* no processor runs without page tables */
        processors_cpu[i].index = i;
        processors_cpu[i].apic_id = 100 + i;
    }
    processors_wait = processors_answer_all;
}

#endif
