#define LANE_COUNT 4
/* Unrolled it is a tenth faster and four times as large; the loader has no room for that. */
#define ROUNDS_LOOP _Pragma("clang loop unroll(disable)")
#define JOIN_ROWS(row) ((row)[0])
#define LOW_WORDS(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH_WORDS(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)

#include "crypto/wide/blake3_lanes.h"

void blake3_wide_sse41(const struct blake3_wide *work)
{
    hash_all(work);
}
