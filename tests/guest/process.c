#include "tests/guest/process.h"

#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/mapping_user.h"
#include "kernel/mem/paging.h"
#include "kernel/user/syscall.h"

#include <string.h>

#define UPPER_HALF (PAGE_LEN / 2)
#define ANYWHERE UINT64_C(0x100000000000)

/* Zeroed pages. */
static enum nonos_error map(struct guest_process *guest, vaddr_t vaddr, size_t len, unsigned flags)
{
    for (size_t at = 0; at < len; at += PAGE_LEN) {
        paddr_t paddr = frames_allocate(0);
        enum nonos_error error;

        if (paddr == 0)
            return NONOS_E_NO_MEMORY;
        error =
            mapping_user_add(guest->process.root, vaddr + at, paddr, MAPPING_USER | flags, nullptr);
        if (error != NONOS_OK) {
            frames_free(paddr);
            return error;
        }
    }
    return NONOS_OK;
}

static enum nonos_error map_all(struct guest_process *guest, const struct guest_program *program)
{
    size_t code_len = (program->len + PAGE_LEN - 1) & ~(size_t)PAGE_MASK;
    enum nonos_error error = map(guest, GUEST_CODE_VADDR, code_len, MAPPING_EXECUTE);

    for (size_t at = 0; error == NONOS_OK && at < program->len; at += PAGE_LEN)
        memcpy(guest_process_at(guest, GUEST_CODE_VADDR + at), (const uint8_t *)program->code + at,
               program->len - at < PAGE_LEN ? program->len - at : PAGE_LEN);
    if (error == NONOS_OK)
        error = map(guest, GUEST_DATA_VADDR, GUEST_DATA_LEN, MAPPING_WRITE);
    if (error == NONOS_OK)
        error = map(guest, GUEST_STACK_TOP - GUEST_STACK_LEN, GUEST_STACK_LEN, MAPPING_WRITE);
    return error;
}

enum nonos_error guest_process_make(struct guest_process *guest,
                                    const struct guest_program *program, uint64_t quota_pages)
{
    struct process *process = &guest->process;
    enum nonos_error error;

    *process = (struct process){
        .rights = NONOS_RIGHT_ALL, .quota_pages = quota_pages, .next_vaddr = ANYWHERE};
    for (size_t i = 0; i < PROCESS_NAME_LEN - 1 && program->name[i] != '\0'; i++)
        process->name[i] = program->name[i];
    error = mapping_create(&process->root);
    if (error != NONOS_OK)
        return error;
    memcpy((uint8_t *)direct_map_at(process->root) + UPPER_HALF,
           (const uint8_t *)direct_map_at(paging_root()) + UPPER_HALF, UPPER_HALF);
    error = map_all(guest, program);
    if (error != NONOS_OK)
        guest_process_free(guest);
    return error;
}

void guest_process_free(struct guest_process *guest)
{
    vaddr_t vaddr = 0;

    while (vaddr < ADDRESS_USER_END) {
        struct mapping_batch batch;

        vaddr = mapping_user_remove(guest->process.root, vaddr, ADDRESS_USER_END, &batch);
        for (size_t i = 0; i < batch.count; i++)
            frames_free(batch.frames[i]);
    }
    frames_free(guest->process.root);
    guest->process.root = 0;
}

void *guest_process_at(struct guest_process *guest, vaddr_t vaddr)
{
    struct mapping_entry entry;

    return mapping_find(guest->process.root, vaddr, &entry) ? direct_map_at(entry.paddr) : nullptr;
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
