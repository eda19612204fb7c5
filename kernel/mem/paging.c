#include "kernel/mem/paging.h"

#include "kernel/cpu/control.h"
#include "kernel/cpu/features.h"
#include "kernel/image.h"
#include "kernel/lock.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/roots.h"
#include "kernel/mem/stack.h"
#include "kernel/panic.h"

#include <stdckdint.h>
#include <string.h>

enum class {
    CLASS_CONSTANTS,
    CLASS_CODE,
    CLASS_DATA,
    CLASS_DIRECT_MAP,
    CLASS_FIRMWARE,
    CLASS_REGISTERS,
    CLASS_SCREEN,
    CLASS_THREAD_STACKS,
    CLASS_STACK, /* the first; one for each, in the order of enum stack_kind */
};
#define CLASS_COUNT ((size_t)CLASS_STACK + (size_t)STACK_COUNT)
static_assert(CLASS_COUNT <= AUDIT_MAX_CLASSES);

static struct {
    struct lock lock; /* of the tables */
    paddr_t root;
    bool is_shared; /* with those of programs: the upper half of the root stays as it is */
    uint64_t thread_stack_count;
    const struct nonos_memory_region *map;
    size_t count;
    struct audit_plan plan;
} paging;

/* enter.S */
[[noreturn]] void paging_switch(uint64_t root, void *stack_top, void (*function)(void));

/* The start goes no further without memory for its tables: what firmware says would be half read,
 * and what works would depend on which part of it there was room for. */
static void stop_if_short(enum nonos_error error)
{
    if (error == NONOS_E_NO_MEMORY && !paging.is_shared)
        panic_no_memory("the page tables");
}

/* With the lock taken. */
static enum nonos_error map_locked(vaddr_t vaddr, paddr_t paddr, uint64_t len, unsigned flags)
{
    if (paging.is_shared && !mapping_is_reserved(paging.root, vaddr, len))
        return NONOS_E_NO_MEMORY;
    return mapping_add(paging.root, vaddr, paddr, len, flags);
}

static void map_or_panic(vaddr_t vaddr, paddr_t paddr, uint64_t len, unsigned flags)
{
    bool were_on = lock_take(&paging.lock);
    enum nonos_error error = map_locked(vaddr, paddr, len, flags);

    lock_release(&paging.lock, were_on);
    stop_if_short(error);
    if (error != NONOS_OK)
        panic("paging: 0x%llx bytes at 0x%llx cannot be mapped (code %d)", (unsigned long long)len,
              (unsigned long long)vaddr, (int)error);
}

static void map_segment(const uint8_t *start, const uint8_t *end, paddr_t image_paddr,
                        unsigned flags)
{
    vaddr_t vaddr = (uintptr_t)start;

    map_or_panic(vaddr, image_paddr + (vaddr - image_start()), (uintptr_t)end - vaddr, flags);
}

static void plan_class(unsigned class, const char *group, const char *name, unsigned rights,
                       vaddr_t first, vaddr_t end, uint64_t offset)
{
    paging.plan.classes[class] = (struct audit_class){.group = group,
                                                      .name = name,
                                                      .first = first,
                                                      .last = end - 1,
                                                      .rights = rights,
                                                      .offset = offset};
}

static void plan_segment(enum class class, const char *name, unsigned rights, const uint8_t *start,
                         const uint8_t *end)
{
    plan_class(class, "image", name, rights, (uintptr_t)start, (uintptr_t)end,
               paging.plan.image_vaddr - paging.plan.image_paddr);
}

static void plan_window(enum class class, const char *group, const char *name, unsigned rights,
                        vaddr_t window)
{
    plan_class(class, group, name, rights, window, window + ADDRESS_PADDR_END, window);
}

/* All that may ever be mapped, but for the stacks. */
static void plan_init(paddr_t image_paddr)
{
    paging.plan.class_count = CLASS_COUNT;
    paging.plan.image_paddr = image_paddr;
    paging.plan.image_len = image_len();
    paging.plan.image_vaddr = image_start();
    plan_segment(CLASS_CONSTANTS, "constants", MAPPING_READ, kernel_rodata_start,
                 kernel_rodata_end);
    plan_segment(CLASS_CODE, "code", MAPPING_EXECUTE, kernel_text_start, kernel_text_end);
    plan_segment(CLASS_DATA, "data", MAPPING_WRITE, kernel_data_start, kernel_data_end);
    plan_window(CLASS_DIRECT_MAP, "memory", "direct map", MAPPING_WRITE, ADDRESS_DIRECT_MAP);
    plan_window(CLASS_FIRMWARE, "firmware", "tables", MAPPING_READ, ADDRESS_FIRMWARE);
    plan_window(CLASS_REGISTERS, "firmware", "registers, uncached",
                MAPPING_WRITE | MAPPING_UNCACHED, ADDRESS_FIRMWARE);
    plan_class(CLASS_THREAD_STACKS, "stack", "threads", MAPPING_WRITE, ADDRESS_THREAD_STACKS,
               ADDRESS_SCREEN, 0);
    plan_window(CLASS_SCREEN, "screen", "pixels, uncached", MAPPING_WRITE | MAPPING_UNCACHED,
                ADDRESS_SCREEN);
}

