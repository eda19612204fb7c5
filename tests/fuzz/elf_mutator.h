/*
 * elf_mutator.h - changes one field of an ELF file's headers as often as anything else: of the
 * bits in an image, nearly all are contents that no rule looks at.
 */
#ifndef NONOS_TESTS_FUZZ_ELF_MUTATOR_H
#define NONOS_TESTS_FUZZ_ELF_MUTATOR_H

#include "tests/fuzz/fuzz.h"

#include "crypto/bytes.h"

/* A small generator of its own (Marsaglia's xorshift32), from the seed that libFuzzer gives. */
static inline uint32_t mutator_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Where a field is: in the ELF header, a program header or a section header. Tables may be
 * anywhere; the result is checked against len. */
static inline size_t mutator_choose_field(const uint8_t *bytes, uint32_t *state, size_t *width)
{
    static const uint8_t header[][2] = {{16, 2}, {18, 2}, {24, 8}, {32, 8}, {40, 8}, {52, 2},
                                        {54, 2}, {56, 2}, {58, 2}, {60, 2}, {62, 2}};
    static const uint8_t program[][2] = {{0, 4},  {4, 4},  {8, 8},  {16, 8},
                                         {24, 8}, {32, 8}, {40, 8}, {48, 8}};
    static const uint8_t section[][2] = {{0, 4},  {4, 4},  {8, 8},  {16, 8}, {24, 8},
                                         {32, 8}, {40, 4}, {44, 4}, {48, 8}, {56, 8}};
    const uint8_t *field;
    size_t start = 0;
    switch (mutator_next(state) % 5) {
    case 0:
        field = header[mutator_next(state) % (sizeof header / 2)];
        break;
    case 1:
    case 2:
        start = 64 + (mutator_next(state) % 6) * 56;
        field = program[mutator_next(state) % (sizeof program / 2)];
        break;
    default:
        start = (size_t)load_le64(bytes + 40) % 0x10000 + (mutator_next(state) % 11) * 64;
        field = section[mutator_next(state) % (sizeof section / 2)];
        break;
    }
    *width = field[1];
    return start + field[0];
}

static inline uint64_t mutator_change(uint64_t value, uint32_t *state)
{
    static const uint64_t steps[] = {1, 2, 4, 8, 16, 48, 64, 0x1000, 0x2000, 0x100000};
    static const uint64_t limits[] = {0,          1,          UINT16_MAX, INT32_MAX,
                                      UINT32_MAX, UINT64_MAX, INT64_MAX,  UINT64_MAX - 0xFFF};
    uint64_t step = steps[mutator_next(state) % (sizeof steps / sizeof steps[0])];
    switch (mutator_next(state) % 4) {
    case 0:
        return value + step;
    case 1:
        return value - step;
    case 2:
        return value ^ UINT64_C(1) << mutator_next(state) % 64;
    default:
        return limits[mutator_next(state) % (sizeof limits / sizeof limits[0])];
    }
}

/* Appends a segment above the last one, without bytes in the file or with those of the last:
 * several changes that are of use only together. The bytes behind the headers are padding. */
static inline void mutator_add_segment(uint8_t *bytes, size_t len, bool has_bytes)
{
    unsigned count = bytes[56];
    uint64_t paddr = 0, vaddr = 0, offset = 0;
    uint8_t *added = bytes + 64 + count * 56;
    if (count >= 32 || 64 + (count + 1) * 56 > len)
        return;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *header = bytes + 64 + i * 56;
        if (load_le32(header) == 1 && load_le64(header + 16) > vaddr) {
            vaddr = load_le64(header + 16);
            paddr = load_le64(header + 24);
            offset = load_le64(header + 8);
        }
    }
    bytes[56] = (uint8_t)(count + 1);
    store_le32(added, 1);
    store_le32(added + 4, 6);
    store_le64(added + 8, has_bytes ? offset : 0);
    store_le64(added + 16, vaddr + 0x10000);
    store_le64(added + 24, paddr + 0x10000);
    store_le64(added + 32, has_bytes ? 16 : 0);
    store_le64(added + 40, 0x1000);
    store_le64(added + 48, 0x1000);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max_len, unsigned seed)
{
    uint32_t state = seed | 1;
    if (len < 64 || mutator_next(&state) % 3 == 0)
        return LLVMFuzzerMutate(bytes, len, max_len);
    if (mutator_next(&state) % 16 == 0) {
        mutator_add_segment(bytes, len, mutator_next(&state) % 2 == 0);
        return len;
    }
    for (uint32_t left = 1 + mutator_next(&state) % 3; left > 0; left--) {
        size_t width, at = mutator_choose_field(bytes, &state, &width);
        uint8_t field[8] = {0};
        if (at + width > len)
            continue;
        memcpy(field, bytes + at, width);
        store_le64(field, mutator_change(load_le64(field), &state));
        memcpy(bytes + at, field, width);
    }
    return len;
}

#endif
