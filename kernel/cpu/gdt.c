#include "kernel/cpu/gdt.h"

#include <stddef.h>

#define DESCRIPTOR_CODE_64 UINT64_C(0x00AF9B000000FFFF)
#define DESCRIPTOR_DATA UINT64_C(0x00CF93000000FFFF)
#define DESCRIPTOR_USER_CODE_64 UINT64_C(0x00AFFB000000FFFF)
#define DESCRIPTOR_USER_DATA UINT64_C(0x00CFF3000000FFFF)
#define TSS_AVAILABLE UINT64_C(0x89) /* present, ring 0, 64-bit TSS */

struct [[gnu::packed]] tss {
    uint32_t reserved0;   /*   0 */
    uint64_t rsp[3];      /*   4 */
    uint64_t reserved1;   /*  28 */
    uint64_t ist[7];      /*  36: IST1 to IST7 */
    uint64_t reserved2;   /*  92 */
    uint16_t reserved3;   /* 100 */
    uint16_t io_map_base; /* 102: past the end = no I/O from ring 3 */
};
static_assert(offsetof(struct tss, ist) == 36);
static_assert(sizeof(struct tss) == 104);

struct [[gnu::packed]] table_pointer {
    uint16_t limit;
    uint64_t base;
};

static struct tss tss = {.io_map_base = sizeof(struct tss)};
static uint64_t table[7] = {
    [GDT_KERNEL_CODE / 8] = DESCRIPTOR_CODE_64,
    [GDT_KERNEL_DATA / 8] = DESCRIPTOR_DATA,
    [GDT_USER_DATA / 8] = DESCRIPTOR_USER_DATA,
    [GDT_USER_CODE / 8] = DESCRIPTOR_USER_CODE_64,
};
alignas(16) static uint8_t early_stack[4096];

void gdt_init(void)
{
    uint64_t base = (uintptr_t)&tss;
    struct table_pointer pointer = {.limit = sizeof table - 1, .base = (uintptr_t)table};

    for (unsigned i = 0; i < GDT_IST_COUNT; i++)
        tss.ist[i] = (uintptr_t)early_stack + sizeof early_stack;
    table[GDT_TSS / 8] = (sizeof tss - 1) | (base & 0xFFFFFF) << 16 | TSS_AVAILABLE << 40 |
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

void gdt_set_ist(enum gdt_ist ist, void *top)
{
    tss.ist[ist - 1] = (uintptr_t)top;
}

void gdt_set_entry_stack(void *top)
{
    tss.rsp[0] = (uintptr_t)top;
}