/* Programs' tables share the root's entries of the upper half, so those that may be needed later
 * are made now: for whatever firmware or a device may have, and for stacks. */
static void reserve_entries(void)
{
    uint64_t end = UINT64_C(1) << features_get()->physical_bits;

    if (end > ADDRESS_PADDR_END)
        end = ADDRESS_PADDR_END;
    for (paddr_t at = 0; at < end; at += MAPPING_ROOT_ENTRY_LEN)
        stop_if_short(mapping_reserve(paging.root, ADDRESS_FIRMWARE + at));
    stop_if_short(mapping_reserve(paging.root, ADDRESS_THREAD_STACKS));
}

static bool is_ours(uint32_t type)
{
    return type == NONOS_MEMORY_USABLE || type == NONOS_MEMORY_LOADER;
}

void paging_init(const struct nonos_memory_region *map, size_t count, paddr_t image_paddr)
{
    unsigned direct_flags = MAPPING_WRITE | (features_get()->pages_1g ? MAPPING_PAGES_1G : 0u);

    paging.map = map;
    paging.count = count;
    plan_init(image_paddr);
    paging.lock = LOCK_INIT(LOCK_SPACE);
    paging.root = frames_allocate(roots_order());
    stop_if_short(paging.root != 0 ? NONOS_OK : NONOS_E_NO_MEMORY);
    reserve_entries();
    map_segment(kernel_rodata_start, kernel_rodata_end, image_paddr, MAPPING_READ);
    map_segment(kernel_text_start, kernel_text_end, image_paddr, MAPPING_EXECUTE);
    map_segment(kernel_data_start, kernel_data_end, image_paddr, MAPPING_WRITE);

    for (size_t i = 0; i < count;) {
        paddr_t start = map[i].paddr;
        paddr_t end = start;

        /* Neighbours of both types together, so that large pages may cross from one to the other.
         */
        for (; i < count && is_ours(map[i].type) && map[i].paddr == end; i++)
            end += map[i].page_count * PAGE_LEN;
        if (end == start)
            i++;
        if (end > ADDRESS_PADDR_END)
            end = ADDRESS_PADDR_END;
        if (end > start)
            map_or_panic(ADDRESS_DIRECT_MAP + start, start, end - start, direct_flags);
    }
}

paddr_t paging_root(void)
{
    return paging.root;
}

void paging_enter(void *stack_top, void (*function)(void))
{
    paging_switch(paging.root, stack_top, function);
}

void paging_map_stack_page(vaddr_t vaddr, paddr_t paddr)
{
    map_or_panic(vaddr, paddr, PAGE_LEN, MAPPING_WRITE);
}

void paging_share(paddr_t root)
{
    uint8_t *upper = (uint8_t *)direct_map_at(root) + PAGE_LEN / 2;

    paging.is_shared = true;
    memcpy(upper, (const uint8_t *)direct_map_at(paging.root) + PAGE_LEN / 2, PAGE_LEN / 2);
}

vaddr_t paging_map_thread_stack(const paddr_t frames[PAGING_THREAD_STACK_PAGES])
{
    bool were_on = lock_take(&paging.lock);
    vaddr_t base =
        ADDRESS_THREAD_STACKS + paging.thread_stack_count * PAGING_THREAD_STACK_STEP + PAGE_LEN;
    enum nonos_error error = NONOS_OK;

    /* All are in one table: the first makes it, or none is mapped. */
    for (size_t i = 0; i < PAGING_THREAD_STACK_PAGES && error == NONOS_OK; i++)
        error = map_locked(base + i * PAGE_LEN, frames[i], PAGE_LEN, MAPPING_WRITE);
    paging.thread_stack_count += error == NONOS_OK;
    lock_release(&paging.lock, were_on);
    return error == NONOS_OK ? base : 0;
}

uint64_t paging_thread_stack_count(void)
{
    return __atomic_load_n(&paging.thread_stack_count, __ATOMIC_RELAXED);
}

static bool is_table_memory(uint32_t type)
{
    return type == NONOS_MEMORY_ACPI_RECLAIM || type == NONOS_MEMORY_ACPI_NVS ||
           type == NONOS_MEMORY_RUNTIME || type == NONOS_MEMORY_RESERVED;
}

