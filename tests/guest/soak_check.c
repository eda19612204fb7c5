/* What must be true whenever nobody does anything. */
#include "tests/guest/soak.h"

#include "kernel/console.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/frames.h"

/* The ring of one priority, whose threads are added to *count: whoever is in it waits to run here.
 */
static bool ring_is_right(const struct cpu *cpu, uint32_t priority, uint32_t *count)
{
    const struct ready *ready = &cpu->queue.ready;
    const struct thread *at = ready->first[priority];
    bool right = true;

    if (!ready_has(ready, priority))
        return true;
    do {
        right = right && at->state == THREAD_READY && at->cpu == cpu && at->priority == priority &&
                at->next->previous == at;
        at = at->next;
        ++*count;
    } while (right && at != ready->first[priority]);
    return right;
}

bool soak_check_queues(void)
{
    bool right = true;

    for (uint32_t i = 0; i < cpu_count(); i++) {
        struct cpu *cpu = cpu_get(i);
        bool were_on = lock_take(&cpu->queue.lock);
        bool its = cpu->thread->state == THREAD_RUNNING && cpu->thread->cpu == cpu;
        uint32_t count = 0;

        for (uint32_t priority = 0; priority < THREAD_PRIORITIES; priority++)
            its = ring_is_right(cpu, priority, &count) && its;
        its = its && count == cpu->queue.ready.count;
        lock_release(&cpu->queue.lock, were_on);
        if (!its)
            console_printf("  the run queue of processor %u is not what it must be\n", i);
        right = right && its;
    }
    return right;
}

bool soak_check_frames(uint64_t free_before)
{
    struct frames_statistics now;

    frames_get_statistics(&now);
    if (now.free_pages == free_before)
        return true;
    console_printf("  %llu frames are free of %llu, where %llu were before\n",
                   (unsigned long long)now.free_pages, (unsigned long long)now.total_pages,
                   (unsigned long long)free_before);
    return false;
}
