#include "kernel/sched/timers.h"

static uint32_t depth_of(const struct timer *timer)
{
    return timer != nullptr ? timer->depth : 0;
}

/* Whether its depth has changed. */
static bool straighten(struct timer *timer)
{
    uint32_t before = timer->depth;

    if (depth_of(timer->left) < depth_of(timer->right)) {
        struct timer *left = timer->left;

        timer->left = timer->right;
        timer->right = left;
    }
    timer->depth = depth_of(timer->right) + 1;
    return timer->depth != before;
}

/* Of the way down, which goes right and so is short, first the order, then back up the depths. */
static struct timer *merge(struct timer *a, struct timer *b)
{
    struct timer *root = nullptr;
    struct timer **place = &root;
    struct timer *above = nullptr;

    while (a != nullptr && b != nullptr) {
        if (b->deadline_ns < a->deadline_ns) {
            struct timer *later = a;

            a = b;
            b = later;
        }
        *place = a;
        a->parent = above;
        above = a;
        place = &a->right;
        a = a->right;
    }
    *place = a != nullptr ? a : b;
    if (*place != nullptr)
        (*place)->parent = above;
    for (; above != nullptr; above = above->parent)
        (void)straighten(above);
    return root;
}

void timers_add(struct timer **first, struct timer *timer, uint64_t deadline_ns)
{
    *timer = (struct timer){.deadline_ns = deadline_ns, .depth = 1};
    *first = merge(*first, timer);
}

void timers_remove(struct timer **first, struct timer *timer)
{
    struct timer *above = timer->parent;
    struct timer *rest = merge(timer->left, timer->right);

    if (rest != nullptr)
        rest->parent = above;
    if (above == nullptr)
        *first = rest;
    else if (above->left == timer)
        above->left = rest;
    else
        above->right = rest;
    while (above != nullptr && straighten(above))
        above = above->parent;
}
