/* In the place of kernel/mem/slab_fill.c in the debug build. */
#include "kernel/mem/slab_fill.h"
#include "kernel/panic.h"

#include <stdint.h>
#include <string.h>

#define PATTERN 0x5Eu /* no address that is canonical begins with it */

void slab_fill_new(void *objects, size_t len)
{
    memset(objects, PATTERN, len);
}

void slab_fill_free(void *object, size_t len)
{
    memset(object, PATTERN, len);
}

void slab_fill_take(void *object, size_t len)
{
    const uint8_t *bytes = object;

    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != PATTERN)
            panic("slab: byte %zu of %p was written to after it was freed", i, object);
    }
    memset(object, 0, len);
}
