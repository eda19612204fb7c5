#include "crypto/keccak_rounds.h"

void keccak_permute_plain(uint64_t lanes[KECCAK_LANE_COUNT])
{
    keccak_rounds(lanes);
}
