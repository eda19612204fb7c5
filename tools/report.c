#include "tools/report.h"

#include "image/error.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* What to do about an error where the caller has nothing better to say; null: the text of the code
 * says it all. */
static const char *usual_advice(enum nonos_error error)
{
    if (error == NONOS_E_NOT_FOUND)
        return "check its name, and the folder that you are in";
    if (error == NONOS_E_DISAGREE)
        return "this machine may be faulty: run it again, and use nothing that it signed";
    if (error == NONOS_E_NO_ENTROPY)
        return "the system gave no random numbers; run it on another one";
    if (error == NONOS_E_KEY_ZERO || error == NONOS_E_KEY_LENGTH)
        return "`nonos keygen` makes a key";
    if (error == NONOS_E_IDENTITY_SYNTAX || error == NONOS_E_IDENTITY_ID ||
        error == NONOS_E_IDENTITY_KEY)
        return "`nonos pubkey` makes identity files";
    return nullptr;
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
    } else if (usual_advice(error) != nullptr) {
        fprintf(stderr, "  %s\n", usual_advice(error));
    }
    return (int)error;
}

/* What to do about a reason that has to do with the path. */
static const char *advice_on_reason(int reason, bool writing)
{
    switch (reason) {
    case EISDIR:
        return "give the name of a file";
    case EACCES:
    case EPERM:
        return writing ? "give another place, or have the owner of this one let you write there"
                       : "have its owner let you read it";
    case EROFS:
        return "give another place";
    case ENOSPC:
    case EDQUOT:
        return "make room, and run it again";
    case EFBIG:
        return "raise the limit (ulimit -f), and run it again";
    default:
        return nullptr;
    }
}

static int report_reason(const char *path, const char *folder, enum nonos_error error, int reason)
{
    const char *text = strerror(reason);
    if (reason == ENOENT)
        return report_error(path, error,
                            "%s: there is no folder %s; make it with mkdir -p, or give another "
                            "place",
                            text, folder);
    if (reason == ENOTDIR)
        return report_error(path, error, "%s: %s is a file, or lies in one; give another place",
                            text, folder);
    const char *advice = advice_on_reason(reason, error == NONOS_E_WRITE);
    if (advice != nullptr)
        return report_error(path, error, "%s: %s", text, advice);
    return report_error(path, error, "%s", text);
}

int report_file_error(const char *path, enum nonos_error error)
{
    int reason = errno;
    bool has_reason = reason != 0 && (error == NONOS_E_READ || error == NONOS_E_WRITE);
    char *copy = strdup(path);
    if (copy == nullptr || (!has_reason && error != NONOS_E_NOT_FOUND)) {
        free(copy);
        return report_error(path, error, nullptr);
    }
    const char *folder = dirname(copy);
    struct stat status;
    int code = 0;
    if (has_reason)
        code = report_reason(path, folder, error, reason);
    else if (stat(folder, &status) != 0)
        code = report_error(path, error, "there is no folder %s either; check the path", folder);
    else
        code = report_error(path, error, nullptr);
    free(copy);
    return code;
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
