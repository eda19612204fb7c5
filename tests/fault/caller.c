#include "tests/fault/caller.h"

#include "crypto/workspace.h"

static struct image_verdict verdict;
alignas(16) static uint8_t workspace[2 * WORKSPACE_LEN];

/* As in kernel and loader: on a stack of its own, without a thread. */
void workspace_run(void (*function)(void *), void *argument, [[maybe_unused]] size_t stack_len)
{
    workspace_call(function, argument, workspace + sizeof(workspace));
}

/* As verify_image() in boot/main.c ... */
static void verify_image(const uint8_t *file, size_t len, const struct image_policy *policy)
{
    enum nonos_error error = image_verify(file, len, policy, nullptr, nullptr, &verdict);
    if (error == NONOS_OK && image_is_verified(&verdict))
        return;
    caller_refuse();
}

/* ... and as the end of hand_off(). */
static void hand_off(void)
{
    if (!image_is_verified(&verdict))
        caller_refuse();
    caller_admit();
}

void caller_take(const uint8_t *file, size_t len, const struct image_policy *policy)
{
    verify_image(file, len, policy);
    hand_off();
}
