#include "kernel/sched/ready.h"

#include "tests/support/vectors.h"

#define COUNT 40u

static struct thread threads[COUNT];
static bool is_in[COUNT];

/* What it must be: for each priority who is in it, in order. */
static struct {
    struct thread *list[COUNT];
    unsigned count;
} model[THREAD_PRIORITIES];

static void model_insert(struct thread *thread, unsigned at)
{
    unsigned count = model[thread->priority].count++;
    struct thread **list = model[thread->priority].list;

    memmove(&list[at + 1], &list[at], (count - at) * sizeof *list);
    list[at] = thread;
}

static void model_remove(struct thread *thread)
{
    struct thread **list = model[thread->priority].list;
    unsigned at = 0;

    while (list[at] != thread)
        at++;
    model[thread->priority].count--;
    memmove(&list[at], &list[at + 1], (model[thread->priority].count - at) * sizeof *list);
}

static void check(const struct ready *ready)
{
    unsigned count = 0;
    bool above = false;

    for (uint32_t priority = THREAD_PRIORITIES; priority-- > 0;) {
        const struct thread *at = ready->first[priority];

        assert_int_equal(ready_has_above(ready, priority), above);
        assert_int_equal(ready_has(ready, priority), model[priority].count > 0);
        for (unsigned i = 0; i < model[priority].count; i++, at = at->next) {
            if (at == nullptr || at->next == nullptr) {
                fail_msg("priority %u ends after %u", priority, i);
                return;
            }
            assert_ptr_equal(at, model[priority].list[i]);
            assert_ptr_equal(at->next->previous, at);
        }
        assert_true(model[priority].count == 0 || at == ready->first[priority]);
        above = above || model[priority].count > 0;
        count += model[priority].count;
    }
    assert_int_equal(ready->count, count);
}

static struct thread *model_first(void)
{
    for (uint32_t priority = THREAD_PRIORITIES; priority-- > 0;) {
        if (model[priority].count > 0)
            return model[priority].list[0];
    }
    return nullptr;
}

static void test_it_is_a_list_for_each_priority(void **state)
{
    struct ready ready = {0};

    (void)state;
    assert_null(ready_take(&ready));
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = (unsigned)test_random_below(COUNT);
        struct thread *thread = &threads[i];

        if (test_random_below(4) == 0) {
            thread = model_first();
            assert_ptr_equal(ready_take(&ready), thread);
            if (thread != nullptr) {
                model_remove(thread);
                is_in[thread - threads] = false;
            }
        } else if (is_in[i]) {
            ready_remove(&ready, thread);
            model_remove(thread);
            is_in[i] = false;
        } else {
            /* All of them, the highest and the lowest often. */
            thread->priority = (uint32_t)test_random_below(3) * 31 / 2;
            if (test_random_below(4) == 0)
                thread->priority = (uint32_t)test_random_below(THREAD_PRIORITIES);
            if (test_random_below(2) == 0) {
                ready_add_last(&ready, thread);
                model_insert(thread, model[thread->priority].count);
            } else {
                ready_add_first(&ready, thread);
                model_insert(thread, 0);
            }
            is_in[i] = true;
        }
        check(&ready);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_a_list_for_each_priority),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