/* Some chipsets have registers in what firmware calls reserved. */
static bool is_device_memory(uint32_t type)
{
    return type == NONOS_MEMORY_MMIO || type == NONOS_MEMORY_RESERVED;
}

/* Whether [start, end) lies in allowed types and in what the map leaves out alone. */
static bool is_allowed(paddr_t start, paddr_t end, bool (*type_is_allowed)(uint32_t))
{
    for (size_t i = 0; i < paging.count; i++) {
        const struct nonos_memory_region *region = &paging.map[i];
        bool overlaps =
            region->paddr < end && start < region->paddr + region->page_count * PAGE_LEN;

        if (overlaps && !type_is_allowed(region->type))
            return false;
    }
    return true;
}

/* The pages of a range that may be mapped. Firmware is not believed: an address that the processor
 * has not got would be a page fault. */
static bool find_pages(paddr_t paddr, size_t len, bool (*type_is_allowed)(uint32_t), paddr_t *start,
                       paddr_t *end)
{
    if (len == 0 || ckd_add(end, paddr, len) || *end > ADDRESS_PADDR_END - PAGE_LEN ||
        *end > UINT64_C(1) << features_get()->physical_bits)
        return false;
    *start = paddr & ~PAGE_MASK;
    *end = (*end + PAGE_MASK) & ~PAGE_MASK;
    return is_allowed(*start, *end, type_is_allowed);
}

/* With the lock taken. What is mapped already may be mapped again with the same rights. */
static enum nonos_error window_map_page(paddr_t paddr, unsigned flags)
{
    struct mapping_entry entry;

    if (!mapping_find(paging.root, ADDRESS_FIRMWARE + paddr, &entry))
        return map_locked(ADDRESS_FIRMWARE + paddr, paddr, PAGE_LEN, flags);
    return entry.writable == ((flags & MAPPING_WRITE) != 0) ? NONOS_OK : NONOS_E_EXISTS;
}

static void *window_map(paddr_t paddr, size_t len, bool (*type_is_allowed)(uint32_t),
                        unsigned flags)
{
    paddr_t start;
    paddr_t end;

    if (!find_pages(paddr, len, type_is_allowed, &start, &end))
        return nullptr;
    for (paddr_t page = start; page < end; page += PAGE_LEN) {
        bool were_on = lock_take(&paging.lock);
        enum nonos_error error = window_map_page(page, flags);

        lock_release(&paging.lock, were_on);
        stop_if_short(error);
        if (error != NONOS_OK)
            return nullptr;
    }
    return (void *)(uintptr_t)(ADDRESS_FIRMWARE + paddr);
}

const void *paging_map_firmware(paddr_t paddr, size_t len)
{
    return window_map(paddr, len, is_table_memory, MAPPING_READ);
}

volatile void *paging_map_device(paddr_t paddr, size_t len)
{
    return window_map(paddr, len, is_device_memory, MAPPING_WRITE | MAPPING_UNCACHED);
}

void *paging_map_screen(paddr_t paddr, size_t len)
{
    paddr_t start;
    paddr_t end;
    enum nonos_error error;

    if (!find_pages(paddr, len, is_device_memory, &start, &end))
        return nullptr;
    error = mapping_add(paging.root, ADDRESS_SCREEN + start, start, end - start,
                        MAPPING_WRITE | MAPPING_UNCACHED);
    stop_if_short(error);
    return error == NONOS_OK ? (void *)(uintptr_t)(ADDRESS_SCREEN + paddr) : nullptr;
}

void paging_get_statistics(struct mapping_statistics *statistics)
{
    mapping_count(control_read_cr3() & ~PAGE_MASK, statistics);
}

const struct audit_plan *paging_audit(struct audit *audit)
{
    for (unsigned kind = 0; kind < STACK_COUNT; kind++) {
        const struct stack *stack = stack_get((enum stack_kind)kind);

        plan_class(CLASS_STACK + kind, "stack", stack->name, MAPPING_WRITE, stack->base,
                   stack->base + stack->len, 0);
    }
    audit_run(control_read_cr3() & ~PAGE_MASK, &paging.plan, audit);
    return &paging.plan;
}

void paging_check(void)
{
    struct audit audit;

    if ((control_read_cr3() & ~PAGE_MASK) != paging.root)
        panic("paging: other tables than the kernel's are in use");
    (void)paging_audit(&audit);
    if (!audit_is_clean(&audit))
        panic("paging: %llu pages writable and executable, %llu open to programs, %llu aliases of "
              "the image, %llu foreign; the first at 0x%llx",
              (unsigned long long)audit.writable_executable_pages,
              (unsigned long long)audit.user_pages, (unsigned long long)audit.alias_pages,
              (unsigned long long)audit.foreign_pages, (unsigned long long)audit.first_bad);
}
