#include "tests/guest/process.h"

#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/mapping.h"
#include "kernel/user/syscall.h"
#include "tests/guest/guest.h"

#include <string.h>

#define FIRST_PAGES_MAX 1000u   /* of a program, before it asks for any */
#define GUEST_THREADS_PAGES 64u /* what its threads cost is not what it asks for */

static enum nonos_error map_all(struct space *space, const struct guest_program *program)
{
    size_t code_len = (program->len + PAGE_LEN - 1) & ~(size_t)PAGE_MASK;
    enum nonos_error error = space_map(space, GUEST_CODE_VADDR, code_len, MAPPING_EXECUTE);

    if (error == NONOS_OK)
        error = space_write(space, GUEST_CODE_VADDR, program->code, program->len);
    if (error == NONOS_OK)
        error = space_map(space, GUEST_DATA_VADDR, GUEST_DATA_LEN, MAPPING_WRITE);
    if (error == NONOS_OK)
        error = space_map(space, GUEST_STACK_TOP - GUEST_STACK_LEN, GUEST_STACK_LEN, MAPPING_WRITE);
    return error;
}

enum nonos_error guest_process_make(struct guest_process *guest,
                                    const struct guest_program *program, uint64_t quota_pages)
{
    struct process *process = &guest->process;
    enum nonos_error error;

    *process =
        (struct process){.rights = NONOS_RIGHT_ALL, .quota = {.limit_pages = FIRST_PAGES_MAX}};
    for (size_t i = 0; i < PROCESS_NAME_LEN - 1 && program->name[i] != '\0'; i++)
        process->name[i] = program->name[i];
    error = space_create(&process->quota, &process->space);
    if (error != NONOS_OK)
        return error;
    error = map_all(process->space, program);
    process->quota.limit_pages = process->quota.used_pages + quota_pages + GUEST_THREADS_PAGES;
    if (error != NONOS_OK)
        guest_process_free(guest);
    return error;
}

void guest_process_free(struct guest_process *guest)
{
    struct audit_space audit;

    space_audit(guest->process.space, &audit);
    CHECK(audit_space_is_clean(&audit));
    space_destroy(guest->process.space);
    CHECK(guest->process.quota.used_pages == 0);
    guest->process.space = nullptr;
}

/* The program itself could give the page back at this very moment. */
bool guest_process_put(struct guest_process *guest, vaddr_t vaddr, const void *bytes, size_t len)
{
    struct space *space = guest->process.space;
    bool were_on = lock_take(&space->lock);
    struct mapping_entry entry;
    bool found = mapping_find(space->translations.root, vaddr, &entry);

    if (found)
        memcpy(direct_map_at(entry.paddr), bytes, len);
    lock_release(&space->lock, were_on);
    return found;
}

static void enter(void *argument)
{
    struct guest_run *run = argument;

    (void)interrupts_disable();
    user_enter(GUEST_CODE_VADDR, run->rsp, run->argument);
}

enum nonos_error guest_run_start(struct guest_run *run, struct guest_process *guest,
                                 uint64_t argument, uint32_t priority, struct cpu *cpu)
{
    struct thread *thread;
    const struct thread_request request = {.name = "program",
                                           .function = enter,
                                           .argument = run,
                                           .priority = priority,
                                           .process = &guest->process,
                                           .cpu = cpu};
    void *context = run->context;

    *run = (struct guest_run){.guest = guest,
                              .rsp = GUEST_STACK_TOP,
                              .argument = argument,
                              .over = EVENT_INIT,
                              .context = context};
    return thread_create(&request, &thread);
}

void guest_run_wait(struct guest_run *run)
{
    event_wait(&run->over);
}

struct guest_run *guest_run_of(const struct thread *thread)
{
    return thread->function == enter ? thread->argument : nullptr;
}

struct guest_run *guest_run_current(void)
{
    return guest_run_of(thread_current());
}

void guest_run_note_fault(const struct trap_frame *frame)
{
    struct guest_run *run = guest_run_current();

    if (run == nullptr)
        return;
    run->how = GUEST_FAULTED;
    run->vector = frame->vector;
    run->rip = frame->rip;
    run->address = frame->vector == VECTOR_PAGE_FAULT ? control_read_cr2() : 0;
}

void guest_run_note_exit(uint64_t code)
{
    struct guest_run *run = guest_run_current();

    if (run == nullptr)
        return;
    run->how = GUEST_EXITED;
    run->code = code;
}

void guest_run_note_freed(struct guest_run *run)
{
    event_signal(&run->over);
}
