#include "crypto/bytes.h"

#include <string.h>

void bytes_wipe(void *bytes, size_t len)
{
    memset(bytes, 0, len);
    /* The compiler must assume that this reads the bytes, so the stores above have to happen. */
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

bool bytes_equal(const void *a, const void *b, size_t len)
{
    /* volatile: no early exit can be derived from the value so far. */
    const volatile uint8_t *p = a;
    const volatile uint8_t *q = b;
    uint32_t difference = 0;
    for (size_t i = 0; i < len; i++)
        difference |= (uint32_t)(p[i] ^ q[i]);
    return (difference - 1) >> 31;
}

bool bytes_are_zero(const void *bytes, size_t len)
{
    const volatile uint8_t *p = bytes;
    uint32_t any = 0;
    for (size_t i = 0; i < len; i++)
        any |= p[i];
    return (any - 1) >> 31;
}
