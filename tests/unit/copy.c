#include "kernel/user/copy.h"

#include "kernel/cpu/features.h"
#include "tests/support/vectors.h"

#define LEN 64u
#define GENERAL_PROTECTION 13u

/* In the place of copy_bytes.S: copies all but what a fault would leave. */
static size_t left;
static unsigned copies;
static bool smap_seen;
static struct cpu_features features;

size_t copy_bytes(void *to, const void *from, size_t len, bool smap);
extern const uint8_t copy_access[], copy_access_end[];
const uint8_t copy_access[1] = {0};
const uint8_t copy_access_end[1] = {0};

size_t copy_bytes(void *to, const void *from, size_t len, bool smap)
{
    copies++;
    smap_seen = smap;
    if ((uintptr_t)to < ADDRESS_USER_END && (uintptr_t)from < ADDRESS_USER_END)
        memcpy(to, from, len - left);
    return left;
}

const struct cpu_features *features_get(void)
{
    return &features;
}

static int setup([[maybe_unused]] void **state)
{
    left = 0;
    copies = 0;
    return 0;
}

static bool is_all(const uint8_t *bytes, uint8_t value)
{
    size_t i = 0;

    while (i < LEN && bytes[i] == value)
        i++;
    return i == LEN;
}

static void test_what_there_is_is_copied([[maybe_unused]] void **state)
{
    uint8_t from[LEN];
    uint8_t to[LEN] = {0};

    for (unsigned i = 0; i < 2; i++) {
        memset(from, (int)i + 1, LEN);
        features.smap = i == 1;
        assert_int_equal(copy_in(to, (uintptr_t)from, LEN), NONOS_OK);
        assert_true(is_all(to, (uint8_t)(i + 1)));
        assert_true(smap_seen == features.smap);
        memset(to, 0, LEN);
        assert_int_equal(copy_out((uintptr_t)to, from, LEN), NONOS_OK);
        assert_true(is_all(to, (uint8_t)(i + 1)));
    }
    assert_int_equal(copies, 4);
}

/* What has been read before the fault is no half of an answer. */
static void test_a_copy_that_fails_on_the_way_leaves_zeros([[maybe_unused]] void **state)
{
    static const size_t lefts[] = {1, LEN / 2, LEN};
    uint8_t from[LEN];
    uint8_t to[LEN];

    memset(from, 0x5A, LEN);
    for (size_t i = 0; i < sizeof lefts / sizeof lefts[0]; i++) {
        left = lefts[i];
        memset(to, 0x77, LEN);
        assert_int_equal(copy_in(to, (uintptr_t)from, LEN), NONOS_E_ADDRESS);
        assert_true(is_all(to, 0));
        assert_int_equal(copy_out((uintptr_t)to, from, LEN), NONOS_E_ADDRESS);
    }
}

static void test_nothing_but_the_programs_half_is_reached([[maybe_unused]] void **state)
{
    static const struct {
        vaddr_t vaddr;
        size_t len;
    } refused[] = {
        {ADDRESS_USER_END - LEN + 1, LEN}, {ADDRESS_USER_END, 1}, {ADDRESS_USER_END + 1, 0},
        {ADDRESS_DIRECT_MAP, LEN},         {UINT64_MAX, LEN},     {UINT64_MAX - LEN + 1, LEN},
    };
    uint8_t bytes[LEN];

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        memset(bytes, 0x77, LEN);
        assert_int_equal(copy_out(refused[i].vaddr, bytes, refused[i].len), NONOS_E_ADDRESS);
        assert_true(is_all(bytes, 0x77));
        assert_int_equal(copy_in(bytes, refused[i].vaddr, refused[i].len), NONOS_E_ADDRESS);
        for (size_t at = 0; at < refused[i].len; at++)
            assert_int_equal(bytes[at], 0);
    }
    assert_int_equal(copy_out(4096, bytes, SIZE_MAX), NONOS_E_ADDRESS);
    assert_int_equal(copies, 0);
    /* The last that there is; whether something is there is for the access to find out. */
    left = LEN;
    assert_int_equal(copy_in(bytes, ADDRESS_USER_END - LEN, LEN), NONOS_E_ADDRESS);
    assert_int_equal(copies, 1);
}

static void test_faults_of_the_access_alone_are_survived([[maybe_unused]] void **state)
{
    static const struct {
        uint64_t vector;
        vaddr_t address;
        bool is_access;
        bool survives;
    } rows[] = {
        {VECTOR_PAGE_FAULT, 0, true, true},
        {VECTOR_PAGE_FAULT, ADDRESS_USER_END - 1, true, true},
        {GENERAL_PROTECTION, 0, true, true},
        {VECTOR_PAGE_FAULT, ADDRESS_USER_END, true, false},
        {VECTOR_PAGE_FAULT, ADDRESS_DIRECT_MAP, true, false},
        {VECTOR_MACHINE_CHECK, 0, true, false},
        {VECTOR_PAGE_FAULT, 0, false, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t rip = (uintptr_t)copy_access + (rows[i].is_access ? 0 : 1);
        struct trap_frame frame = {.vector = rows[i].vector, .rip = rip};

        assert_true(copy_survives(&frame, rows[i].address) == rows[i].survives);
        assert_int_equal(frame.rip, rows[i].survives ? (uintptr_t)copy_access_end : rip);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_there_is_is_copied, setup),
        cmocka_unit_test_setup(test_a_copy_that_fails_on_the_way_leaves_zeros, setup),
        cmocka_unit_test_setup(test_nothing_but_the_programs_half_is_reached, setup),
        cmocka_unit_test_setup(test_faults_of_the_access_alone_are_survived, setup),
    };

    return cmocka_run_group_tests_name("copy", tests, nullptr, nullptr);
}
