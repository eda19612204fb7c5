/*
 * bound CASE - verifies one image that is as hard on the verifier as an image of its kind can be,
 * and prints what it cost: bytes hashed, signatures checked, stack, allocations. `bound` alone
 * lists the cases. Instructions are counted from outside (run.py).
 *
 * The counted functions are stood in front of at the link (rules.mk).
 */
#include "crypto/blake3.h"
#include "crypto/pqc_random.h"
#include "crypto/workspace.h"
#include "image/error.h"
#include "tests/bound/cases.h"

#include <inttypes.h>

/* More than anything here may take; what is used of it is seen by its paint. */
#define STACK_LEN ((size_t)1024 * 1024)
#define PAINT 0xA7

static struct {
    bool is_counting;
    uint64_t hashed_len;
    unsigned ed25519_count;
    unsigned mldsa65_count;
    unsigned parse_count;
    unsigned allocation_count;
} cost;

void __real_blake3_update(struct blake3 *state, const void *bytes, size_t len);
void __wrap_blake3_update(struct blake3 *state, const void *bytes, size_t len);
crypto_verdict __real_ed25519_verify(const uint8_t *key, const void *message, size_t len,
                                     const uint8_t *sig);
crypto_verdict __wrap_ed25519_verify(const uint8_t *key, const void *message, size_t len,
                                     const uint8_t *sig);
crypto_verdict __real_mldsa65_verify(const uint8_t *key, const void *message, size_t len,
                                     const void *context, size_t context_len, const uint8_t *sig);
crypto_verdict __wrap_mldsa65_verify(const uint8_t *key, const void *message, size_t len,
                                     const void *context, size_t context_len, const uint8_t *sig);
enum nonos_error __real_image_parse_elf(const uint8_t *file, size_t len,
                                        enum nonos_image_type wanted, struct image_elf *out);
enum nonos_error __wrap_image_parse_elf(const uint8_t *file, size_t len,
                                        enum nonos_image_type wanted, struct image_elf *out);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void __wrap_blake3_update(struct blake3 *state, const void *bytes, size_t len)
{
    cost.hashed_len += len;
    __real_blake3_update(state, bytes, len);
}

crypto_verdict __wrap_ed25519_verify(const uint8_t *key, const void *message, size_t len,
                                     const uint8_t *sig)
{
    cost.ed25519_count++;
    return __real_ed25519_verify(key, message, len, sig);
}

crypto_verdict __wrap_mldsa65_verify(const uint8_t *key, const void *message, size_t len,
                                     const void *context, size_t context_len, const uint8_t *sig)
{
    cost.mldsa65_count++;
    return __real_mldsa65_verify(key, message, len, context, context_len, sig);
}

enum nonos_error __wrap_image_parse_elf(const uint8_t *file, size_t len,
                                        enum nonos_image_type wanted, struct image_elf *out)
{
    cost.parse_count++;
    return __real_image_parse_elf(file, len, wanted, out);
}

void *__wrap_malloc(size_t size)
{
    cost.allocation_count += cost.is_counting;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    cost.allocation_count += cost.is_counting;
    return __real_calloc(count, size);
}

static uint8_t main_stack[STACK_LEN] __attribute__((aligned(4096)));
static uint8_t workspace[STACK_LEN] __attribute__((aligned(4096)));
static bool workspace_is_in_use;

static size_t used(const uint8_t *stack)
{
    size_t untouched = 0;
    while (untouched < STACK_LEN && stack[untouched] == PAINT)
        untouched++;
    return STACK_LEN - untouched;
}

void workspace_run(void (*function)(void *), void *argument, [[maybe_unused]] size_t stack_len)
{
    assert_false(workspace_is_in_use);
    workspace_is_in_use = true;
    workspace_call(function, argument, workspace + STACK_LEN);
    workspace_is_in_use = false;
}

void pqc_random_failed(void)
{
    abort();
}

static struct bound_case subject;

/* What run.py counts the instructions of. */
void bound_measured(void *unused);
[[gnu::noinline]] void bound_measured([[maybe_unused]] void *unused)
{
    subject.got = image_verify(subject.image.bytes, subject.image.len, &subject.policy, nullptr,
                               nullptr, &verdict);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        bound_list();
        return argc == 1 ? 0 : 2;
    }
    bound_make(argv[1], &subject);
    memset(main_stack, PAINT, sizeof(main_stack));
    memset(workspace, PAINT, sizeof(workspace));
    memset(&cost, 0, sizeof(cost));
    cost.is_counting = true;
    workspace_call(bound_measured, nullptr, main_stack + STACK_LEN);
    cost.is_counting = false;
    printf("code=%s expected=%s len=%zu trusted=%zu revoked=%zu hashed=%" PRIu64
           " ed25519=%u mldsa65=%u parsed=%u allocations=%u stack=%zu workspace=%zu\n",
           error_name(subject.got), error_name(subject.expected), subject.image.len,
           subject.policy.trusted_count, subject.policy.revoked_count, cost.hashed_len,
           cost.ed25519_count, cost.mldsa65_count, cost.parse_count, cost.allocation_count,
           used(main_stack), used(workspace));
    return subject.got == subject.expected ? 0 : 1;
}
