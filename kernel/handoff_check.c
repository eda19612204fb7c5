#include "kernel/handoff_check.h"

#include "abi/image.h"
#include "kernel/mem/address.h"

#include <stdckdint.h>

/* Everything that the checks look at; the first that fails names its field. */
struct check {
    const struct nonos_handoff *handoff;
    uint64_t handoff_paddr;
    const struct handoff_image *image;
    const struct nonos_memory_region *map;
    const char *field;
};

static enum nonos_error fail(struct check *check, enum nonos_error error, const char *field)
{
    check->field = field;
    return error;
}

static enum nonos_error check_identity(struct check *check)
{
    const struct nonos_handoff *h = check->handoff;

    if (h->magic != NONOS_HANDOFF_MAGIC)
        return fail(check, NONOS_E_HANDOFF_MAGIC, "magic");
    if (h->version != NONOS_HANDOFF_VERSION)
        return fail(check, NONOS_E_HANDOFF_VERSION, "version");
    if (h->size != sizeof *h)
        return fail(check, NONOS_E_HANDOFF_VERSION, "size");
    return NONOS_OK;
}

static enum nonos_error check_flags(struct check *check)
{
    const struct nonos_handoff *h = check->handoff;
    bool verified = (h->flags & NONOS_HANDOFF_VERIFIED) != 0;
    bool has_time = (h->flags & NONOS_HANDOFF_HAS_WALL_CLOCK) != 0;

    if ((h->flags & ~NONOS_HANDOFF_ALL_FLAGS) != 0)
        return fail(check, NONOS_E_HANDOFF_FIELD, "flags");
    /* Only who has verified knows the signer, and what there is to measure. */
    if (!verified && (h->flags & (NONOS_HANDOFF_DEVELOPMENT | NONOS_HANDOFF_MEASURED)) != 0)
        return fail(check, NONOS_E_HANDOFF_FIELD, "flags");
    if (h->reserved0 != 0)
        return fail(check, NONOS_E_HANDOFF_FIELD, "reserved0");
    if ((h->entropy_sources & ~NONOS_ENTROPY_ALL) != 0)
        return fail(check, NONOS_E_HANDOFF_FIELD, "entropy_sources");
    if (!has_time && h->wall_clock != 0)
        return fail(check, NONOS_E_HANDOFF_FIELD, "wall_clock");
    return NONOS_OK;
}

static bool range_is_sane(uint64_t paddr, uint64_t len)
{
    uint64_t end;

    return len > 0 && !ckd_add(&end, paddr, len) && end <= ADDRESS_PADDR_LIMIT;
}

static bool region_is_valid(const struct nonos_memory_region *region)
{
    uint64_t len;

    return (region->paddr & PAGE_MASK) == 0 &&
           !ckd_mul(&len, region->page_count, (uint64_t)PAGE_LEN) &&
           range_is_sane(region->paddr, len) && region->type >= NONOS_MEMORY_USABLE &&
           region->type <= NONOS_MEMORY_BAD && region->reserved == 0;
}

static uint64_t region_end(const struct nonos_memory_region *region)
{
    return region->paddr + region->page_count * PAGE_LEN;
}

static enum nonos_error check_memory_map(struct check *check)
{
    const struct nonos_handoff *h = check->handoff;
    uint64_t len = (uint64_t)h->memory_map_count * sizeof(struct nonos_memory_region);
    const struct nonos_memory_region *map;

