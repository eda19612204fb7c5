#include "kernel/console.h"

#include "kernel/dev/serial.h"
#include "kernel/format.h"

#include <stdarg.h>
#include <stdint.h>

void console_init(void)
{
    (void)serial_init();
}

void console_write(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            serial_write_byte('\r');
        serial_write_byte((uint8_t)text[i]);
    }
}

static void console_sink(void *context, const char *text, size_t len)
{
    (void)context;
    console_write(text, len);
}

void console_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_to_sink(console_sink, nullptr, format, arguments);
    va_end(arguments);
}

int console_read_byte(void)
{
    return serial_read_byte();
}
