#include "kernel/mem/audit.h"

#include "kernel/mem/frames.h"
#include "tests/support/machine.h"

#define MIB UINT64_C(0x100000)
#define HIGH UINT64_C(0xFFFF800000000000) /* direct map */
#define STACKS UINT64_C(0xFFFFC00000001000)
#define IMAGE UINT64_C(0xFFFFFFFF80100000)
#define IMAGE_PADDR UINT64_C(0x40300000)
#define CODE (IMAGE + PAGE_LEN)
#define DATA (IMAGE + 2 * PAGE_LEN)
#define DIRECT_LEN (4 * MIB + PAGE_LEN)

#define ENTRY_WRITE UINT64_C(2)
#define ENTRY_USER UINT64_C(4)
#define ENTRY_NO_EXECUTE (UINT64_C(1) << 63)
#define ENTRY_ADDRESS UINT64_C(0x000FFFFFFFFFF000)

static const struct nonos_memory_region map[] = {
    {.paddr = MACHINE_PADDR, .page_count = MACHINE_LEN / PAGE_LEN, .type = NONOS_MEMORY_USABLE},
};

enum { CONSTANTS, CODES, DATAS, DIRECT, STACK, CLASS_COUNT };

static const struct audit_plan plan = {
    .classes =
        {
            [CONSTANTS] = {"", "constants", IMAGE, CODE - 1, MAPPING_READ, IMAGE - IMAGE_PADDR},
            [CODES] = {"", "code", CODE, DATA - 1, MAPPING_EXECUTE, IMAGE - IMAGE_PADDR},
            [DATAS] = {"", "data", DATA, DATA + PAGE_LEN - 1, MAPPING_WRITE, IMAGE - IMAGE_PADDR},
            [DIRECT] = {"", "direct map", HIGH, HIGH + (UINT64_C(1) << 45) - 1, MAPPING_WRITE,
                        HIGH},
            [STACK] = {"", "stacks", STACKS, STACKS + 2 * PAGE_LEN - 1, MAPPING_WRITE, 0},
        },
    .class_count = CLASS_COUNT,
    .image_paddr = IMAGE_PADDR,
    .image_len = 3 * PAGE_LEN,
    .image_vaddr = IMAGE,
};

static paddr_t root;

static void add(vaddr_t vaddr, paddr_t paddr, uint64_t len, unsigned flags)
{
    assert_int_equal(mapping_add(root, vaddr, paddr, len, flags), NONOS_OK);
}

