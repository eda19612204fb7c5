/*
 * bytes.h - byte strings: wiping, constant-time comparison, and integers of fixed byte order.
 *
 * load_ and store_ take a number of 32 or 64 bits, little-endian (le) or big-endian (be), at any
 * alignment.
 */
#ifndef NONOS_CRYPTO_BYTES_H
#define NONOS_CRYPTO_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Sets len bytes to zero in a way that the compiler may not leave out. */
void bytes_wipe(void *bytes, size_t len);

/* Whether two strings of len bytes are equal, in time that depends on len alone. */
[[nodiscard]] bool bytes_equal(const void *a, const void *b, size_t len);

/* Whether all len bytes are zero, in time that depends on len alone. */
[[nodiscard]] bool bytes_are_zero(const void *bytes, size_t len);

/* The value, of which the compiler no longer knows where it came from: a mask that went through
 * here stays a mask and does not become a branch. */
static inline uint64_t value_barrier(uint64_t value)
{
    __asm__("" : "+r"(value));
    return value;
}

static inline uint32_t load_le32(const uint8_t b[4])
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t load_le64(const uint8_t b[8])
{
    return (uint64_t)load_le32(b) | (uint64_t)load_le32(b + 4) << 32;
}

static inline uint64_t load_be64(const uint8_t b[8])
{
    return __builtin_bswap64(load_le64(b));
}

static inline void store_le32(uint8_t b[4], uint32_t v)
{
    for (int i = 0; i < 4; i++)
        b[i] = (uint8_t)(v >> (8 * i));
}

static inline void store_le64(uint8_t b[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        b[i] = (uint8_t)(v >> (8 * i));
}

static inline void store_be64(uint8_t b[8], uint64_t v)
{
    store_le64(b, __builtin_bswap64(v));
}

#endif
