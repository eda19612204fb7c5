#include "kernel/handoff_check.h"

#include "abi/image.h"
#include "tests/support/machine.h"

/* A good handoff as a loader would leave it, in memory that each test then damages:
 *
 *     image      MACHINE_PADDR, 16 pages (KERNEL)
 *     handoff    page 64, map page 65, stack pages 72 to 87 (LOADER, pages 64 to 95)
 */
#define PAGE(n) (MACHINE_PADDR + (uint64_t)(n) * PAGE_LEN)
#define IMAGE_LEN (16u * PAGE_LEN)
#define IMAGE_VADDR (NONOS_KERNEL_PADDR + NONOS_KERNEL_VIRTUAL_OFFSET)
#define FRAMEBUFFER UINT64_C(0x80000000)

enum { LOW, IMAGE, MEMORY, LOADER, MORE, TABLES, SCREEN };

static struct nonos_handoff *handoff;
static struct nonos_memory_region *map;
static uint64_t handoff_paddr;
static struct handoff_image image;

static int setup(void **state)
{
    const struct nonos_memory_region good[] = {
        [LOW] = {.paddr = 0, .page_count = 0x9F, .type = NONOS_MEMORY_USABLE},
        [IMAGE] = {.paddr = PAGE(0), .page_count = 16, .type = NONOS_MEMORY_KERNEL},
        [MEMORY] = {.paddr = PAGE(16), .page_count = 48, .type = NONOS_MEMORY_USABLE},
        [LOADER] = {.paddr = PAGE(64), .page_count = 32, .type = NONOS_MEMORY_LOADER},
        [MORE] = {.paddr = PAGE(96), .page_count = 1000, .type = NONOS_MEMORY_USABLE},
        [TABLES] = {.paddr = PAGE(2000), .page_count = 16, .type = NONOS_MEMORY_ACPI_RECLAIM},
        [SCREEN] = {.paddr = FRAMEBUFFER, .page_count = 1024, .type = NONOS_MEMORY_MMIO},
    };

    (void)state;
    memset(machine_memory, 0, sizeof machine_memory);
    handoff_paddr = PAGE(64);
    handoff = direct_map_at(PAGE(64));
    map = direct_map_at(PAGE(65));
    memcpy(map, good, sizeof good);
    image = (struct handoff_image){.vaddr = IMAGE_VADDR, .len = IMAGE_LEN};
    *handoff = (struct nonos_handoff){
        .magic = NONOS_HANDOFF_MAGIC,
        .version = NONOS_HANDOFF_VERSION,
        .size = sizeof *handoff,
        .flags = NONOS_HANDOFF_VERIFIED | NONOS_HANDOFF_SECURE_BOOT | NONOS_HANDOFF_DEVELOPMENT |
                 NONOS_HANDOFF_HAS_FRAMEBUFFER | NONOS_HANDOFF_HAS_WALL_CLOCK |
                 NONOS_HANDOFF_MEASURED,
        .image_paddr = NONOS_KERNEL_PADDR,
        .image_len = IMAGE_LEN,
        .image_vaddr = IMAGE_VADDR,
        .stack_paddr = PAGE(72),
        .stack_len = NONOS_HANDOFF_STACK_LEN,
        .stack_vaddr = UINT64_C(0xFFFFFFFFC0001000),
        .memory_map_paddr = PAGE(65),
        .memory_map_count = sizeof good / sizeof good[0],
        .framebuffer = {.paddr = FRAMEBUFFER,
                        .len = 1024 * 4 * 768,
                        .width_pixels = 1000,
                        .height_pixels = 768,
                        .stride_pixels = 1024,
                        .format = NONOS_PIXEL_BGRX},
        .acpi_rsdp_paddr = PAGE(2000) + 20,
        .measurement_log_paddr = PAGE(90) + 7,
        .measurement_log_len = 3000,
        .entropy_sources = NONOS_ENTROPY_ALL,
        .wall_clock = 1800000000,
    };
    return 0;
}

static void expect(enum nonos_error wanted, const char *wanted_field)
{
    const char *field = "untouched";

    assert_int_equal(handoff_validate(handoff, handoff_paddr, &image, &field), wanted);
    if (wanted_field == nullptr)
        assert_null(field);
    else
        assert_string_equal(field, wanted_field);
}

