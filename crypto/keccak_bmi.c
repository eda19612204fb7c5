#include "crypto/keccak_rounds.h"

void keccak_permute_bmi(uint64_t lanes[KECCAK_LANE_COUNT])
{
    keccak_rounds(lanes);
}
