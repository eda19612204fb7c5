#include "kernel/mem/gate.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/idt.h"
#include "kernel/image.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/paging.h"
#include "kernel/mem/roots.h"
#include "kernel/panic.h"

/* With the rights that the kernel has. */
static void open(const void *page)
{
    vaddr_t vaddr = (uintptr_t)page;
    struct mapping_entry entry;
    bool found = mapping_find(paging_root(), vaddr, &entry);

    if (!found || mapping_add(paging_root() + ROOTS_PROGRAM, vaddr, entry.paddr, PAGE_LEN,
                              (entry.writable ? (unsigned)MAPPING_WRITE : 0) |
                                  (entry.executable ? (unsigned)MAPPING_EXECUTE : 0)) != NONOS_OK)
        panic_no_memory("the page tables");
}

void gate_init(void)
{
    if (roots_order() == 0)
        return;
    open(kernel_text_start);
    open(idt_page());
    for (uint32_t i = 0; i < cpu_count(); i++)
        open(cpu_get(i));
}