    if (h->memory_map_count < 1 || h->memory_map_count > NONOS_HANDOFF_MAX_REGIONS)
        return fail(check, NONOS_E_HANDOFF_MEMORY_MAP, "memory_map_count");
    if (h->memory_map_paddr == 0 ||
        h->memory_map_paddr % alignof(struct nonos_memory_region) != 0 ||
        !range_is_sane(h->memory_map_paddr, len) || h->memory_map_paddr + len > ADDRESS_PADDR_END)
        return fail(check, NONOS_E_HANDOFF_MEMORY_MAP, "memory_map_paddr");
    map = direct_map_at(h->memory_map_paddr);
    for (uint32_t i = 0; i < h->memory_map_count; i++) {
        if (!region_is_valid(&map[i]))
            return fail(check, NONOS_E_HANDOFF_MEMORY_MAP, "region");
        if (i > 0 && region_end(&map[i - 1]) > map[i].paddr)
            return fail(check, NONOS_E_HANDOFF_MEMORY_MAP, "order");
        if (i > 0 && region_end(&map[i - 1]) == map[i].paddr && map[i - 1].type == map[i].type)
            return fail(check, NONOS_E_HANDOFF_MEMORY_MAP, "neighbours");
    }
    check->map = map;
    return NONOS_OK;
}

static unsigned type_bit(uint32_t type)
{
    return 1u << type;
}

#define OWNED (type_bit(NONOS_MEMORY_LOADER) | type_bit(NONOS_MEMORY_KERNEL))

/* Whether the range lies in regions of these types (bits), without a gap. */
static bool range_lies_in(const struct check *check, uint64_t paddr, uint64_t len, unsigned types)
{
    uint64_t at = paddr;

    if (!range_is_sane(paddr, len))
        return false;
    for (uint32_t i = 0; i < check->handoff->memory_map_count && at < paddr + len; i++) {
        const struct nonos_memory_region *region = &check->map[i];

        if (region_end(region) <= at)
            continue;
        if (region->paddr > at || (types & type_bit(region->type)) == 0)
            return false;
        at = region_end(region);
    }
    return at >= paddr + len;
}

/* Whether the range touches memory that the kernel owns or will own. */
static bool range_touches_memory(const struct check *check, uint64_t paddr, uint64_t len)
{
    unsigned types = OWNED | type_bit(NONOS_MEMORY_USABLE);

    for (uint32_t i = 0; i < check->handoff->memory_map_count; i++) {
        const struct nonos_memory_region *region = &check->map[i];

        if ((types & type_bit(region->type)) != 0 && region->paddr < paddr + len &&
            paddr < region_end(region))
            return true;
    }
    return false;
}

static enum nonos_error check_placement(struct check *check)
{
    const struct nonos_handoff *h = check->handoff;
    bool moved = (h->flags & NONOS_HANDOFF_MOVED) != 0;
    uint64_t stack_end;

    if (h->image_vaddr != check->image->vaddr)
        return fail(check, NONOS_E_HANDOFF_FIELD, "image_vaddr");
    if (h->image_len != check->image->len)
        return fail(check, NONOS_E_HANDOFF_FIELD, "image_len");
    if ((h->image_paddr & PAGE_MASK) != 0 || moved == (h->image_paddr == NONOS_KERNEL_PADDR) ||
        !range_lies_in(check, h->image_paddr, h->image_len, type_bit(NONOS_MEMORY_KERNEL)))
        return fail(check, NONOS_E_HANDOFF_FIELD, "image_paddr");
    if (check->handoff_paddr % alignof(struct nonos_handoff) != 0 ||
        !range_lies_in(check, check->handoff_paddr, sizeof *h, OWNED))
        return fail(check, NONOS_E_HANDOFF_FIELD, "its own address");
    if (!range_lies_in(check, h->memory_map_paddr,
                       (uint64_t)h->memory_map_count * sizeof *check->map, OWNED))
        return fail(check, NONOS_E_HANDOFF_MEMORY_MAP, "memory_map_paddr");
    if (h->stack_len < NONOS_HANDOFF_STACK_LEN || ((h->stack_paddr | h->stack_len) & 0xF) != 0)
        return fail(check, NONOS_E_HANDOFF_FIELD, "stack_len");
    if (!range_lies_in(check, h->stack_paddr, h->stack_len, OWNED))
        return fail(check, NONOS_E_HANDOFF_FIELD, "stack_paddr");
    if (h->stack_vaddr % 16 != 0 || ckd_add(&stack_end, h->stack_vaddr, h->stack_len))
        return fail(check, NONOS_E_HANDOFF_FIELD, "stack_vaddr");
    return NONOS_OK;
}

