/*
 * unfilled.c - slab_fill.c, where an object that is freed keeps what was in it.
 */
#define slab_fill_free slab_fill_free_of_the_product
#include "kernel/mem/slab_fill.c" // NOLINT(bugprone-suspicious-include)
#undef slab_fill_free

void slab_fill_free(void *object, size_t len);

void slab_fill_free([[maybe_unused]] void *object, [[maybe_unused]] size_t len)
{
}
