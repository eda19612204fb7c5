/*
 * injector.c - one fault at a time, at each instruction of the code that decides.
 *
 *   injector --accepts none|some TITLE INSTRUCTIONS SUBJECT [GOOD BAD...]
 *
 * The subject is walked through one instruction at a time wherever it is in that code
 * (INSTRUCTIONS lists it); calls out of it run at full speed. At each step the subject is copied,
 * a copy for each fault, and the copy runs to its end. Three faults:
 *
 *   skip     the instruction does not happen
 *   invert   a conditional jump, move or set acts on the opposite condition
 *   force    a function returns 0, 1, all ones or CRYPTO_VALID
 *
 * each at the first EXECUTIONS executions of the instruction. A copy that admits the image is an
 * acceptance, and printed. `--accepts none` fails when there is one; `some` fails unless each of
 * the three faults leads to one.
 */
#include "crypto/verdict.h"
#include "tests/fault/code.h"
#include "tests/fault/scenarios.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXECUTIONS 3u
#define TIME_LIMIT_MS 100 /* of processor time; a run without a fault takes a hundredth */
#define LOOK_MS 20

enum fault { FAULT_SKIP, FAULT_INVERT, FAULT_FORCE, FAULT_COUNT };
static const char *const fault_names[] = {"skip", "invert", "force"};

struct tally {
    unsigned instructions; /* distinct ones */
    unsigned tried[FAULT_COUNT];
    unsigned refused;
    unsigned crashed;
    unsigned accepted[FAULT_COUNT];
};

/* A subject under way. */
struct walk {
    pid_t pid;
    bool faulting; /* otherwise it is only walked through */
    const char *scenario;
    uint64_t copy_gate; /* a system call instruction in the subject */
    struct tally tally;
};

/* Processes ---------------------------------------------------------------------------------- */

static void trace(enum __ptrace_request request, pid_t pid, uintptr_t address, uintptr_t data)
{
    if (ptrace(request, pid, address, data) != 0)
        stop("ptrace request %d: %s", (int)request, strerror(errno));
}

static uint64_t peek(pid_t pid, uint64_t address)
{
    errno = 0;
    long word = ptrace(PTRACE_PEEKDATA, pid, address, nullptr);
    if (errno != 0)
        stop("peek at %llx: %s", (unsigned long long)address, strerror(errno));
    return (uint64_t)word;
}

static struct user_regs_struct get_registers(pid_t pid)
{
    struct user_regs_struct registers;
    trace(PTRACE_GETREGS, pid, 0, (uintptr_t)&registers);
    return registers;
}

static void set_registers(pid_t pid, const struct user_regs_struct *registers)
{
    trace(PTRACE_SETREGS, pid, 0, (uintptr_t)registers);
}

static int wait_for(pid_t pid)
{
    int status = 0;
    if (waitpid(pid, &status, __WALL) != pid)
        stop("waitpid: %s", strerror(errno));
    return status;
}

/* Waits for the stop that is expected, an event of ptrace or none. */
static void wait_for_stop(pid_t pid, int signal, int event)
{
    int status = wait_for(pid);
    if (status >> 8 != (signal | event << 8) || !WIFSTOPPED(status))
        stop("the subject did not stop as it should: status %x", (unsigned)status);
}

/* Lets the subject run at full speed to an address. False when it ended before. */
static bool run_to(pid_t pid, uint64_t address, int *status)
{
    uint64_t code = peek(pid, address);
    trace(PTRACE_POKEDATA, pid, address, (code & ~UINT64_C(0xFF)) | 0xCC);
    trace(PTRACE_CONT, pid, 0, 0);
    *status = wait_for(pid);
    if (!WIFSTOPPED(*status))
        return false;
    struct user_regs_struct registers = get_registers(pid);
    if (WSTOPSIG(*status) != SIGTRAP || registers.rip != address + 1)
        stop("signal %d in the subject without a fault", WSTOPSIG(*status));
    trace(PTRACE_POKEDATA, pid, address, code);
    registers.rip = address;
    set_registers(pid, &registers);
    return true;
}

/* A stopped copy of the subject, with the same registers. Its parent is the injector too. */
static pid_t copy_subject(const struct walk *walk)
{
    const struct user_regs_struct saved = get_registers(walk->pid);
    struct user_regs_struct call = saved;
    call.rip = walk->copy_gate;
    call.rax = SYS_clone;
    call.rdi = CLONE_PARENT | SIGCHLD;
    call.rsi = call.rdx = call.r10 = call.r8 = 0;
    call.orig_rax = UINT64_MAX; /* not inside a system call that would be restarted */
    set_registers(walk->pid, &call);
    trace(PTRACE_SINGLESTEP, walk->pid, 0, 0);
    wait_for_stop(walk->pid, SIGTRAP, PTRACE_EVENT_FORK);
    unsigned long copy = 0;
    trace(PTRACE_GETEVENTMSG, walk->pid, 0, (uintptr_t)&copy);
    trace(PTRACE_SINGLESTEP, walk->pid, 0, 0);
    wait_for_stop(walk->pid, SIGTRAP, 0);
    set_registers(walk->pid, &saved);
    wait_for_stop((pid_t)copy, SIGSTOP, 0);
    set_registers((pid_t)copy, &saved);
    return (pid_t)copy;
}

