/*
 * processor.h - which of the optional instructions that crypto/ has variants for can be used.
 *
 * Source: SDM vol. 1 §13.3 (XCR0), §14.3 and §14.7.1 (detection of AVX and AVX2), §15.2 and §15.4
 * (AVX-512); SDM vol. 2 CPUID. BMI instructions work on general registers and need no state of
 * their own; those of AVX count only if the operating system saves their registers.
 */
#ifndef NONOS_CRYPTO_PROCESSOR_H
#define NONOS_CRYPTO_PROCESSOR_H

#include <stdint.h>

#define PROCESSOR_BMI (1u << 0)    /* BMI1 and BMI2 */
#define PROCESSOR_SSE41 (1u << 1)  /* SSE4.1 and what is older; a caller knows of its registers */
#define PROCESSOR_AVX2 (1u << 2)   /* AVX2, and its state is saved */
#define PROCESSOR_AVX512 (1u << 3) /* AVX-512 F and VL, and their state is saved */

/* What processor_detect found; 0 before it was called. */
extern uint32_t processor_known;

/* Reads CPUID, keeps the answer in processor_known and returns it: the bits above and, so that it
 * is never 0, another one. */
uint32_t processor_detect(void);

/* Whether the feature can be used. CPUID is asked once; two that ask at once keep the same. */
[[nodiscard]] static inline bool processor_has(uint32_t feature)
{
    uint32_t known = __atomic_load_n(&processor_known, __ATOMIC_RELAXED);
    if (known == 0)
        known = processor_detect();
    return (known & feature) != 0;
}

#endif
