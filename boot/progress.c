#include "boot/progress.h"

#include "boot/com1.h"
#include "boot/firmware.h"
#include "boot/framebuffer.h"
#include "boot/render.h"
#include "boot/screen.h"

#include <string.h>

#define TEXT_MAX_LEN 320u

static struct boot_screen boot_screen;
static bool is_drawn;

void progress_init(void)
{
    struct nonos_framebuffer framebuffer;
    com1_init();
    is_drawn = framebuffer_find(&framebuffer) &&
               boot_screen_init(&boot_screen, &framebuffer, firmware_pointer(framebuffer.paddr));
    screen_init(is_drawn ? &framebuffer : nullptr);
    if (is_drawn)
        boot_screen_begin(&boot_screen);
}

static void write(const char *text, size_t len)
{
    com1_write(text, len);
    screen_write(text, len);
}

static void write_line(const char *text, size_t len)
{
    static const char prefix[] = "NONOS: ";
    char line[sizeof(prefix) - 1 + TEXT_MAX_LEN + sizeof("\r\n")];
    size_t used = sizeof(prefix) - 1;
    memcpy(line, prefix, used);
    memcpy(line + used, text, len);
    used += len;
    line[used++] = '\r';
    line[used++] = '\n';
    write(line, used);
}

void progress_line(const char *format, ...)
{
    char text[TEXT_MAX_LEN + 1];
    va_list arguments;
    va_start(arguments, format);
    size_t len = render_list(text, sizeof(text), format, arguments);
    va_end(arguments);
    write_line(text, len);
}

void progress_step(uint32_t step, const char *format, ...)
{
    char text[TEXT_MAX_LEN + 1];
    va_list arguments;
    size_t start =
        render_format(text, sizeof(text), "%u/10 %s: ", step, boot_screen_step_name(step));
    va_start(arguments, format);
    size_t len = render_list(text + start, sizeof(text) - start, format, arguments);
    va_end(arguments);
    write_line(text, len > 0 ? start + len : start - strlen(": "));
    if (is_drawn)
        boot_screen_step(&boot_screen, step, text + start, len);
}

void progress_fact(enum boot_screen_fact fact, const char *format, ...)
{
    char text[TEXT_MAX_LEN + 1];
    va_list arguments;
    va_start(arguments, format);
    size_t len = render_list(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (is_drawn)
        boot_screen_fact(&boot_screen, fact, text, len);
}

void progress_result(enum boot_screen_result result, const char *format, ...)
{
    char text[TEXT_MAX_LEN + 1];
    va_list arguments;
    va_start(arguments, format);
    size_t len = render_list(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (is_drawn)
        boot_screen_result(&boot_screen, result, text, len);
}
