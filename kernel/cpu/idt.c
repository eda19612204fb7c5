#include "kernel/cpu/idt.h"

#include "kernel/cpu/gdt.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/address.h"

#include <stdint.h>

#define INTERRUPT_GATE 0x8Eu /* present, ring 0, interrupts off on entry */
#define PROGRAM_GATE 0xEEu   /* the same, and programs may use INT3 */

struct gate {
    uint16_t offset_0;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_16;
    uint32_t offset_32;
    uint32_t reserved;
};
static_assert(sizeof(struct gate) == 16);

struct [[gnu::packed]] table_pointer {
    uint16_t limit;
    uint64_t base;
};

/* A page of its own, since tables of programs map it. What is behind the limit is never read. */
alignas(PAGE_LEN) static struct gate table[PAGE_LEN / sizeof(struct gate)];

static uint8_t ist_of(unsigned vector)
{
    switch (vector) {
    case VECTOR_NMI:
        return GDT_IST_NMI;
    case VECTOR_DOUBLE_FAULT:
        return GDT_IST_DOUBLE_FAULT;
    case VECTOR_MACHINE_CHECK:
    case VECTOR_DEBUG: /* may share: no machine check returns */
        return GDT_IST_MACHINE_CHECK;
    default:
        return 0;
    }
}

void idt_init(void)
{
    for (unsigned i = 0; i < VECTOR_COUNT; i++) {
        uint64_t entry = (uintptr_t)trap_entries + (size_t)i * VECTOR_ENTRY_LEN;

        table[i] = (struct gate){
            .offset_0 = (uint16_t)entry,
            .selector = GDT_KERNEL_CODE,
            .ist = ist_of(i),
            .type = i == VECTOR_BREAKPOINT ? PROGRAM_GATE : INTERRUPT_GATE,
            .offset_16 = (uint16_t)(entry >> 16),
            .offset_32 = (uint32_t)(entry >> 32),
        };
    }
    idt_load();
}

const void *idt_page(void)
{
    return table;
}

void idt_load(void)
{
    struct table_pointer pointer = {.limit = VECTOR_COUNT * sizeof *table - 1,
                                    .base = (uintptr_t)table};

    __asm__ volatile("lidt %0" : : "m"(pointer));
}
