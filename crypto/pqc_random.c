#include "crypto/pqc_random.h"

#include "crypto/pqclean/randombytes.h"

#include <string.h>

static const uint8_t *armed_bytes;
static size_t armed_len;
static bool is_armed;

void pqc_random_arm(const uint8_t *bytes, size_t len)
{
    armed_bytes = bytes;
    armed_len = len;
    is_armed = true;
}

bool pqc_random_disarm(void)
{
    bool all_taken = is_armed && armed_len == 0;

    armed_bytes = nullptr;
    armed_len = 0;
    is_armed = false;
    return all_taken;
}

int PQCLEAN_randombytes(uint8_t *out, size_t len)
{
    if (!is_armed || len > armed_len)
        pqc_random_failed();
    memcpy(out, armed_bytes, len);
    armed_bytes += len;
    armed_len -= len;
    return 0;
}
