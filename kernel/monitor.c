#include "kernel/monitor.h"

#include "display/boot_screen.h"
#include "kernel/boot_info.h"
#include "kernel/format.h"
#include "kernel/generator.h"
#include "kernel/mem/paging.h"
#include "kernel/selftest.h"

#include <string.h>

#define LINE_MAX_LEN 120u
#define SIGNER_SHORT_LEN 8u

static struct boot_screen screen;
static bool is_there;

void monitor_init(void)
{
    const struct nonos_handoff *handoff = &boot_info()->handoff;
    const struct nonos_framebuffer *from = &handoff->framebuffer;
    void *pixels;

    /* First the numbers, which say how much of it is worth mapping. */
    if ((handoff->flags & NONOS_HANDOFF_HAS_FRAMEBUFFER) == 0 ||
        !boot_screen_init(&screen, from, nullptr))
        return;
    pixels = paging_map_screen(from->paddr, surface_len(&screen.surface));
    is_there = pixels != nullptr && boot_screen_init(&screen, from, pixels);
}

[[gnu::format(printf, 2, 3)]] static void show(uint32_t line, const char *format, ...)
{
    char text[LINE_MAX_LEN + 1];
    va_list arguments;

    if (!is_there)
        return;
    va_start(arguments, format);
    (void)format_text_list(text, sizeof text, format, arguments);
    va_end(arguments);
    boot_screen_kernel(&screen, line, text, strlen(text));
}

void monitor_show_start(void)
{
    const struct nonos_handoff *handoff = &boot_info()->handoff;
    char signer[2 * SIGNER_SHORT_LEN + 1];

    for (size_t i = 0; i < SIGNER_SHORT_LEN; i++)
        (void)format_text(signer + 2 * i, 3, "%02x", handoff->signer_id[i]);
    if ((handoff->flags & NONOS_HANDOFF_VERIFIED) != 0)
        show(0, "started; the loader reports a verified boot, signer %s", signer);
    else
        show(0, "started; the loader reports no verification");
}

void monitor_show_tests(void)
{
    uint32_t sources = generator_sources();
    char names[LINE_MAX_LEN / 2] = "";
    size_t len = 0;

    for (unsigned i = 0; i < GENERATOR_SOURCE_COUNT; i++) {
        if ((sources >> i & 1) != 0)
            len += format_text(names + len, sizeof names - len, "%s, ", generator_source_name(i));
    }
    show(1, "self-tests: %zu passed; entropy: %stiming jitter", selftest_passed_count(), names);
}

void monitor_show_ready(void)
{
    show(2, "ready: the prompt is on the first serial port");
}

void monitor_show_panic(const char *reason)
{
    if (is_there)
        boot_screen_panic(&screen, reason, strlen(reason));
}
