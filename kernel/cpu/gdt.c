#include "kernel/cpu/gdt.h"

#define DESCRIPTOR_CODE_64 UINT64_C(0x00AF9B000000FFFF)
#define DESCRIPTOR_DATA UINT64_C(0x00CF93000000FFFF)
#define DESCRIPTOR_USER_CODE_64 UINT64_C(0x00AFFB000000FFFF)
#define DESCRIPTOR_USER_DATA UINT64_C(0x00CFF3000000FFFF)
#define TSS_AVAILABLE UINT64_C(0x89) /* present, ring 0, 64-bit TSS */

struct [[gnu::packed]] table_pointer {
    uint16_t limit;
    uint64_t base;
};

void gdt_init(struct gdt *gdt, void *early_stack_top)
{
    uint64_t base = (uintptr_t)&gdt->tss;
    uint64_t *table = gdt->descriptors;
    struct table_pointer pointer = {.limit = sizeof gdt->descriptors - 1, .base = (uintptr_t)table};

    *gdt = (struct gdt){.tss.io_map_base = sizeof(struct tss)};
    for (unsigned i = 0; i < GDT_IST_COUNT; i++)
        gdt->tss.ist[i] = (uintptr_t)early_stack_top;
    table[GDT_KERNEL_CODE / 8] = DESCRIPTOR_CODE_64;
    table[GDT_KERNEL_DATA / 8] = DESCRIPTOR_DATA;
    table[GDT_USER_DATA / 8] = DESCRIPTOR_USER_DATA;
    table[GDT_USER_CODE / 8] = DESCRIPTOR_USER_CODE_64;
    table[GDT_TSS / 8] = (sizeof gdt->tss - 1) | (base & 0xFFFFFF) << 16 | TSS_AVAILABLE << 40 |
                         (base >> 24 & 0xFF) << 56;
    table[GDT_TSS / 8 + 1] = base >> 32;

    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %2, %%ds\n\t"
                     "movl %2, %%es\n\t"
                     "movl %2, %%ss\n\t"
                     "movl %3, %%fs\n\t"
                     "movl %3, %%gs\n\t"
                     "ltr %4"
                     :
                     : "m"(pointer), "i"(GDT_KERNEL_CODE), "r"(GDT_KERNEL_DATA), "r"(0),
                       "r"((uint16_t)GDT_TSS)
                     : "rax", "memory");
}

void gdt_set_ist(struct gdt *gdt, enum gdt_ist ist, void *top)
{
    gdt->tss.ist[ist - 1] = (uintptr_t)top;
}