static enum nonos_error check_framebuffer(struct check *check)
{
    const struct nonos_framebuffer *f = &check->handoff->framebuffer;
    uint64_t line_bytes;
    uint64_t bytes;

    if ((check->handoff->flags & NONOS_HANDOFF_HAS_FRAMEBUFFER) == 0) {
        if (f->paddr != 0 || f->len != 0 || f->width_pixels != 0 || f->height_pixels != 0 ||
            f->stride_pixels != 0 || f->format != 0)
            return fail(check, NONOS_E_HANDOFF_FIELD, "framebuffer");
        return NONOS_OK;
    }
    if (f->format != NONOS_PIXEL_RGBX && f->format != NONOS_PIXEL_BGRX)
        return fail(check, NONOS_E_HANDOFF_FIELD, "framebuffer.format");
    if (f->width_pixels == 0 || f->height_pixels == 0 || f->stride_pixels < f->width_pixels)
        return fail(check, NONOS_E_HANDOFF_FIELD, "framebuffer.width_pixels");
    line_bytes = (uint64_t)f->stride_pixels * sizeof(uint32_t);
    if (ckd_mul(&bytes, line_bytes, (uint64_t)f->height_pixels) || bytes > f->len)
        return fail(check, NONOS_E_HANDOFF_FIELD, "framebuffer.len");
    if (f->paddr == 0 || !range_is_sane(f->paddr, f->len) ||
        range_touches_memory(check, f->paddr, f->len))
        return fail(check, NONOS_E_HANDOFF_FIELD, "framebuffer.paddr");
    return NONOS_OK;
}

static enum nonos_error check_tables(struct check *check)
{
    const struct nonos_handoff *h = check->handoff;

    if (h->acpi_rsdp_paddr >= ADDRESS_PADDR_LIMIT)
        return fail(check, NONOS_E_HANDOFF_FIELD, "acpi_rsdp_paddr");
    if (h->smbios_paddr >= ADDRESS_PADDR_LIMIT)
        return fail(check, NONOS_E_HANDOFF_FIELD, "smbios_paddr");
    return NONOS_OK;
}

static enum nonos_error check_log(struct check *check)
{
    const struct nonos_handoff *h = check->handoff;

    if (h->measurement_log_len == 0 && h->measurement_log_paddr == 0)
        return NONOS_OK;
    if ((h->flags & NONOS_HANDOFF_MEASURED) == 0 || h->measurement_log_len == 0 ||
        h->measurement_log_len > NONOS_HANDOFF_MAX_LOG_LEN)
        return fail(check, NONOS_E_HANDOFF_FIELD, "measurement_log_len");
    if (!range_lies_in(check, h->measurement_log_paddr, h->measurement_log_len, OWNED) ||
        h->measurement_log_paddr + h->measurement_log_len > ADDRESS_PADDR_END)
        return fail(check, NONOS_E_HANDOFF_FIELD, "measurement_log_paddr");
    return NONOS_OK;
}

enum nonos_error handoff_validate(const struct nonos_handoff *handoff, uint64_t handoff_paddr,
                                  const struct handoff_image *image, const char **field)
{
    static enum nonos_error (*const checks[])(struct check *) = {
        check_identity,    check_flags,  check_memory_map, check_placement,
        check_framebuffer, check_tables, check_log,
    };
    struct check check = {.handoff = handoff, .handoff_paddr = handoff_paddr, .image = image};
    enum nonos_error error = NONOS_OK;

    for (size_t i = 0; error == NONOS_OK && i < sizeof checks / sizeof checks[0]; i++)
        error = checks[i](&check);
    *field = check.field;
    return error;
}
