#include "crypto/workspace.h"

#include "crypto/mldsa65.h"
#include "crypto/mlkem768.h"
#include "tests/support/vectors.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is written here is read again behind the back of the sanitizer. */
#define ON_THE_STACK [[gnu::noinline, clang::no_sanitize("address")]]

#define PAGE_LEN 4096u
#define LOCALS_LEN (64u * 1024)
#define GUARD_HIT 42

/* Locals are to lie on the stack, and not where the sanitizer looks for their use after return. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_stack_use_after_return=0";
}

struct mapping {
    uintptr_t start;
    uintptr_t end;
    bool readable;
    bool writable;
    bool executable;
    bool not_dumped;
};

/* Whether the line starts a mapping ("<start>-<end> rwxp ..."). */
static bool parse_mapping(const char *line, struct mapping *mapping)
{
    char *rest;

    mapping->start = strtoul(line, &rest, 16);
    if (rest == line || *rest != '-')
        return false;
    mapping->end = strtoul(rest + 1, &rest, 16);
    if (*rest != ' ' || strlen(rest) < 4)
        return false;
    mapping->readable = rest[1] == 'r';
    mapping->writable = rest[2] == 'w';
    mapping->executable = rest[3] == 'x';
    return true;
}

/* The mapping of this process that holds address, from /proc/self/smaps. */
static struct mapping find_mapping(uintptr_t address)
{
    struct mapping found = {0};
    struct mapping next = {0};
    char line[1024];
    FILE *file = fopen("/proc/self/smaps", "re");

    if (!file) {
        fail_msg("there is no /proc/self/smaps");
        return found;
    }
    while (fgets(line, sizeof line, file)) {
        if (parse_mapping(line, &next)) {
            if (found.end != 0)
                break;
            if (address >= next.start && address < next.end)
                found = next;
        } else if (found.end != 0 && strncmp(line, "VmFlags:", 8) == 0) {
            found.not_dumped = strstr(line, " dd") != nullptr;
        }
    }
    assert_int_equal(fclose(file), 0);
    assert_true(found.end != 0);
    return found;
}

ON_THE_STACK static size_t count_nonzero(uintptr_t start, uintptr_t end)
{
    size_t count = 0;

    for (uintptr_t p = start; p < end; p++)
        count += *(const volatile uint8_t *)p != 0;
    return count;
}

ON_THE_STACK static void note_address(void *argument)
{
    volatile uint8_t local = 1;

    *(uintptr_t *)argument = (uintptr_t)&local;
}

static struct mapping find_workspace(void)
{
    uintptr_t address = 0;

    workspace_run(note_address, &address, WORKSPACE_LEN);
    return find_mapping(address);
}

ON_THE_STACK static void leave_secrets(void *argument)
{
    volatile uint8_t secrets[LOCALS_LEN];

    for (size_t i = 0; i < sizeof secrets; i++)
        secrets[i] = 0x5A;
    *(uintptr_t *)argument = (uintptr_t)&secrets[0];
}

static void count_call(void *argument)
{
    ++*(unsigned *)argument;
}

static void test_calls_the_function_once_with_its_argument(void **state)
{
    unsigned count = 0;

    (void)state;
    workspace_run(count_call, &count, WORKSPACE_LEN);
    assert_int_equal(count, 1);
    workspace_run(count_call, &count, WORKSPACE_LEN);
    assert_int_equal(count, 2);
}

static void test_runs_on_a_stack_of_its_own(void **state)
{
    struct mapping mine = find_mapping((uintptr_t)__builtin_frame_address(0));
    struct mapping workspace = find_workspace();

    (void)state;
    assert_true(workspace.end <= mine.start || workspace.start >= mine.end);
    assert_true(workspace.end - workspace.start >= WORKSPACE_LEN);
    assert_true(workspace.readable && workspace.writable && !workspace.executable);
}

/* The pattern is looked for where it was, before it is looked for anywhere: a check of the check.
 */
static void test_locals_are_wiped(void **state)
{
    uintptr_t secrets = 0;
    struct mapping workspace = find_workspace();

    (void)state;
    workspace_run(leave_secrets, &secrets, WORKSPACE_LEN);
    assert_true(secrets >= workspace.start && secrets + LOCALS_LEN <= workspace.end);
    assert_int_equal(count_nonzero(secrets, secrets + LOCALS_LEN), 0);
    assert_int_equal(count_nonzero(workspace.start, workspace.end), 0);

    /* Without workspace_run the same function leaves what is looked for. */
    leave_secrets(&secrets);
    assert_true(count_nonzero(secrets, secrets + LOCALS_LEN / 2) > 0);
}

