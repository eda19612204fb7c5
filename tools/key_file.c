#include "tools/key_file.h"

#include "crypto/bytes.h"
#include "tools/command.h"
#include "tools/file.h"
#include "tools/passphrase.h"
#include "tools/progress.h"
#include "tools/report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One byte more than the longest there is, to see that there is none. */
struct content {
    uint8_t bytes[WRAPPED_KEY_LEN + 1];
    size_t len;
};

static enum nonos_error read_open_file(int fd, struct content *out)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return NONOS_E_READ;
    if (!S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        return NONOS_E_READ;
    }
    mode_t mode = status.st_mode & 07777;
    if (mode != 0600 && mode != 0400)
        return NONOS_E_KEY_MODE;
    return file_read_fully(fd, out->bytes, sizeof(out->bytes), &out->len) ? NONOS_OK : NONOS_E_READ;
}

static enum nonos_error read_file(const char *path, struct content *out)
{
    /* Without O_NONBLOCK a pipe in place of a key would wait for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? NONOS_E_NOT_FOUND : NONOS_E_READ;
    enum nonos_error error = read_open_file(fd, out);
    int reason = errno;
    close(fd);
    errno = reason;
    return error;
}

static enum nonos_error take_plain(const struct content *content, uint8_t seed[ED25519_SEED_LEN])
{
    if (content->len != ED25519_SEED_LEN)
        return NONOS_E_KEY_LENGTH;
    if (bytes_are_zero(content->bytes, content->len))
        return NONOS_E_KEY_ZERO;
    memcpy(seed, content->bytes, ED25519_SEED_LEN);
    return NONOS_OK;
}

/* By name, wherever it lies. */
static bool is_dev_key(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(slash == nullptr ? path : slash + 1, NONOS_DEV_KEY_FILE) == 0;
}

/* What cannot be opened is refused before anybody is asked. */
static enum nonos_error take_wrapped(const char *path, const struct content *content,
                                     uint8_t seed[ED25519_SEED_LEN])
{
    struct wrapping_cost cost;
    struct passphrase passphrase;
    enum nonos_error error = wrapped_key_check(content->bytes, content->len, &cost);
    if (error == NONOS_OK && is_dev_key(path))
        error = NONOS_E_KEY_WRAPPED;
    if (error != NONOS_OK)
        return error;
    error = passphrase_ask(path, &passphrase);
    int reason = errno;
    if (error == NONOS_OK) {
        progress_begin("nonos: opening the key; this takes some seconds\n");
        error =
            wrapped_key_open(content->bytes, content->len, passphrase.text, passphrase.len, seed);
        progress_end();
        /* No success without a key, whatever went wrong on the way. */
        if (error == NONOS_OK && bytes_are_zero(seed, ED25519_SEED_LEN))
            error = NONOS_E_KEY_PASSPHRASE;
    }
    passphrase_wipe(&passphrase);
    errno = reason;
    return error;
}

enum nonos_error key_file_read(const char *path, uint8_t seed[ED25519_SEED_LEN])
{
    struct content content = {.len = 0};
    memset(seed, 0, ED25519_SEED_LEN);
    enum nonos_error error = read_file(path, &content);
    if (error == NONOS_OK)
        error = wrapped_key_is(content.bytes, content.len) ? take_wrapped(path, &content, seed)
                                                           : take_plain(&content, seed);
    int reason = errno;
    bytes_wipe(&content, sizeof(content));
    errno = reason;
    return error;
}

int key_file_check_wrap(const char *path)
{
    if (!is_dev_key(path))
        return 0;
    return report_error(path, NONOS_E_KEY_WRAPPED,
                        "the development key has no passphrase, since every build would ask for "
                        "it; give another name with -o");
}

int key_file_wrap(const char *path, const uint8_t seed[ED25519_SEED_LEN], struct wrapping_cost cost,
                  const char *variable)
{
    uint8_t bytes[WRAPPED_KEY_LEN];
    struct passphrase passphrase;
    int status = key_file_check_wrap(path);
    if (status == 0)
        status = passphrase_choose(path, variable, &passphrase);
    if (status != 0)
        return status;
    progress_begin("nonos: wrapping the key; this takes some seconds\n");
    enum nonos_error error = wrapped_key_make(seed, passphrase.text, passphrase.len, cost, bytes);
    progress_end();
    passphrase_wipe(&passphrase);
    if (error != NONOS_OK)
        return report_error(path, error, nullptr);
    return key_file_write(path, bytes, sizeof(bytes));
}

int key_file_write(const char *path, const void *bytes, size_t len)
{
    enum nonos_error error = file_create_secret(path, bytes, len);
    return error == NONOS_OK ? 0 : key_file_report(path, error);
}

enum nonos_error key_file_make(const char *path, uint8_t seed[ED25519_SEED_LEN])
{
    memset(seed, 0, ED25519_SEED_LEN);
    if (getentropy(seed, ED25519_SEED_LEN) != 0)
        return NONOS_E_NO_ENTROPY;
    enum nonos_error error = file_create_secret(path, seed, ED25519_SEED_LEN);
    if (error != NONOS_OK)
        bytes_wipe(seed, ED25519_SEED_LEN);
    return error;
}

static int report_passphrase(const char *path, enum nonos_error error)
{
    if (error == NONOS_E_KEY_WRAPPED)
        return report_error(path, error, "take another copy of it");
    if (error == NONOS_E_KEY_PASSPHRASE)
        return report_error(path, error,
                            "run it again; if the passphrase is right, take another "
                            "copy of the file");
    if (error == NONOS_E_SIZE)
        return report_error(path, error, "its passphrase has 1 to %u bytes", PASSPHRASE_MAX_LEN);
    if (error == NONOS_E_READ && errno == ENOTTY)
        return report_error(
            path, error,
            "there is no terminal to ask for its passphrase on: set " PASSPHRASE_VARIABLE
            ", for this command alone");
    return report_file_error(path, error);
}

int key_file_report(const char *path, enum nonos_error error)
{
    if (error == NONOS_E_NOT_FOUND)
        return report_error(path, error, "`nonos keygen -o FILE` makes a key");
    if (error == NONOS_E_KEY_MODE)
        return report_error(path, error,
                            "if nobody has read it, `chmod 600` it; else make a new key");
    if (error == NONOS_E_KEY_LENGTH || error == NONOS_E_KEY_ZERO)
        return report_error(path, error, "`nonos keygen` makes one; it never overwrites a file");
    if (error == NONOS_E_EXISTS)
        return report_error(path, error, "choose another name with -o, or move the old key away");
    return report_passphrase(path, error);
}
