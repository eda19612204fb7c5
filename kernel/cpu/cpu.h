/*
 * cpu.h - what belongs to one processor. In the kernel its GS base points to it.
 */
#ifndef NONOS_KERNEL_CPU_CPU_H
#define NONOS_KERNEL_CPU_CPU_H

#include "kernel/cpu/current.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/gdt.h"
#include "kernel/sched/sched.h"

#include <stddef.h>
#include <stdint.h>

#define CPU_MAX 64u

struct cpu {
    struct cpu *self;      /*  0: the offsets of the first four are known to assembly */
    uint64_t user_rsp;     /*  8: a program's stack pointer, for some instructions after SYSCALL */
    uint64_t kernel_rsp;   /* 16: where the running thread's kernel stack starts */
    struct thread *thread; /* 24: the running one */
    uint32_t index;        /* 0 is the one that booted */
    uint32_t apic_id;
    bool online;                              /* it runs threads */
    bool arrived;                             /* its first code has looked for a gap */
    struct features_gap gap;                  /* with one it is never online */
    uint64_t exception_stacks[GDT_IST_COUNT]; /* tops, by enum gdt_ist - 1 */
    struct gdt gdt;
    struct run_queue queue;
};
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

/* How many have been added. */
[[nodiscard]] uint32_t cpu_count(void);

#endif