/* Makes one change, sees it refused for the right reason, and takes it back. */
#define REFUSED(member, value, error, field)                                                       \
    do {                                                                                           \
        auto saved = member;                                                                       \
        member = value;                                                                            \
        expect(NONOS_E_HANDOFF_##error, field);                                                    \
        member = saved;                                                                            \
        expect(NONOS_OK, nullptr);                                                                 \
    } while (0)

static void test_good_one_is_accepted(void **state)
{
    (void)state;
    expect(NONOS_OK, nullptr);
}

static void test_pvh_style_one_is_accepted(void **state)
{
    (void)state;
    handoff->flags = 0;
    handoff->measurement_log_paddr = 0;
    handoff->measurement_log_len = 0;
    handoff->entropy_sources = 0;
    handoff->wall_clock = 0;
    handoff->framebuffer = (struct nonos_framebuffer){0};
    handoff->acpi_rsdp_paddr = 0;
    /* Handoff, map and stack inside the image. */
    memcpy(direct_map_at(PAGE(12)), map, sizeof *map * handoff->memory_map_count);
    handoff->memory_map_paddr = PAGE(12);
    handoff->stack_paddr = PAGE(0);
    handoff_paddr = PAGE(13);
    expect(NONOS_OK, nullptr);
}

static void test_magic_version_and_size(void **state)
{
    (void)state;
    REFUSED(handoff->magic, 0, MAGIC, "magic");
    REFUSED(handoff->magic, NONOS_HANDOFF_MAGIC ^ 1, MAGIC, "magic");
    REFUSED(handoff->version, 0, VERSION, "version");
    REFUSED(handoff->version, NONOS_HANDOFF_VERSION - 1, VERSION, "version");
    REFUSED(handoff->version, NONOS_HANDOFF_VERSION + 1, VERSION, "version");
    REFUSED(handoff->size, sizeof *handoff - 8, VERSION, "size");
    REFUSED(handoff->size, sizeof *handoff + 8, VERSION, "size");
}

static void test_flags_and_reserved(void **state)
{
    (void)state;
    REFUSED(handoff->flags, handoff->flags | 0x80, FIELD, "flags");
    REFUSED(handoff->flags, handoff->flags | 0x80000000, FIELD, "flags");
    REFUSED(handoff->flags, handoff->flags & ~NONOS_HANDOFF_VERIFIED, FIELD, "flags");
    REFUSED(handoff->reserved0, 1, FIELD, "reserved0");
    REFUSED(handoff->entropy_sources, 8, FIELD, "entropy_sources");
    REFUSED(handoff->flags, handoff->flags & ~NONOS_HANDOFF_HAS_WALL_CLOCK, FIELD, "wall_clock");
}

static void test_where_the_map_is(void **state)
{
    (void)state;
    REFUSED(handoff->memory_map_count, 0, MEMORY_MAP, "memory_map_count");
    REFUSED(handoff->memory_map_count, NONOS_HANDOFF_MAX_REGIONS + 1, MEMORY_MAP,
            "memory_map_count");
    REFUSED(handoff->memory_map_count, UINT32_MAX, MEMORY_MAP, "memory_map_count");
    REFUSED(handoff->memory_map_paddr, 0, MEMORY_MAP, "memory_map_paddr");
    REFUSED(handoff->memory_map_paddr, PAGE(65) + 4, MEMORY_MAP, "memory_map_paddr");
    REFUSED(handoff->memory_map_paddr, ADDRESS_PADDR_END - 8, MEMORY_MAP, "memory_map_paddr");
    REFUSED(handoff->memory_map_paddr, UINT64_MAX - 7, MEMORY_MAP, "memory_map_paddr");
    /* A good map in memory that the kernel would give away. */
    memcpy(direct_map_at(PAGE(20)), map, sizeof *map * handoff->memory_map_count);
    REFUSED(handoff->memory_map_paddr, PAGE(20), MEMORY_MAP, "memory_map_paddr");
}

static void test_each_region(void **state)
{
    (void)state;
    REFUSED(map[MORE].paddr, PAGE(96) + 1, MEMORY_MAP, "region");
    REFUSED(map[MORE].page_count, 0, MEMORY_MAP, "region");
    REFUSED(map[SCREEN].page_count, UINT64_C(1) << 52, MEMORY_MAP, "region");
    REFUSED(map[SCREEN].page_count, (UINT64_C(1) << 52) + 1, MEMORY_MAP, "region");
    REFUSED(map[SCREEN].page_count, UINT64_MAX, MEMORY_MAP, "region");
    REFUSED(map[SCREEN].paddr, ADDRESS_PADDR_LIMIT, MEMORY_MAP, "region");
    REFUSED(map[MORE].type, 0, MEMORY_MAP, "region");
    REFUSED(map[MORE].type, NONOS_MEMORY_BAD + 1, MEMORY_MAP, "region");
    REFUSED(map[MORE].type, UINT32_MAX, MEMORY_MAP, "region");
    REFUSED(map[MORE].reserved, 1, MEMORY_MAP, "region");
}

static void test_order_of_regions(void **state)
{
    struct nonos_memory_region other;

    (void)state;
    REFUSED(map[MEMORY].page_count, 49, MEMORY_MAP, "order");
    REFUSED(map[MORE].paddr, PAGE(95), MEMORY_MAP, "order");
    REFUSED(map[LOADER].type, NONOS_MEMORY_USABLE, MEMORY_MAP, "neighbours");
    other = map[TABLES];
    map[TABLES] = map[SCREEN];
    map[SCREEN] = other;
    expect(NONOS_E_HANDOFF_MEMORY_MAP, "order");
}

static void test_where_the_image_is(void **state)
{
    (void)state;
    REFUSED(handoff->image_vaddr, IMAGE_VADDR + PAGE_LEN, FIELD, "image_vaddr");
    REFUSED(handoff->image_len, IMAGE_LEN - PAGE_LEN, FIELD, "image_len");
    REFUSED(handoff->image_len, 0, FIELD, "image_len");
    REFUSED(handoff->image_paddr, NONOS_KERNEL_PADDR + PAGE_LEN, FIELD, "image_paddr");
    REFUSED(handoff->flags, handoff->flags | NONOS_HANDOFF_MOVED, FIELD, "image_paddr");
    REFUSED(map[IMAGE].type, NONOS_MEMORY_RESERVED, FIELD, "image_paddr");
    REFUSED(map[IMAGE].type, NONOS_MEMORY_LOADER, FIELD, "image_paddr");
    REFUSED(map[IMAGE].page_count, 15, FIELD, "image_paddr");
}

static void test_moved_image(void **state)
{
    (void)state;
    map[IMAGE].type = NONOS_MEMORY_RESERVED;
    map[MORE].type = NONOS_MEMORY_KERNEL;
    handoff->image_paddr = PAGE(512);
    handoff->flags |= NONOS_HANDOFF_MOVED;
    expect(NONOS_OK, nullptr);
    REFUSED(handoff->flags, handoff->flags & ~NONOS_HANDOFF_MOVED, FIELD, "image_paddr");
    REFUSED(handoff->image_paddr, PAGE(512) + 512, FIELD, "image_paddr");
    REFUSED(handoff->image_paddr, PAGE(1090), FIELD, "image_paddr");
    REFUSED(handoff->image_paddr, UINT64_MAX & ~PAGE_MASK, FIELD, "image_paddr");
}

static void test_where_handoff_and_stack_are(void **state)
{
    (void)state;
    REFUSED(handoff_paddr, PAGE(20), FIELD, "its own address");
    REFUSED(handoff_paddr, PAGE(96) - 8, FIELD, "its own address");
    REFUSED(handoff_paddr, UINT64_MAX - 8, FIELD, "its own address");
    REFUSED(handoff_paddr, PAGE(64) + 4, FIELD, "its own address");
    REFUSED(handoff->stack_len, NONOS_HANDOFF_STACK_LEN - 16, FIELD, "stack_len");
    REFUSED(handoff->stack_len, NONOS_HANDOFF_STACK_LEN + 8, FIELD, "stack_len");
    REFUSED(handoff->stack_paddr, PAGE(72) + 8, FIELD, "stack_len");
    REFUSED(handoff->stack_paddr, PAGE(96), FIELD, "stack_paddr");
    REFUSED(handoff->stack_paddr, PAGE(81), FIELD, "stack_paddr");
    REFUSED(handoff->stack_vaddr, UINT64_MAX - 15, FIELD, "stack_vaddr");
    REFUSED(handoff->stack_vaddr, 8, FIELD, "stack_vaddr");
}

static void test_gaps_in_the_map_are_not_memory(void **state)
{
    (void)state;
    map[MEMORY].page_count = 40; /* nothing from page 56 to 63 */
    REFUSED(handoff->stack_paddr, PAGE(60), FIELD, "stack_paddr");
    REFUSED(handoff_paddr, PAGE(60), FIELD, "its own address");
}

static void test_the_end_of_the_map_is_the_end(void **state)
{
    (void)state;
    handoff->memory_map_count = LOADER + 1;
    REFUSED(handoff->stack_paddr, PAGE(88), FIELD, "stack_paddr");
}

static void test_framebuffer(void **state)
{
    struct nonos_framebuffer *f = &handoff->framebuffer;

    (void)state;
    REFUSED(handoff->flags, handoff->flags & ~NONOS_HANDOFF_HAS_FRAMEBUFFER, FIELD, "framebuffer");
    REFUSED(f->format, 0, FIELD, "framebuffer.format");
    REFUSED(f->format, 3, FIELD, "framebuffer.format");
    REFUSED(f->width_pixels, 0, FIELD, "framebuffer.width_pixels");
    REFUSED(f->width_pixels, 1025, FIELD, "framebuffer.width_pixels");
    REFUSED(f->height_pixels, 0, FIELD, "framebuffer.width_pixels");
    REFUSED(f->height_pixels, 769, FIELD, "framebuffer.len");
    REFUSED(f->stride_pixels, UINT32_MAX, FIELD, "framebuffer.len");
    REFUSED(f->len, 1024 * 4 * 768 - 1, FIELD, "framebuffer.len");
    map[LOW].type = NONOS_MEMORY_RESERVED; /* so that nothing else speaks against address 0 */
    REFUSED(f->paddr, 0, FIELD, "framebuffer.paddr");
    REFUSED(f->paddr, UINT64_MAX, FIELD, "framebuffer.paddr");
    REFUSED(f->paddr, PAGE(1000), FIELD, "framebuffer.paddr");
    REFUSED(f->paddr, PAGE(64), FIELD, "framebuffer.paddr");
    REFUSED(f->paddr, PAGE(1), FIELD, "framebuffer.paddr");
}

static void test_tables(void **state)
{
    (void)state;
    REFUSED(handoff->acpi_rsdp_paddr, ADDRESS_PADDR_LIMIT, FIELD, "acpi_rsdp_paddr");
    REFUSED(handoff->smbios_paddr, UINT64_MAX, FIELD, "smbios_paddr");
}

static void test_event_log(void **state)
{
    (void)state;
    REFUSED(handoff->measurement_log_len, 0, FIELD, "measurement_log_len");
    REFUSED(handoff->measurement_log_len, NONOS_HANDOFF_MAX_LOG_LEN + 1, FIELD,
            "measurement_log_len");
    REFUSED(handoff->measurement_log_len, UINT32_MAX, FIELD, "measurement_log_len");
    REFUSED(handoff->flags, handoff->flags & ~NONOS_HANDOFF_MEASURED, FIELD, "measurement_log_len");
    REFUSED(handoff->measurement_log_paddr, 0, FIELD, "measurement_log_paddr");
    REFUSED(handoff->measurement_log_paddr, PAGE(20), FIELD, "measurement_log_paddr");
    REFUSED(handoff->measurement_log_paddr, PAGE(96) - 2999, FIELD, "measurement_log_paddr");
    REFUSED(handoff->measurement_log_paddr, UINT64_MAX - 10, FIELD, "measurement_log_paddr");
    handoff->measurement_log_paddr = PAGE(96) - 3000;
    expect(NONOS_OK, nullptr);
    handoff->measurement_log_paddr = PAGE(64); /* as long as a log may be, and no byte more */
    handoff->measurement_log_len = NONOS_HANDOFF_MAX_LOG_LEN;
    expect(NONOS_OK, nullptr);
}

static void test_event_log_is_where_the_direct_map_reaches(void **state)
{
    (void)state;
    map[SCREEN] = (struct nonos_memory_region){
        .paddr = ADDRESS_PADDR_END - PAGE_LEN, .page_count = 2, .type = NONOS_MEMORY_LOADER};
    handoff->flags &= ~NONOS_HANDOFF_HAS_FRAMEBUFFER;
    handoff->framebuffer = (struct nonos_framebuffer){0};
    REFUSED(handoff->measurement_log_paddr, ADDRESS_PADDR_END - 2999, FIELD,
            "measurement_log_paddr");
    handoff->measurement_log_paddr = ADDRESS_PADDR_END - 3000;
    expect(NONOS_OK, nullptr);
}

static void test_no_event_log_is_fine(void **state)
{
    (void)state;
    handoff->measurement_log_paddr = 0;
    handoff->measurement_log_len = 0;
    expect(NONOS_OK, nullptr);
    handoff->flags &= ~NONOS_HANDOFF_MEASURED;
    expect(NONOS_OK, nullptr);
}

static void test_who_has_not_verified_has_measured_nothing(void **state)
{
    (void)state;
    handoff->flags &= ~(NONOS_HANDOFF_VERIFIED | NONOS_HANDOFF_DEVELOPMENT);
    expect(NONOS_E_HANDOFF_FIELD, "flags");
    handoff->flags &= ~NONOS_HANDOFF_MEASURED;
    handoff->measurement_log_paddr = 0;
    handoff->measurement_log_len = 0;
    expect(NONOS_OK, nullptr);
}

/* Whatever stands in handoff and map: an answer, and no access outside them (the sanitizers). */
static void test_random_damage_is_survived(void **state)
{
    unsigned refused = 0;

    for (unsigned turn = 0; turn < 20000; turn++) {
        (void)setup(state);
        for (size_t n = 1 + test_random_below(3); n > 0; n--) {
            uint8_t *bytes = test_random_below(2) == 0 ? (uint8_t *)handoff : (uint8_t *)map;

            bytes[test_random_below(168)] ^= (uint8_t)(1u << test_random_below(8));
        }
        /* The map's address is checked against the map itself, so the test must have memory there;
         * a machine has, or faults. */
        if (handoff->memory_map_paddr < MACHINE_PADDR ||
            handoff->memory_map_paddr > MACHINE_PADDR + MACHINE_LEN / 2)
            continue;
        const char *field;
        enum nonos_error error = handoff_validate(handoff, handoff_paddr, &image, &field);

        assert_true((error == NONOS_OK) == (field == nullptr));
        refused += error != NONOS_OK;
    }
    assert_true(refused > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_good_one_is_accepted, setup),
        cmocka_unit_test_setup(test_pvh_style_one_is_accepted, setup),
        cmocka_unit_test_setup(test_magic_version_and_size, setup),
        cmocka_unit_test_setup(test_flags_and_reserved, setup),
        cmocka_unit_test_setup(test_where_the_map_is, setup),
        cmocka_unit_test_setup(test_each_region, setup),
        cmocka_unit_test_setup(test_order_of_regions, setup),
        cmocka_unit_test_setup(test_where_the_image_is, setup),
        cmocka_unit_test_setup(test_moved_image, setup),
        cmocka_unit_test_setup(test_where_handoff_and_stack_are, setup),
        cmocka_unit_test_setup(test_gaps_in_the_map_are_not_memory, setup),
        cmocka_unit_test_setup(test_the_end_of_the_map_is_the_end, setup),
        cmocka_unit_test_setup(test_framebuffer, setup),
        cmocka_unit_test_setup(test_tables, setup),
        cmocka_unit_test_setup(test_event_log, setup),
        cmocka_unit_test_setup(test_event_log_is_where_the_direct_map_reaches, setup),
        cmocka_unit_test_setup(test_no_event_log_is_fine, setup),
        cmocka_unit_test_setup(test_who_has_not_verified_has_measured_nothing, setup),
        cmocka_unit_test_setup(test_random_damage_is_survived, setup),
    };

    return cmocka_run_group_tests_name("handoff_check", tests, nullptr, nullptr);
}
