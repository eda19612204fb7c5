#include "tests/constant_time/planted.h"

bool planted_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i])
            return false;
    }
    return true;
}

uint8_t planted_substitute(uint8_t secret)
{
    /* volatile: the compiler may not compute the entries instead. */
    static const volatile uint8_t table[256] = {[0] = 0x63, [1] = 0x7C, [255] = 0x16};

    return table[secret];
}
