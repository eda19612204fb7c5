#include "crypto/freestanding/string.h"

#include <stdint.h>

/*
 * The compiler may see a copy in the loops below and replace it by a call of the very function it
 * stands in; no_builtin forbids that whatever the flags. Short lengths take a loop of words, which
 * costs less than starting a string instruction; they are what this program mostly copies.
 */
#define NOT_ITSELF [[clang::no_builtin("memcpy", "memmove", "memset", "memcmp", "strlen")]]
#define WORD sizeof(uint64_t)
#define SHORT_LEN 128u

static inline uint64_t load_word(const uint8_t *from)
{
    uint64_t word;
    __builtin_memcpy(&word, from, WORD);
    return word;
}

static inline void store_word(uint8_t *to, uint64_t word)
{
    __builtin_memcpy(to, &word, WORD);
}

/* Upwards; right for overlapping strings when to is below from. */
NOT_ITSELF static void copy_up(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len >= SHORT_LEN) {
        size_t count = len / WORD;
        __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
        len %= WORD;
    }
    for (; len >= WORD; len -= WORD, to += WORD, from += WORD)
        store_word(to, load_word(from));
    for (; len > 0; len--)
        *to++ = *from++;
}

/* Downwards, without setting the direction flag, which an interrupt would find set. */
NOT_ITSELF static void copy_down(uint8_t *to, const uint8_t *from, size_t len)
{
    for (; len >= WORD; len -= WORD)
        store_word(to + len - WORD, load_word(from + len - WORD));
    for (; len > 0; len--)
        to[len - 1] = from[len - 1];
}

NOT_ITSELF void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    copy_up(to, from, len);
    return to;
}

NOT_ITSELF void *memmove(void *to, const void *from, size_t len)
{
    /* Of two strings that overlap, only a target above the source has to be copied downwards. */
    if ((uintptr_t)to - (uintptr_t)from < len)
        copy_down(to, from, len);
    else
        copy_up(to, from, len);
    return to;
}

NOT_ITSELF void *memset(void *to, int byte, size_t len)
{
    uint8_t *at = to;
    uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);
    if (len >= SHORT_LEN) {
        size_t count = len / WORD;
        __asm__ volatile("rep stosq" : "+D"(at), "+c"(count) : "a"(word) : "memory");
        len %= WORD;
    }
    for (; len >= WORD; len -= WORD, at += WORD)
        store_word(at, word);
    for (; len > 0; len--)
        *at++ = (uint8_t)byte;
    return to;
}

NOT_ITSELF int memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *p = a;
    const uint8_t *q = b;
    for (; len >= WORD && load_word(p) == load_word(q); len -= WORD) {
        p += WORD;
        q += WORD;
    }
    for (; len > 0; len--, p++, q++) {
        if (*p != *q)
            return *p < *q ? -1 : 1;
    }
    return 0;
}

NOT_ITSELF size_t strlen(const char *text)
{
    size_t len = 0;
    while (text[len] != '\0')
        len++;
    return len;
}
