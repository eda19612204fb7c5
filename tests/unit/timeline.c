#include "kernel/timeline.h"

#include "kernel/cpu/control.h"
#include "kernel/mem/heap.h"
#include "kernel/panic.h"
#include "kernel/selftest.h"
#include "tests/support/vectors.h"

/* What selftest.c asks for besides; none of it is called here. */
void panic([[maybe_unused]] const char *format, ...)
{
    abort();
}

void panic_no_memory([[maybe_unused]] const char *what)
{
    abort();
}

void *heap_allocate([[maybe_unused]] size_t len)
{
    return nullptr;
}

void heap_free([[maybe_unused]] void *memory)
{
}

static struct boot_info info;
static struct timeline_step steps[TIMELINE_MAX_STEPS];

/* A start by a loader whose stages took 1, 2, 3, ... */
static int setup(void **state)
{
    uint64_t tsc = 1000;

    (void)state;
    info = (struct boot_info){.start = BOOT_START_LOADER};
    for (unsigned i = 0; i < NONOS_STAGE_COUNT; i++)
        info.handoff.stage_tsc[i] = tsc += i;
    info.entry_tsc = tsc + 50;
    return 0;
}

/* Before any mark is set. */
static void test_loader_steps_come_first_with_their_times([[maybe_unused]] void **state)
{
    assert_int_equal(timeline_list(&info, steps), NONOS_STAGE_COUNT);
    for (unsigned i = 0; i + 1 < NONOS_STAGE_COUNT; i++) {
        assert_string_equal(steps[i].part, "loader");
        assert_int_equal(steps[i].ticks, i + 1);
    }
    assert_string_equal(steps[0].name, "console");
    assert_string_equal(steps[NONOS_STAGE_COUNT - 2].name, "leave");
    assert_string_equal(steps[NONOS_STAGE_COUNT - 1].part, "kernel");
    assert_string_equal(steps[NONOS_STAGE_COUNT - 1].name, "entry");
    assert_int_equal(steps[NONOS_STAGE_COUNT - 1].ticks, 50);
}

static void test_impossible_loader_times_are_left_out([[maybe_unused]] void **state)
{
    info.handoff.stage_tsc[NONOS_STAGE_DIGEST] = 1;
    assert_int_equal(timeline_list(&info, steps), 0);
    setup(nullptr);
    info.entry_tsc = info.handoff.stage_tsc[NONOS_STAGE_JUMP] - 1;
    assert_int_equal(timeline_list(&info, steps), 0);
    memset(info.handoff.stage_tsc, 0, sizeof info.handoff.stage_tsc);
    assert_int_equal(timeline_list(&info, steps), 0);
}

static void test_pvh_start_has_no_loader_steps([[maybe_unused]] void **state)
{
    info.start = BOOT_START_PVH;
    assert_int_equal(timeline_list(&info, steps), 1);
    assert_string_equal(steps[0].name, "entry");
    assert_int_equal(steps[0].ticks, info.entry_tsc - info.handoff.stage_tsc[NONOS_STAGE_ENTRY]);
}

/* From here on all marks are set, each once in the life of the program. */
static void test_steps_add_up_to_the_last_mark([[maybe_unused]] void **state)
{
    uint64_t total = info.handoff.stage_tsc[NONOS_STAGE_ENTRY];
    uint64_t before = control_read_tsc(), after;
    size_t count;

    info.entry_tsc = info.handoff.stage_tsc[NONOS_STAGE_JUMP];
    for (unsigned mark = 0; mark < TIMELINE_COUNT; mark++)
        timeline_mark((enum timeline_mark)mark);
    after = control_read_tsc();
    count = timeline_list(&info, steps);
    assert_int_equal(count, TIMELINE_MAX_STEPS);
    for (size_t i = 0; i < count; i++)
        total += steps[i].ticks;
    assert_in_range(total, before, after);
    for (unsigned mark = 0; mark < TIMELINE_COUNT; mark++)
        timeline_mark((enum timeline_mark)mark); /* the first time counts */
    assert_int_equal(timeline_list(&info, steps), count);
    for (size_t i = 0; i < count; i++)
        total -= steps[i].ticks;
    assert_int_equal(total, info.handoff.stage_tsc[NONOS_STAGE_ENTRY]);
}

/* Nobody can have taken a step that ended before the one before it did. */
static void test_steps_end_where_the_counter_went_back([[maybe_unused]] void **state)
{
    info.entry_tsc = UINT64_MAX;
    assert_int_equal(timeline_list(&info, steps), NONOS_STAGE_COUNT);
}

static void test_every_step_has_a_name_of_one_word_unlike_the_others([[maybe_unused]] void **state)
{
    const size_t selftest_at = (size_t)NONOS_STAGE_COUNT + (size_t)TIMELINE_SELFTEST_1;
    size_t count = timeline_list(&info, steps);

    for (size_t i = 0; i < count; i++) {
        assert_non_null(steps[i].name);
        assert_true(steps[i].name[0] != '\0');
        assert_null(strchr(steps[i].name, ' '));
        for (size_t j = 0; j < i; j++)
            assert_true(strcmp(steps[i].part, steps[j].part) != 0 ||
                        strcmp(steps[i].name, steps[j].name) != 0);
    }
    for (unsigned i = 0; i < TIMELINE_SELFTEST_COUNT; i++)
        assert_string_equal(steps[selftest_at + i].name, selftest_name(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_loader_steps_come_first_with_their_times, setup),
        cmocka_unit_test_setup(test_impossible_loader_times_are_left_out, setup),
        cmocka_unit_test_setup(test_pvh_start_has_no_loader_steps, setup),
        cmocka_unit_test_setup(test_steps_add_up_to_the_last_mark, setup),
        cmocka_unit_test_setup(test_steps_end_where_the_counter_went_back, setup),
        cmocka_unit_test_setup(test_every_step_has_a_name_of_one_word_unlike_the_others, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
