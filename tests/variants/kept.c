/*
 * kept.c - bytes.c, where wiping leaves everything as it is. A memory dump of a kernel or loader
 * with it in place of the original has to have what a dump of the product must not have.
 */
#define bytes_wipe bytes_wipe_of_the_product
#include "crypto/bytes.c" // NOLINT(bugprone-suspicious-include)
#undef bytes_wipe

void bytes_wipe(void *bytes, size_t len);

void bytes_wipe([[maybe_unused]] void *bytes, [[maybe_unused]] size_t len)
{
}
