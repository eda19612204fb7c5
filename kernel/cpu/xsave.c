#include "kernel/cpu/xsave.h"

#include "kernel/cpu/control.h"
#include "kernel/panic.h"

#define FEATURE_XSAVE (1u << 26) /* CPUID 1, ecx */
#define LEAF_XSAVE 0xDu

#define COMPONENTS_SSE 0x03u /* x87, SSE */
#define COMPONENTS_AVX 0x07u
#define COMPONENTS_AVX_512 0xE7u

#define LEGACY_LEN 512u
#define HEADER_LEN 64u
#define X87_CONTROL 0x37Fu /* all exceptions masked: as after FNINIT */
#define MXCSR 0x1F80u      /* likewise */
#define MXCSR_OFFSET 24u

/* What every register is while no program has them: the part of an area that is not at its
 * initial state by being left out. */
alignas(XSAVE_ALIGNMENT) static uint8_t initial[LEGACY_LEN + HEADER_LEN];
static uint32_t components; /* 0: FXSAVE */
static uint32_t len;

static uint32_t usable(uint32_t offered)
{
    if ((offered & COMPONENTS_AVX_512) == COMPONENTS_AVX_512)
        return COMPONENTS_AVX_512;
    return offered & COMPONENTS_AVX;
}

[[gnu::always_inline]] static inline void restore(const void *area, uint32_t mask)
{
    if (mask != 0)
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(mask), "d"(0) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

static void forbid(void)
{
    control_write_cr0(control_read_cr0() | CR0_TS);
}

void xsave_init(void)
{
    uint64_t cr4 = control_read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;

    __asm__ volatile("clts");
    if ((control_cpuid(1, 0).ecx & FEATURE_XSAVE) != 0) {
        control_write_cr4(cr4 | CR4_OSXSAVE);
        components = usable(control_cpuid(LEAF_XSAVE, 0).eax);
        __asm__ volatile("xsetbv" : : "c"(0), "a"(components), "d"(0));
        len = control_cpuid(LEAF_XSAVE, 0).ebx;
    } else {
        control_write_cr4(cr4);
        len = LEGACY_LEN;
    }
    if (len > XSAVE_MAX_LEN)
        panic("the processor's extended registers take %u bytes", len);
    xsave_init_area(initial);
    restore(initial, components);
    forbid();
}

size_t xsave_len(void)
{
    return len;
}

void xsave_init_area(void *area)
{
    uint32_t *words = area;

    words[0] = X87_CONTROL;
    words[MXCSR_OFFSET / sizeof *words] = MXCSR;
}

/* From one program to another by XSAVE comes first, and is short. */
void xsave_switch(void *from, const void *to)
{
    uint32_t mask = components;

    if (from == nullptr)
        __asm__ volatile("clts");
    else if (mask != 0)
        __asm__ volatile("xsave64 (%0)" : : "r"(from), "a"(mask), "d"(0) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(from) : "memory");
    if (to != nullptr) {
        restore(to, mask);
        return;
    }
    restore(initial, mask);
    forbid();
}
