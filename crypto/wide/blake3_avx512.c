#define LANE_COUNT 16
#define ROUNDS_LOOP _Pragma("clang loop unroll(full)")
#define JOIN_TWO(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7)
#define JOIN_ROWS(row)                                                                             \
    __builtin_shufflevector(JOIN_TWO((row)[0], (row)[4]), JOIN_TWO((row)[8], (row)[12]), 0, 1, 2,  \
                            3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define LOW_WORDS(a, b)                                                                            \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH_WORDS(a, b)                                                                           \
    __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW_PAIRS(a, b)                                                                            \
    __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH_PAIRS(a, b)                                                                           \
    __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)

#include "crypto/wide/blake3_lanes.h"

void blake3_wide_avx512(const struct blake3_wide *work)
{
    hash_all(work);
}
