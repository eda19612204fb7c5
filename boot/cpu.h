/*
 * cpu.h - the processor's instructions that C has no words for (SDM vol. 2).
 */
#ifndef NONOS_BOOT_CPU_H
#define NONOS_BOOT_CPU_H

#include <stdint.h>

struct cpuid {
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

static inline struct cpuid cpu_identify(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t cpu_read_tsc(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* One try each; false, and *value 0, when the generator had nothing ready. Only where the processor
 * has the instruction (boot/hardware.h). */
static inline bool cpu_rdrand(uint64_t *value)
{
    bool ready;
    __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ready));
    return ready;
}

static inline bool cpu_rdseed(uint64_t *value)
{
    bool ready;
    __asm__ volatile("rdseed %0" : "=r"(*value), "=@ccc"(ready));
    return ready;
}

static inline void cpu_pause(void)
{
    __asm__ volatile("pause");
}

static inline void cpu_write_port(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t cpu_read_port(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void cpu_disable_interrupts(void)
{
    __asm__ volatile("cli" ::: "memory");
}

/* Interrupts off, halted, for ever. */
[[noreturn]] static inline void cpu_stop(void)
{
    for (;;)
        __asm__ volatile("cli; hlt" ::: "memory");
}

#endif
