#include "tools/pkcs11_pin.h"

#include "crypto/bytes.h"
#include "tools/file.h"
#include "tools/prompt_secret.h"
#include "tools/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int report_pin(const char *what, const char *why)
{
    return report_error(what, NONOS_E_PKCS11_PIN, "%s", why);
}

static int take(const char *what, const unsigned char *bytes, size_t len, struct pkcs11_pin *out)
{
    if (len == 0)
        return report_pin(what, "it is empty");
    if (len > PKCS11_PIN_MAX_LEN)
        return report_pin(what, "it is longer than 255 bytes");
    memcpy(out->bytes, bytes, len);
    out->len = len;
    return 0;
}

/* One line, with its end or without. */
static int take_line(const char *path, const unsigned char *bytes, size_t len,
                     struct pkcs11_pin *out)
{
    if (len > 0 && bytes[len - 1] == '\n')
        len--;
    if (len > 0 && bytes[len - 1] == '\r')
        len--;
    if (memchr(bytes, '\n', len) != nullptr || memchr(bytes, 0, len) != nullptr)
        return report_pin(path, "the file of a PIN has one line and nothing else");
    return take(path, bytes, len, out);
}

static int read_file(int fd, const char *path, struct pkcs11_pin *out)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return report_file_error(path, NONOS_E_READ);
    if (!S_ISREG(status.st_mode))
        return report_pin(path, "pin-source is not a plain file");
    mode_t mode = status.st_mode & 07777;
    if (mode != 0600 && mode != 0400)
        return report_pin(path, "others may read this file: if nobody has, `chmod 600` it; else "
                                "change the PIN");
    unsigned char bytes[PKCS11_PIN_MAX_LEN + 3];
    size_t len = 0;
    int result = file_read_fully(fd, bytes, sizeof(bytes), &len)
                     ? take_line(path, bytes, len, out)
                     : report_file_error(path, NONOS_E_READ);
    bytes_wipe(bytes, sizeof(bytes));
    return result;
}

static int read_source(const char *path, struct pkcs11_pin *out)
{
    /* Without O_NONBLOCK a pipe would wait for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return report_file_error(path, errno == ENOENT ? NONOS_E_NOT_FOUND : NONOS_E_READ);
    int status = read_file(fd, path, out);
    close(fd);
    return status;
}

static int ask(const char *token, struct pkcs11_pin *out)
{
    char what[128];
    snprintf(what, sizeof(what), "the PIN of %s", token);
    const struct secret_question question = {.what = what, .variable = PKCS11_PIN_VARIABLE};
    enum nonos_error error =
        prompt_secret(&question, (char *)out->bytes, sizeof(out->bytes), &out->len);
    if (error == NONOS_E_READ && errno == ENOTTY)
        return report_pin(token, "there is no terminal to ask for it on: give pin-source in the "
                                 "URI, or set " PKCS11_PIN_VARIABLE " for this command alone");
    return error == NONOS_OK ? 0 : prompt_secret_report(&question, error, sizeof(out->bytes));
}

int pkcs11_pin_get(const char *source, const char *variable, const char *token,
                   struct pkcs11_pin *out)
{
    *out = (struct pkcs11_pin){.len = 0};
    int status = 0;
    if (source[0] != 0)
        status = read_source(source, out);
    else if (variable != nullptr)
        status = take(PKCS11_PIN_VARIABLE, (const unsigned char *)variable, strlen(variable), out);
    else
        status = ask(token, out);
    if (status != 0)
        bytes_wipe(out, sizeof(*out));
    return status;
}
