#include "tests/guest/guest.h"

uint64_t guest_random_next(struct guest_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint64_t guest_random_below(struct guest_random *random, uint64_t limit)
{
    return guest_random_next(random) % limit;
}