/* Tables as the kernel's are. */
static int setup([[maybe_unused]] void **state)
{
    assert_int_equal(frames_init(map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    assert_int_equal(mapping_create(&root), NONOS_OK);
    add(IMAGE, IMAGE_PADDR, PAGE_LEN, MAPPING_READ);
    add(CODE, IMAGE_PADDR + PAGE_LEN, PAGE_LEN, MAPPING_EXECUTE);
    add(DATA, IMAGE_PADDR + 2 * PAGE_LEN, PAGE_LEN, MAPPING_WRITE);
    add(HIGH, 0, DIRECT_LEN, MAPPING_WRITE);
    add(STACKS, 0x5000, PAGE_LEN, MAPPING_WRITE);
    add(STACKS + PAGE_LEN, 0x9000, PAGE_LEN, MAPPING_WRITE);
    return 0;
}

static struct audit judge(void)
{
    struct audit audit;

    memset(&audit, 0xFF, sizeof audit);
    audit_run(root, &plan, &audit);
    return audit;
}

/* The entry that maps vaddr; the tables above it are opened to programs when asked for. */
static uint64_t *entry_of(vaddr_t vaddr, bool open)
{
    uint64_t *table = direct_map_at(root);

    for (unsigned shift = 39; shift > 12; shift -= 9) {
        uint64_t *entry = &table[vaddr >> shift & 511];

        *entry |= open ? ENTRY_USER : 0;
        table = direct_map_at(*entry & ENTRY_ADDRESS);
    }
    return &table[vaddr >> 12 & 511];
}

static void test_what_is_planned_is_clean_and_counted([[maybe_unused]] void **state)
{
    struct audit audit = judge();

    assert_true(audit_is_clean(&audit));
    assert_int_equal(audit.first_bad, 0);
    assert_int_equal(audit.pages[CONSTANTS][MAPPING_SIZE_4K], 1);
    assert_int_equal(audit.pages[CODES][MAPPING_SIZE_4K], 1);
    assert_int_equal(audit.pages[DATAS][MAPPING_SIZE_4K], 1);
    assert_int_equal(audit.pages[DIRECT][MAPPING_SIZE_4K], 1);
    assert_int_equal(audit.pages[DIRECT][MAPPING_SIZE_2M], 2);
    assert_int_equal(audit.pages[DIRECT][MAPPING_SIZE_1G], 0);
    assert_int_equal(audit.pages[STACK][MAPPING_SIZE_4K], 2);
}

static void test_writable_code_is_seen([[maybe_unused]] void **state)
{
    struct audit audit;

    *entry_of(CODE, false) |= ENTRY_WRITE;
    audit = judge();
    assert_false(audit_is_clean(&audit));
    assert_int_equal(audit.writable_executable_pages, 1);
    assert_int_equal(audit.foreign_pages, 1); /* of no class any more */
    assert_int_equal(audit.alias_pages + audit.user_pages, 0);
    assert_int_equal(audit.first_bad, CODE);
    assert_int_equal(audit.pages[CODES][MAPPING_SIZE_4K], 0);
}

static void test_executable_data_is_seen([[maybe_unused]] void **state)
{
    struct audit audit;

    *entry_of(STACKS, false) &= ~ENTRY_NO_EXECUTE;
    audit = judge();
    assert_int_equal(audit.writable_executable_pages, 1);
    assert_int_equal(audit.first_bad, STACKS);
}

static void test_page_open_to_programs_is_seen([[maybe_unused]] void **state)
{
    struct audit audit;

    *entry_of(DATA, true) |= ENTRY_USER;
    audit = judge();
    assert_int_equal(audit.user_pages, 1);
    assert_int_equal(audit.writable_executable_pages, 0);
    assert_int_equal(audit.first_bad, DATA);
}

/* Code that can be written by way of another address: by a small page, by a large one, and inside
 * the image itself. */
static void test_second_address_of_the_image_is_seen([[maybe_unused]] void **state)
{
    struct audit audit;

    add(HIGH + IMAGE_PADDR + PAGE_LEN, IMAGE_PADDR + PAGE_LEN, PAGE_LEN, MAPPING_WRITE);
    audit = judge();
    assert_int_equal(audit.alias_pages, 1);
    assert_int_equal(audit.foreign_pages + audit.writable_executable_pages, 0);
    assert_int_equal(audit.first_bad, HIGH + IMAGE_PADDR + PAGE_LEN);

    (void)setup(state);
    add(HIGH + (IMAGE_PADDR & ~(2 * MIB - 1)), IMAGE_PADDR & ~(2 * MIB - 1), 2 * MIB,
        MAPPING_WRITE);
    assert_int_equal(judge().alias_pages, 1);

    (void)setup(state);
    *entry_of(DATA, false) -= PAGE_LEN; /* the frame of the code */
    audit = judge();
    assert_int_equal(audit.alias_pages, 1);
    assert_int_equal(audit.foreign_pages, 1);
}

/* The frames right before and right after the image are no alias of it. */
static void test_neighbours_of_the_image_are_not_it([[maybe_unused]] void **state)
{
    struct audit audit;

    add(HIGH + IMAGE_PADDR - PAGE_LEN, IMAGE_PADDR - PAGE_LEN, PAGE_LEN, MAPPING_WRITE);
    add(HIGH + IMAGE_PADDR + 3 * PAGE_LEN, IMAGE_PADDR + 3 * PAGE_LEN, PAGE_LEN, MAPPING_WRITE);
    audit = judge();
    assert_true(audit_is_clean(&audit));
}

static void test_page_of_no_class_is_seen([[maybe_unused]] void **state)
{
    static const struct {
        vaddr_t vaddr;
        paddr_t paddr;
        unsigned flags;
    } cases[] = {
        {0, 0, MAPPING_READ},                          /* the null page */
        {0x400000, 0x400000, MAPPING_EXECUTE},         /* a trampoline */
        {HIGH + DIRECT_LEN, DIRECT_LEN, MAPPING_READ}, /* other rights */
        {HIGH + DIRECT_LEN, DIRECT_LEN, MAPPING_WRITE | MAPPING_UNCACHED},
        {HIGH + DIRECT_LEN, DIRECT_LEN + PAGE_LEN, MAPPING_WRITE}, /* another frame */
        {STACKS - PAGE_LEN, 0x6000, MAPPING_WRITE},                /* a guard page */
        {STACKS + 2 * PAGE_LEN, 0x6000, MAPPING_WRITE},
        {IMAGE - PAGE_LEN, IMAGE_PADDR - PAGE_LEN, MAPPING_READ}, /* just outside the image */
        {UINT64_C(0xFFFFFFFFFFFFF000), 0x6000, MAPPING_WRITE},    /* the last page there is */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct audit audit;

        (void)setup(state);
        add(cases[i].vaddr, cases[i].paddr, PAGE_LEN, cases[i].flags);
        audit = judge();
        assert_false(audit_is_clean(&audit));
        assert_int_equal(audit.foreign_pages, 1);
        assert_int_equal(audit.first_bad, cases[i].vaddr);
    }
}

/* A large page of which a part is outside is outside. */
static void test_page_that_reaches_out_of_its_class_is_seen([[maybe_unused]] void **state)
{
    struct audit_plan shorter = plan;
    struct audit audit;

    shorter.classes[DIRECT].last = HIGH + DIRECT_LEN - PAGE_LEN - 2;
    audit_run(root, &shorter, &audit);
    assert_int_equal(audit.foreign_pages, 2);
    assert_int_equal(audit.first_bad, HIGH + 2 * MIB);
}

static void test_the_lowest_of_several_is_named([[maybe_unused]] void **state)
{
    struct audit audit;

    *entry_of(DATA, false) &= ~ENTRY_NO_EXECUTE;
    add(0, 0, PAGE_LEN, MAPPING_READ);
    *entry_of(STACKS, false) &= ~ENTRY_NO_EXECUTE;
    audit = judge();
    assert_int_equal(audit.writable_executable_pages, 2);
    assert_int_equal(audit.foreign_pages, 3);
    assert_int_equal(audit.first_bad, 0);
    assert_false(audit_is_clean(&audit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_is_planned_is_clean_and_counted, setup),
        cmocka_unit_test_setup(test_writable_code_is_seen, setup),
        cmocka_unit_test_setup(test_executable_data_is_seen, setup),
        cmocka_unit_test_setup(test_page_open_to_programs_is_seen, setup),
        cmocka_unit_test_setup(test_second_address_of_the_image_is_seen, setup),
        cmocka_unit_test_setup(test_neighbours_of_the_image_are_not_it, setup),
        cmocka_unit_test_setup(test_page_of_no_class_is_seen, setup),
        cmocka_unit_test_setup(test_page_that_reaches_out_of_its_class_is_seen, setup),
        cmocka_unit_test_setup(test_the_lowest_of_several_is_named, setup),
    };

    return cmocka_run_group_tests_name("audit", tests, nullptr, nullptr);
}