static sigset_t child_signal;

static long spent_ms(pid_t pid)
{
    clockid_t clock = 0;
    struct timespec spent = {0, 0};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0)
        return 0;
    return (long)spent.tv_sec * 1000 + spent.tv_nsec / 1000000;
}

/* Waits for the end of a copy, and ends it when it has used up its time. */
static int wait_for_end(pid_t copy)
{
    static const struct timespec look = {0, LOOK_MS * 1000000L};
    for (;;) {
        int status = 0;
        pid_t ended = waitpid(copy, &status, __WALL | WNOHANG);
        if (ended == copy)
            return status;
        if (ended != 0)
            stop("waitpid: %s", strerror(errno));
        (void)sigtimedwait(&child_signal, nullptr, &look);
        if (spent_ms(copy) > TIME_LIMIT_MS)
            (void)kill(copy, SIGKILL);
    }
}

/* Lets a copy that has its fault run to its end, and counts how it ended. */
static void conclude(struct walk *walk, pid_t copy, enum fault fault, const struct instruction *at,
                     unsigned execution, uint64_t forced)
{
    trace(PTRACE_DETACH, copy, 0, 0);
    int status = wait_for_end(copy);
    walk->tally.tried[fault]++;
    if (WIFEXITED(status) && WEXITSTATUS(status) == SUBJECT_REFUSED) {
        walk->tally.refused++;
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == SUBJECT_ADMITTED) {
        walk->tally.accepted[fault]++;
        printf("    accepted: %s, %s", walk->scenario, fault_names[fault]);
        if (fault == FAULT_FORCE)
            printf(" %llx before", (unsigned long long)forced);
        printf(": %llx %s (execution %u)\n", (unsigned long long)at->address, at->text, execution);
    } else {
        walk->tally.crashed++;
    }
}

/* Faults ------------------------------------------------------------------------------------- */

static void try_skip(struct walk *walk, const struct instruction *at)
{
    pid_t copy = copy_subject(walk);
    struct user_regs_struct registers = get_registers(copy);
    registers.rip += at->len;
    set_registers(copy, &registers);
    conclude(walk, copy, FAULT_SKIP, at, at->executions, 0);
}

static void try_invert(struct walk *walk, const struct instruction *at)
{
    uint64_t code = peek(walk->pid, at->address);
    int offset = code_condition_offset(code);
    if (offset < 0)
        return;
    pid_t copy = copy_subject(walk);
    trace(PTRACE_POKEDATA, copy, at->address, code ^ UINT64_C(1) << (8 * offset));
    trace(PTRACE_SINGLESTEP, copy, 0, 0);
    wait_for_stop(copy, SIGTRAP, 0);
    trace(PTRACE_POKEDATA, copy, at->address, code);
    conclude(walk, copy, FAULT_INVERT, at, at->executions, 0);
}

/* The subject has just returned to this instruction. */
static void try_force(struct walk *walk, struct instruction *at)
{
    static const uint64_t values[] = {0, 1, UINT64_MAX, CRYPTO_VALID};
    if (at->returns++ >= EXECUTIONS || !walk->faulting)
        return;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct user_regs_struct registers = get_registers(walk->pid);
        if (registers.rax == values[i])
            continue;
        registers.rax = values[i];
        pid_t copy = copy_subject(walk);
        set_registers(copy, &registers);
        conclude(walk, copy, FAULT_FORCE, at, at->returns, values[i]);
    }
}

static void try_faults(struct walk *walk, struct instruction *at)
{
    if (at->executions == 0)
        walk->tally.instructions++;
    if (at->executions++ >= EXECUTIONS || !walk->faulting)
        return;
    try_skip(walk, at);
    try_invert(walk, at);
}

/* From the subject's first stop to its end; the status it ends with. */
static int walk_through(struct walk *walk)
{
    int status = 0;
    bool inside = false;
    for (;;) {
        struct user_regs_struct registers = get_registers(walk->pid);
        struct instruction *at = code_find(registers.rip);
        bool returned = false;
        if (at != nullptr) {
            inside = true;
            try_faults(walk, at);
            returned = code_is_return(peek(walk->pid, at->address));
        } else if (inside) {
            /* Called from the inside, or jumped to as the last thing there: in both cases the
             * return address is on the stack. */
            if (!run_to(walk->pid, peek(walk->pid, registers.rsp), &status))
                return status;
            returned = true;
        }
        if (at != nullptr || !inside) {
            trace(PTRACE_SINGLESTEP, walk->pid, 0, 0);
            status = wait_for(walk->pid);
            if (!WIFSTOPPED(status))
                return status;
            if (WSTOPSIG(status) != SIGTRAP)
                stop("signal %d in the subject without a fault", WSTOPSIG(status));
        }
        registers = get_registers(walk->pid);
        at = code_find(registers.rip);
        if (returned && at != nullptr)
            try_force(walk, at);
    }
}

