#include "kernel/provoke.h"

#include "kernel/image.h"
#include "kernel/mem/address.h"
#include "kernel/panic.h"

#include <string.h>

static void read_page_zero(void)
{
    volatile uintptr_t address = 8; /* volatile: the compiler must not know it */

    (void)*(volatile uint8_t *)address;
}

static void write_code(void)
{
    volatile uintptr_t address = (uintptr_t)kernel_text_start;

    *(volatile uint8_t *)address = 0;
}

static void execute_data(void)
{
    static uint8_t code[] = {0xC3}; /* ret */
    volatile uintptr_t address = (uintptr_t)code;

    ((void (*)(void))address)();
}

/* Less than a page each turn, so that the guard page cannot be stepped over. */
// NOLINTNEXTLINE(misc-no-recursion): that it never ends is the point
static unsigned overrun_stack(unsigned depth)
{
    volatile uint8_t page[PAGE_LEN / 2];

    page[depth % sizeof page] = 1;
    return depth == 0 ? page[0] : overrun_stack(depth + 1) + page[depth % sizeof page];
}

static void run_over_stack(void)
{
    (void)overrun_stack(1);
}

static void overwrite_canary(void)
{
    uint8_t bytes[16];
    volatile uintptr_t address = (uintptr_t)bytes;

    for (uintptr_t i = 0; i < 2 * sizeof bytes; i++)
        *(volatile uint8_t *)(address + i) = 0xFF;
}

static const struct {
    const char *name;
    void (*run)(void);
} faults[] = {
    {"null", read_page_zero},  {"write", write_code},        {"execute", execute_data},
    {"stack", run_over_stack}, {"canary", overwrite_canary},
};

bool provoke_fault(const char *name)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (strlen(name) != strlen(faults[i].name) ||
            memcmp(name, faults[i].name, strlen(name)) != 0)
            continue;
        faults[i].run();
        panic("nothing stopped '%s': a protection is missing", name);
    }
    return false;
}
