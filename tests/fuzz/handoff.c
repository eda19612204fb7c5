/* The handoff: its place, the structure and its memory map, all from the input. */
#include "tests/fuzz/fuzz.h"

#include "abi/image.h"
#include "kernel/handoff_check.h"
#include "kernel/mem/address.h"

#define IMAGE_LEN UINT64_C(0x10000)
#define OWNED (1u << NONOS_MEMORY_LOADER | 1u << NONOS_MEMORY_KERNEL)

static struct nonos_handoff *handoff;
static struct nonos_memory_region *map;
static struct fuzz_input rest;

/* Physical memory is the memory map alone, exactly as long as the handoff says. */
void *direct_map_at(paddr_t paddr)
{
    fuzz_require(paddr == handoff->memory_map_paddr);
    fuzz_require(handoff->memory_map_count <= NONOS_HANDOFF_MAX_REGIONS);
    if (map == nullptr) {
        size_t len = handoff->memory_map_count * sizeof *map;
        map = fuzz_allocate(len);
        fuzz_take(&rest, map, len);
    }
    return map;
}

/* Slow and plain: every page of the range lies in a region of one of these types. */
static bool lies_in(uint64_t paddr, uint64_t len, unsigned types)
{
    uint64_t at = paddr;
    for (bool found = true; found && at < paddr + len;) {
        found = false;
        for (uint32_t i = 0; i < handoff->memory_map_count && !found; i++) {
            uint64_t end = map[i].paddr + map[i].page_count * PAGE_LEN;
            found = (types >> map[i].type & 1) != 0 && map[i].paddr <= at && at < end;
            at = found ? end : at;
        }
    }
    return len > 0 && at >= paddr + len;
}

static void check_accepted(uint64_t handoff_paddr)
{
    const struct nonos_framebuffer *f = &handoff->framebuffer;
    uint64_t end = 0;
    for (uint32_t i = 0; i < handoff->memory_map_count; i++) {
        fuzz_require(map[i].paddr >= end && map[i].paddr % PAGE_LEN == 0);
        fuzz_require(map[i].page_count > 0 && map[i].page_count <= ADDRESS_PADDR_LIMIT / PAGE_LEN);
        fuzz_require(map[i].type >= NONOS_MEMORY_USABLE && map[i].type <= NONOS_MEMORY_BAD);
        end = map[i].paddr + map[i].page_count * PAGE_LEN;
        fuzz_require(end <= ADDRESS_PADDR_LIMIT);
    }
    fuzz_require(lies_in(handoff->image_paddr, IMAGE_LEN, 1u << NONOS_MEMORY_KERNEL));
    fuzz_require(lies_in(handoff_paddr, sizeof *handoff, OWNED));
    fuzz_require(
        lies_in(handoff->memory_map_paddr, handoff->memory_map_count * sizeof *map, OWNED));
    fuzz_require(handoff->stack_len >= NONOS_HANDOFF_STACK_LEN);
    fuzz_require(lies_in(handoff->stack_paddr, handoff->stack_len, OWNED));
    fuzz_require(handoff->stack_vaddr <= UINT64_MAX - handoff->stack_len);
    if (handoff->measurement_log_len != 0) {
        fuzz_require((handoff->flags & NONOS_HANDOFF_MEASURED) != 0);
        fuzz_require(handoff->measurement_log_len <= NONOS_HANDOFF_MAX_LOG_LEN);
        fuzz_require(lies_in(handoff->measurement_log_paddr, handoff->measurement_log_len, OWNED));
    }
    if ((handoff->flags & NONOS_HANDOFF_HAS_FRAMEBUFFER) != 0) {
        fuzz_require(f->width_pixels <= f->stride_pixels);
        fuzz_require((unsigned __int128)f->stride_pixels * 4 * f->height_pixels <= f->len);
        fuzz_require(!lies_in(f->paddr & ~PAGE_MASK, 1, OWNED | 1u << NONOS_MEMORY_USABLE));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct handoff_image image = {
        .vaddr = NONOS_KERNEL_PADDR + NONOS_KERNEL_VIRTUAL_OFFSET, .len = IMAGE_LEN};
    const char *field = "untouched";
    rest = (struct fuzz_input){bytes, len};
    map = nullptr;
    handoff = fuzz_allocate(sizeof *handoff);
    uint64_t handoff_paddr = fuzz_take64(&rest);
    fuzz_take(&rest, handoff, sizeof *handoff);
    enum nonos_error error = handoff_validate(handoff, handoff_paddr, &image, &field);
    fuzz_require((error == NONOS_OK) == (field == nullptr));
    if (error == NONOS_OK)
        check_accepted(handoff_paddr);
    free(map);
    free(handoff);
    return 0;
}
