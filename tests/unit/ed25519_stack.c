/*
 * What Ed25519 leaves on the stack: the same, whatever the secret was.
 */
#include "crypto/bytes.h"
#include "crypto/ed25519.h"
#include "crypto/ed25519_group.h"
#include "crypto/workspace.h"
#include "tests/support/vectors.h"

#define STACK_LEN (64u * 1024)

/* Locals are to lie on the stack, and not where the sanitizer looks for their use after return. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_stack_use_after_return=0";
}

alignas(4096) static uint8_t stack[STACK_LEN], before[STACK_LEN];
static uint8_t seed[ED25519_SEED_LEN], out[ED25519_SIGNATURE_LEN];

static void run_sign([[maybe_unused]] void *argument)
{
    ed25519_sign(seed, "message", 7, out);
}

static void run_public_key([[maybe_unused]] void *argument)
{
    ed25519_public_key(seed, out);
}

/* Wipes its result, and nothing of how it came to it. */
static void run_multiply_base([[maybe_unused]] void *argument)
{
    struct group_point point;
    struct scalar scalar;

    scalar_from_bytes(&scalar, seed);
    scalar.word[3] &= UINT64_MAX >> 4;
    group_multiply_base(&point, &scalar);
    bytes_wipe(&point, sizeof point);
    bytes_wipe(&scalar, sizeof scalar);
}

/* The sanitizer has its own view of what is a stack. */
[[clang::no_sanitize("address")]] static void copy_stack(uint8_t *to)
{
    for (size_t i = 0; i < STACK_LEN; i++)
        ((volatile uint8_t *)to)[i] = ((const volatile uint8_t *)stack)[i];
}

[[clang::no_sanitize("address")]] static void clear_stack(void)
{
    for (size_t i = 0; i < STACK_LEN; i++)
        ((volatile uint8_t *)stack)[i] = 0;
}

/* With the same values in the registers that a callee saves on its stack. */
[[gnu::noinline]] static void run_on_clear_stack(void (*function)(void *))
{
    void *argument = nullptr;
    void *top = stack + STACK_LEN;

    clear_stack();
    __asm__ volatile("xorl %%ebx, %%ebx\n\txorl %%r12d, %%r12d\n\txorl %%r13d, %%r13d\n\t"
                     "xorl %%r14d, %%r14d\n\txorl %%r15d, %%r15d\n\t"
                     "callq workspace_call"
                     : "+D"(function), "+S"(argument), "+d"(top)
                     :
                     : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "cc", "memory");
}

/* How many bytes of the stack differ after the function has run with two seeds. */
static size_t count_dependent(void (*function)(void *))
{
    static uint8_t after[STACK_LEN];
    size_t count = 0;

    memset(seed, 0x5A, sizeof seed);
    run_on_clear_stack(function);
    copy_stack(before);
    test_random(seed, sizeof seed);
    run_on_clear_stack(function);
    copy_stack(after);
    for (size_t i = 0; i < STACK_LEN; i++)
        count += before[i] != after[i];
    return count;
}

/* The first call of each has the linker's traces of finding a function on the stack. */
static int warm_up([[maybe_unused]] void **state)
{
    (void)count_dependent(run_sign);
    return 0;
}

static void test_signing_leaves_nothing_of_the_secret([[maybe_unused]] void **state)
{
    assert_int_equal(count_dependent(run_sign), 0);
}

static void test_public_key_leaves_nothing_of_the_secret([[maybe_unused]] void **state)
{
    assert_int_equal(count_dependent(run_public_key), 0);
}

/* A check of the check. */
static void test_what_wipes_no_stack_is_seen([[maybe_unused]] void **state)
{
    assert_true(count_dependent(run_multiply_base) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signing_leaves_nothing_of_the_secret),
        cmocka_unit_test(test_public_key_leaves_nothing_of_the_secret),
        cmocka_unit_test(test_what_wipes_no_stack_is_seen),
    };

    return cmocka_run_group_tests_name("ed25519_stack", tests, warm_up, nullptr);
}