/* For wait_for_end. */
static void block_child_signal(void)
{
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child_signal, nullptr);
}

/* Injector and subject take turns: on one processor they do so in half the time. */
static void stay_on_one_processor(void)
{
    cpu_set_t one;
    int cpu = sched_getcpu();
    CPU_ZERO(&one);
    CPU_SET((unsigned)(cpu < 0 ? 0 : cpu), &one);
    (void)sched_setaffinity(0, sizeof(one), &one);
}

/* Campaign ----------------------------------------------------------------------------------- */

static pid_t start_subject(char *path, unsigned scenario)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", scenario);
    char *const arguments[] = {path, number, nullptr};
    char *const environment[] = {nullptr};
    pid_t pid = fork();
    if (pid < 0)
        stop("fork: %s", strerror(errno));
    if (pid > 0)
        return pid;
    /* The same addresses in every run, where that may be asked for: what is left on a stack is then
     * the same too. */
    (void)personality(ADDR_NO_RANDOMIZE);
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0)
        (void)execve(path, arguments, environment);
    _exit(127);
}

static struct tally try_scenario(char *subject, unsigned scenario, const char *name)
{
    struct walk walk = {
        .pid = start_subject(subject, scenario),
        /* Any fault may refuse a good image; it only shows that the others are refused for cause.
         */
        .faulting = scenario != SCENARIO_good,
        .scenario = name,
    };
    code_forget();
    wait_for_stop(walk.pid, SIGTRAP, 0); /* the new program */
    trace(PTRACE_SETOPTIONS, walk.pid, 0, PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL);
    trace(PTRACE_CONT, walk.pid, 0, 0);
    wait_for_stop(walk.pid, SIGTRAP, 0); /* its own stop */
    walk.copy_gate = get_registers(walk.pid).rax;

    int status = walk_through(&walk);
    int expected = scenario == SCENARIO_good ? SUBJECT_ADMITTED : SUBJECT_REFUSED;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        stop("%s: without a fault the subject ended with status %x", name, (unsigned)status);
    if (walk.tally.instructions == 0)
        stop("%s: none of the instructions was executed", name);
    return walk.tally;
}

static void print_tally(const char *name, const struct tally *tally)
{
    printf("  %-20s %7u %7u %7u %7u %9u %8u %9u\n", name, tally->instructions, tally->tried[0],
           tally->tried[1], tally->tried[2], tally->refused, tally->crashed,
           tally->accepted[0] + tally->accepted[1] + tally->accepted[2]);
    (void)fflush(stdout);
}

/* The subject's scenarios, where the command line does not name them: those of the verifier. */
static const char *const verifier_names[] = {
#define SCENARIO(name, error) #name,
    SCENARIOS(SCENARIO)
#undef SCENARIO
};

int main(int argc, char **argv)
{
    if (argc < 6 || strcmp(argv[1], "--accepts") != 0)
        stop("usage: injector --accepts none|some TITLE INSTRUCTIONS SUBJECT [GOOD BAD...]");
    bool named = argc > 6;
    unsigned count = named ? (unsigned)argc - 6 : (unsigned)SCENARIO_COUNT;
    stay_on_one_processor();
    block_child_signal();
    code_read(argv[4]);
    printf("%s\n  %-20s %7s %7s %7s %7s %9s %8s %9s\n", argv[3], named ? "case" : "image", "instr.",
           "skip", "invert", "force", "refused", "crashed", "accepted");
    struct tally sum = {0};
    for (unsigned i = 0; i < count; i++) {
        const char *name = named ? argv[6 + i] : verifier_names[i];
        struct tally tally = try_scenario(argv[5], i, name);
        if (i == SCENARIO_good) {
            printf("  %-20s %7u admitted without a fault\n", name, tally.instructions);
            continue;
        }
        print_tally(name, &tally);
        if (tally.instructions > sum.instructions)
            sum.instructions = tally.instructions;
        for (int fault = 0; fault < FAULT_COUNT; fault++) {
            sum.tried[fault] += tally.tried[fault];
            sum.accepted[fault] += tally.accepted[fault];
        }
        sum.refused += tally.refused;
        sum.crashed += tally.crashed;
    }
    print_tally("all", &sum);
    bool wanted = strcmp(argv[2], "some") == 0;
    for (int fault = 0; fault < FAULT_COUNT; fault++)
        if ((sum.accepted[fault] > 0) != wanted)
            return 1;
    return 0;
}
