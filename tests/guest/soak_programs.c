/* Programs that fault, ask for memory, ask for nonsense: each ends as it must. */
#include "tests/guest/soak.h"

#include "kernel/cpu/cpu.h"
#include "tests/guest/process.h"
#include "tests/guest/programs/misbehave.h"

#define QUOTA_PAGES 48u
#define NUMBER_MAX 32u
#define THREADS_MAX 3u

GUEST_PROGRAM_DECLARE(misbehave);

static const unsigned vectors[MISBEHAVE_COUNT] = {
#define MISBEHAVIOR(name, vector) (vector),
    MISBEHAVIORS(MISBEHAVIOR)
#undef MISBEHAVIOR
};

static uint64_t made;

uint64_t soak_programs_made(void)
{
    return __atomic_load_n(&made, __ATOMIC_ACQUIRE);
}

static void check_end(const struct guest_run *run)
{
    unsigned vector = vectors[run->argument & 0xFF];

    CHECK(run->how == (vector == 0 ? GUEST_EXITED : GUEST_FAULTED));
    if (run->how == GUEST_FAULTED)
        CHECK(run->vector == vector);
    else
        CHECK(run->code == 0);
}

/* Some threads in one process, on processors by chance. */
void soak_program(struct soak_worker *worker)
{
    struct guest_random *random = &worker->random;
    const struct guest_program program = GUEST_PROGRAM(misbehave);
    struct guest_process guest;
    struct guest_run runs[THREADS_MAX] = {0};
    size_t wanted = 1 + guest_random_below(random, THREADS_MAX);
    size_t count = 0;

    if (guest_process_make(&guest, &program, QUOTA_PAGES) != NONOS_OK)
        return;
    for (; count < wanted; count++) {
        uint64_t kind = guest_random_below(random, MISBEHAVE_COUNT);
        uint64_t number = guest_random_below(random, NUMBER_MAX);

        if (guest_run_start(&runs[count], &guest, number << 8 | kind,
                            1 + (uint32_t)guest_random_below(random, THREAD_PRIORITY_HIGHEST),
                            cpu_get((uint32_t)guest_random_below(random, cpu_count()))) != NONOS_OK)
            break;
    }
    for (size_t i = 0; i < count; i++) {
        guest_run_wait(&runs[i]);
        check_end(&runs[i]);
    }
    guest_process_free(&guest);
    __atomic_fetch_add(&made, count, __ATOMIC_RELEASE);
}
