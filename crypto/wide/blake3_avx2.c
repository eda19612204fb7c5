#define LANE_COUNT 8
#define ROUNDS_LOOP _Pragma("clang loop unroll(full)")
#define JOIN_ROWS(row) __builtin_shufflevector((row)[0], (row)[4], 0, 1, 2, 3, 4, 5, 6, 7)
#define LOW_WORDS(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH_WORDS(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)

#include "crypto/wide/blake3_lanes.h"

void blake3_wide_avx2(const struct blake3_wide *work)
{
    hash_all(work);
}
