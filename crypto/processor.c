#include "crypto/processor.h"

uint32_t processor_known;

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

#define DETECTED (UINT32_C(1) << 31)
/* XCR0: the states of SSE and AVX, and those three of AVX-512. */
#define XCR0_AVX 0x06u
#define XCR0_AVX512 0xE6u

static struct cpuid identify(uint32_t leaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(0));
    return r;
}

static uint32_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static bool has(uint32_t word, unsigned first, unsigned second)
{
    uint32_t wanted = 1u << first | 1u << second;
    return (word & wanted) == wanted;
}

uint32_t processor_detect(void)
{
    struct cpuid basic = identify(1);
    struct cpuid structured = {0};
    uint32_t found = DETECTED, saved = 0;
    if (identify(0).eax >= 7)
        structured = identify(7);
    /* XGETBV and AVX, of which the first tells whether XCR0 can be read at all. */
    if (has(basic.ecx, 27, 28))
        saved = read_xcr0();
    if (has(structured.ebx, 3, 8))
        found |= PROCESSOR_BMI;
    if (has(basic.ecx, 9, 19)) /* with SSSE3 */
        found |= PROCESSOR_SSE41;
    if (has(structured.ebx, 5, 5) && (saved & XCR0_AVX) == XCR0_AVX)
        found |= PROCESSOR_AVX2;
    if (has(structured.ebx, 16, 31) && (saved & XCR0_AVX512) == XCR0_AVX512)
        found |= PROCESSOR_AVX512;
    __atomic_store_n(&processor_known, found, __ATOMIC_RELAXED);
    return found;
}
