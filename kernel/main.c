#include "kernel/main.h"

#include "abi/image.h"
#include "crypto/bytes.h"
#include "image/error.h"
#include "kernel/canary.h"
#include "kernel/console.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/idt.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/pic.h"
#include "kernel/cpu/smp.h"
#include "kernel/dev/clock.h"
#include "kernel/dev/io_apic.h"
#include "kernel/dev/platform.h"
#include "kernel/dev/power.h"
#include "kernel/dev/virtio_rng.h"
#include "kernel/generator.h"
#include "kernel/handoff_check.h"
#include "kernel/image.h"
#include "kernel/input.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/gate.h"
#include "kernel/mem/paging.h"
#include "kernel/mem/stack.h"
#include "kernel/monitor.h"
#include "kernel/panic.h"
#include "kernel/prompt.h"
#include "kernel/pvh.h"
#include "kernel/report.h"
#include "kernel/sched/sched.h"
#include "kernel/selftest.h"
#include "kernel/timeline.h"
#include "kernel/user/syscall.h"

#include <string.h>

/* All that the first tables, the loader's or those of pvh_entry.S, are sure to map. */
#define FIRST_REACHABLE_END (UINT64_C(1) << 32)

static struct boot_info info;

struct boot_info *boot_info(void)
{
    return &info;
}

/* From here on threads run, and interrupts come in. */
static void processors_start(void)
{
    if (!apic_init())
        panic("the processor has no local APIC");
    apic_init_processor();
    io_apic_init(platform_get());
    input_init();
    clock_init(platform_get(), &info);
    apic_timer_calibrate();
    timeline_mark(TIMELINE_CLOCK);
    syscall_init_processor();
    sched_init("prompt", stack_top(STACK_KERNEL));
    cpu_current()->apic_id = apic_id();
    virtio_rng_use_interrupt();
    timeline_mark(TIMELINE_THREADS);
    smp_start(platform_get()->processors + 1, platform_get()->processor_count - 1);
    gate_init();
    timeline_mark(TIMELINE_PROCESSORS);
    interrupts_enable();
}

/* On the kernel's own stack and tables. */
[[noreturn]] static void kernel_run(void)
{
    const struct nonos_memory_region *map = info.memory_map;
    size_t count = info.handoff.memory_map_count;

    features_enable_global_pages();
    stack_note_boot(0, 0);
    if (info.start == BOOT_START_PVH)
        pvh_forget();
    gdt_set_ist(&cpu_current()->gdt, GDT_IST_DOUBLE_FAULT, stack_top(STACK_DOUBLE_FAULT));
    gdt_set_ist(&cpu_current()->gdt, GDT_IST_NMI, stack_top(STACK_NMI));
    gdt_set_ist(&cpu_current()->gdt, GDT_IST_MACHINE_CHECK, stack_top(STACK_MACHINE_CHECK));
    monitor_init();
    monitor_show_start();
    paging_check();
    timeline_mark(TIMELINE_CHECK);
    frames_add(map, count, NONOS_MEMORY_USABLE, FIRST_REACHABLE_END, ADDRESS_PADDR_END);
    frames_add(map, count, NONOS_MEMORY_LOADER, 0, ADDRESS_PADDR_END);
    timeline_mark(TIMELINE_MEMORY);
    selftest_run();
    platform_init(info.handoff.acpi_rsdp_paddr);
    power_init();
    timeline_mark(TIMELINE_ACPI);
    virtio_rng_init();
    if (generator_init(info.handoff.entropy, info.handoff.entropy_sources) != NONOS_OK)
        panic("no source of randomness: the handoff, the processor and devices have none");
    monitor_show_tests();
    timeline_mark(TIMELINE_GENERATOR);
    processors_start();
    report_print();
    monitor_show_ready();
    console_printf("NONOS: ready\n");
    timeline_mark(TIMELINE_REPORT);
    prompt_run();
}

static const char *text_of(enum nonos_error error)
{
    if (error == NONOS_E_HANDOFF_MAGIC)
        return error_text_HANDOFF_MAGIC;
    if (error == NONOS_E_HANDOFF_VERSION)
        return error_text_HANDOFF_VERSION;
    return error == NONOS_E_HANDOFF_MEMORY_MAP ? error_text_HANDOFF_MEMORY_MAP
                                               : error_text_HANDOFF_FIELD;
}

/* The kernel's own copy, of what has been checked; the secret in the original is erased. */
static void take_handoff(const struct nonos_handoff *handoff, enum boot_start start)
{
    const struct handoff_image image = {.vaddr = image_start(), .len = image_len()};
    uint64_t paddr = (uintptr_t)handoff - ADDRESS_DIRECT_MAP;
    const char *field;
    enum nonos_error error = handoff_validate(handoff, paddr, &image, &field);

    if (error != NONOS_OK)
        panic("%s: %s (code %d)", text_of(error), field, (int)error);
    info.start = start;
    info.handoff = *handoff;
    bytes_wipe((void *)(uintptr_t)handoff->entropy, sizeof handoff->entropy);
    if (start == BOOT_START_PVH && info.handoff.flags != 0)
        panic("a PVH start has no flags");
    stack_note_boot(handoff->stack_vaddr, handoff->stack_len);
}

/* A copy that stays. */
static void *keep(const void *bytes, size_t len, const char *what)
{
    paddr_t copy = frames_allocate(frames_order_for(len));

    if (copy == 0)
        panic_no_memory(what);
    return memcpy(direct_map_at(copy), bytes, len);
}

/* The allocator with the memory that can be reached now; map and event log in memory of our own,
 * before that of the loader is reused. */
static void take_memory(void)
{
    const struct nonos_memory_region *map = direct_map_at(info.handoff.memory_map_paddr);
    size_t count = info.handoff.memory_map_count;
    size_t log_len = info.handoff.measurement_log_len;

    if (frames_init(map, count, FIRST_REACHABLE_END) != NONOS_OK)
        panic_no_memory("the allocator");
    frames_add(map, count, NONOS_MEMORY_USABLE, 0, FIRST_REACHABLE_END);
    info.memory_map = keep(map, count * sizeof *map, "the memory map");
    if (log_len != 0)
        info.measurement_log =
            keep(direct_map_at(info.handoff.measurement_log_paddr), log_len, "the event log");
}

void kernel_begin(const char *first_line)
{
    info.entry_tsc = control_read_tsc();
    console_init();
    console_printf("%s\n", first_line);
    timeline_mark(TIMELINE_CONSOLE);
    cpu_init_first();
    idt_init();
    pic_mask();
    timeline_mark(TIMELINE_DESCRIPTORS);
    features_detect();
    features_enable();
    timeline_mark(TIMELINE_PROCESSOR);
}

[[clang::no_stack_protector]] void kernel_start(const struct nonos_handoff *handoff,
                                                enum boot_start start)
{
    canary_init(handoff->entropy, sizeof handoff->entropy);
    take_handoff(handoff, start);
    timeline_mark(TIMELINE_HANDOFF);
    take_memory();
    timeline_mark(TIMELINE_FRAMES);
    paging_init(info.memory_map, info.handoff.memory_map_count, info.handoff.image_paddr);
    timeline_mark(TIMELINE_TABLES);
    stack_init();
    timeline_mark(TIMELINE_STACKS);
    paging_enter(stack_top(STACK_KERNEL), kernel_run);
}

void kernel_main(const struct nonos_handoff *handoff)
{
    kernel_begin("NONOS: started by a loader");
    kernel_start(handoff, BOOT_START_LOADER);
}