static void test_post_quantum_code_leaves_nothing(void **state)
{
    static uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN], secret_key[MLDSA65_SECRET_KEY_LEN];
    static uint8_t signature[MLDSA65_SIGNATURE_LEN];
    static uint8_t ek[MLKEM768_ENCAPSULATION_KEY_LEN], dk[MLKEM768_DECAPSULATION_KEY_LEN];
    static uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN], secret[MLKEM768_SHARED_SECRET_LEN];
    uint8_t seed[MLKEM768_SEED_LEN];
    struct mapping workspace = find_workspace();

    (void)state;
    test_random(seed, sizeof seed);
    assert_int_equal(mldsa65_generate_key(seed, public_key, secret_key), NONOS_OK);
    assert_int_equal(count_nonzero(workspace.start, workspace.end), 0);
    assert_int_equal(mldsa65_sign(secret_key, seed, sizeof seed, nullptr, 0, nullptr, signature),
                     NONOS_OK);
    assert_int_equal(count_nonzero(workspace.start, workspace.end), 0);
    assert_int_equal(mlkem768_generate_key(seed, ek, dk), NONOS_OK);
    assert_int_equal(count_nonzero(workspace.start, workspace.end), 0);
    assert_int_equal(mlkem768_encapsulate(ek, seed, ciphertext, secret), NONOS_OK);
    assert_int_equal(count_nonzero(workspace.start, workspace.end), 0);
    assert_int_equal(mlkem768_decapsulate(dk, ciphertext, secret), NONOS_OK);
    assert_int_equal(count_nonzero(workspace.start, workspace.end), 0);
}

static void test_secrets_stay_out_of_core_dumps(void **state)
{
    (void)state;
    assert_true(find_workspace().not_dumped);
}

static uintptr_t guard_end;

static void end_in_fault([[maybe_unused]] int number, siginfo_t *info,
                         [[maybe_unused]] void *context)
{
    uintptr_t address = (uintptr_t)info->si_addr;

    _exit(address < guard_end && address >= guard_end - PAGE_LEN ? GUARD_HIT : 1);
}

ON_THE_STACK static void write_down_the_stack([[maybe_unused]] void *argument)
{
    for (uintptr_t p = (uintptr_t)__builtin_frame_address(0);; p -= PAGE_LEN / 2)
        *(volatile uint8_t *)p = *(volatile uint8_t *)p;
}

static void test_overflow_meets_the_guard_page(void **state)
{
    struct mapping workspace = find_workspace();
    struct mapping below = find_mapping(workspace.start - 1);

    (void)state;
    assert_false(below.readable || below.writable || below.executable);

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct sigaction action = {.sa_sigaction = end_in_fault, .sa_flags = SA_SIGINFO};
        guard_end = workspace.start;
        (void)sigaction(SIGSEGV, &action, nullptr);
        workspace_run(write_down_the_stack, nullptr, WORKSPACE_LEN);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), GUARD_HIT);
}

static void run_again([[maybe_unused]] void *argument)
{
    unsigned count = 0;

    workspace_run(count_call, &count, WORKSPACE_LEN);
}

static void test_reentry_stops_the_program(void **state)
{
    int status;

    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        (void)fclose(stderr);
        workspace_run(run_again, nullptr, WORKSPACE_LEN);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* workspace_call: what the kernel's provider is built on. */
struct frame {
    const struct frame *caller;
    uintptr_t return_address;
};

struct visit {
    uintptr_t frame;
    const struct frame *caller;
    const struct frame *callers_caller;
    unsigned count;
};

[[gnu::noinline]] static void visit(void *argument)
{
    struct visit *seen = argument;
    const struct frame *frame = __builtin_frame_address(0);

    seen->frame = (uintptr_t)frame;
    seen->caller = frame->caller;
    seen->callers_caller = frame->caller->caller;
    seen->count++;
}

static void test_call_switches_stacks_and_comes_back(void **state)
{
    alignas(16) static uint8_t stack[256 * 1024];
    const struct frame *mine = __builtin_frame_address(0);
    struct visit seen = {0};

    (void)state;
    workspace_call(visit, &seen, stack + sizeof stack);
    assert_int_equal(seen.count, 1);
    /* The return address and the saved %rbp are all that lies above the frame pointer. */
    assert_true(seen.frame == (uintptr_t)(stack + sizeof stack) - 2 * sizeof(uintptr_t));
    assert_true(seen.frame % 16 == 0);
    /* A backtrace: the function, workspace_call (on this stack), this test. */
    assert_true((uintptr_t)seen.caller < (uintptr_t)mine);
    assert_true((uintptr_t)seen.caller > (uintptr_t)mine - 64 * 1024);
    assert_ptr_equal(seen.callers_caller, mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_the_function_once_with_its_argument),
        cmocka_unit_test(test_runs_on_a_stack_of_its_own),
        cmocka_unit_test(test_locals_are_wiped),
        cmocka_unit_test(test_post_quantum_code_leaves_nothing),
        cmocka_unit_test(test_secrets_stay_out_of_core_dumps),
        cmocka_unit_test(test_overflow_meets_the_guard_page),
        cmocka_unit_test(test_reentry_stops_the_program),
        cmocka_unit_test(test_call_switches_stacks_and_comes_back),
    };

    return cmocka_run_group_tests_name("host_workspace", tests, nullptr, nullptr);
}
