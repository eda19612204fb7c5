/*
 * cpu.h - what belongs to one processor. In the kernel its GS base points to it.
 */
#ifndef NONOS_KERNEL_CPU_CPU_H
#define NONOS_KERNEL_CPU_CPU_H

#include "kernel/cpu/current.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/gdt.h"
#include "kernel/cpu/trap.h"
#include "kernel/mem/address.h"
#include "kernel/sched/sched.h"

#include <stddef.h>
#include <stdint.h>

#define CPU_MAX 64u

/* A stack with room for a trap frame, in the gate. */
struct cpu_entry {
    alignas(16) uint64_t frame[22];
    uint64_t top; /* of the stack to which the frame goes; not of the first */
};

/* A page of its own, since tables of programs map it (kernel/mem/gate.h): with nothing secret. */
struct cpu {
    alignas(PAGE_LEN) struct cpu *self; /*  0: offsets with a number are known to assembly */
    uint64_t user_rsp;     /*  8: a program's stack pointer, for some instructions after SYSCALL */
    uint64_t kernel_rsp;   /* 16: where the running thread's kernel stack starts */
    struct thread *thread; /* 24: the running one */
    uint32_t index;        /* 0 is the one that booted */
    uint32_t apic_id;
    uint8_t work;       /* 40: enum speculation_work, when the kernel is entered and left */
    bool online;        /* it runs threads */
    bool arrived;       /* its first code has looked for a gap */
    uint64_t entry_rsp; /* 48: where a program's exceptions come in, with SPECULATION_ISOLATE */
    struct features_gap gap;                  /* with one it is never online */
    uint64_t exception_stacks[GDT_IST_COUNT]; /* tops, by enum gdt_ist - 1 */
    struct gdt gdt;
    struct cpu_entry entries[GDT_IST_COUNT + 1]; /* by enum gdt_ist; the first is entry_rsp's */
    struct run_queue queue;
};
static_assert(sizeof(struct cpu) == PAGE_LEN);
static_assert(sizeof(struct trap_frame) == offsetof(struct cpu_entry, top));
static_assert(offsetof(struct cpu, work) == 40);
static_assert(offsetof(struct cpu, entry_rsp) == 48);
static_assert(offsetof(struct cpu, user_rsp) == 8);
static_assert(offsetof(struct cpu, kernel_rsp) == 16);
static_assert(offsetof(struct cpu, thread) == 24);

/* The first processor: its tables, and GS base. Before anything that asks for cpu_current(). */
void cpu_init_first(void);

/* A further processor's: memory for it, with the next index. Null when there is none, or CPU_MAX.
 */
[[nodiscard]] struct cpu *cpu_add(uint32_t apic_id);

/* Takes back the last one that was added, which does not run. */
void cpu_remove_last(void);

/* On the processor itself: its tables, its GS base. early_stack_top as in gdt_init. */
void cpu_load(struct cpu *cpu, void *early_stack_top);

/* index < cpu_count(). */
[[nodiscard]] struct cpu *cpu_get(uint32_t index);

/* Where programs' calls come in; their exceptions too, unless those have to come by the gate. */
static inline void cpu_set_stack(struct cpu *cpu, uint64_t top)
{
    cpu->kernel_rsp = top;
    if ((cpu->work & SPECULATION_ISOLATE) == 0)
        gdt_set_entry_stack(&cpu->gdt, top);
}

/* How many have been added. */
[[nodiscard]] uint32_t cpu_count(void);

#endif
