#include "tools/report.h"

#include "image/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void report_text(FILE *stream, const char *text)
{
    for (; *text != 0; text++)
        putc(*text >= 0x20 && *text <= 0x7E ? *text : '?', stream);
}

[[gnu::format(printf, 1, 0)]] static void print_formatted(const char *format, va_list arguments)
{
    char *text = nullptr;
    if (vasprintf(&text, format, arguments) < 0)
        return;
    report_text(stderr, text);
    free(text);
}

int report_error(const char *what, enum nonos_error error, const char *advice, ...)
{
    /* A failure must never become exit status 0. */
    if (error == NONOS_OK)
        error = NONOS_E_INTERNAL;
    fputs("nonos: ", stderr);
    report_text(stderr, what);
    fprintf(stderr, ": %s (%s, code %d)\n", error_text(error), error_name(error), (int)error);
    if (advice != nullptr) {
        va_list arguments;
        va_start(arguments, advice);
        fputs("  ", stderr);
        print_formatted(advice, arguments);
        fputc('\n', stderr);
        va_end(arguments);
    }
    return (int)error;
}

int report_file_error(const char *path, enum nonos_error error)
{
    int reason = errno;
    if (reason != 0 && (error == NONOS_E_READ || error == NONOS_E_WRITE))
        return report_error(path, error, "%s", strerror(reason));
    return report_error(path, error, nullptr);
}

void report_notice(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("nonos: ", stderr);
    print_formatted(format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}
