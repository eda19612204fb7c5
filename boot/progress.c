#include "boot/progress.h"

#include "boot/com1.h"
#include "boot/render.h"
#include "boot/screen.h"

#include <string.h>

#define LINE_MAX_LEN 320u

void progress_init(void)
{
    com1_init();
    screen_init();
}

static void write(const char *text, size_t len)
{
    com1_write(text, len);
    screen_write(text, len);
}

void progress_line(const char *format, ...)
{
    static const char prefix[] = "NONOS: ";
    char line[sizeof(prefix) - 1 + LINE_MAX_LEN + sizeof("\r\n")];
    size_t len = sizeof(prefix) - 1;
    memcpy(line, prefix, len);

    va_list arguments;
    va_start(arguments, format);
    len += render_list(line + len, LINE_MAX_LEN + 1, format, arguments);
    va_end(arguments);
    line[len++] = '\r';
    line[len++] = '\n';
    write(line, len);
}
