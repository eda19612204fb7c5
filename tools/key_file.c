#include "tools/key_file.h"

#include "crypto/bytes.h"
#include "tools/file.h"
#include "tools/report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum nonos_error read_open_file(int fd, uint8_t seed[ED25519_SEED_LEN])
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
    if (status.st_size != (off_t)ED25519_SEED_LEN)
        return NONOS_E_KEY_LENGTH;
    uint8_t bytes[ED25519_SEED_LEN + 1];
    size_t len = 0;
    enum nonos_error error = NONOS_OK;
    if (!file_read_fully(fd, bytes, sizeof(bytes), &len))
        error = NONOS_E_READ;
    else if (len != ED25519_SEED_LEN)
        error = NONOS_E_KEY_LENGTH;
    else if (bytes_are_zero(bytes, len))
        error = NONOS_E_KEY_ZERO;
    else
        memcpy(seed, bytes, ED25519_SEED_LEN);
    bytes_wipe(bytes, sizeof(bytes));
    return error;
}

enum nonos_error key_file_read(const char *path, uint8_t seed[ED25519_SEED_LEN])
{
    memset(seed, 0, ED25519_SEED_LEN);
    /* Without O_NONBLOCK a pipe in place of a key would wait for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? NONOS_E_NOT_FOUND : NONOS_E_READ;
    enum nonos_error error = read_open_file(fd, seed);
    int reason = errno;
    close(fd);
    errno = reason;
    return error;
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

int key_file_report(const char *path, enum nonos_error error)
{
    if (error == NONOS_E_NOT_FOUND)
        return report_error(path, error, "`nonos keygen -o FILE` makes a key");
    if (error == NONOS_E_KEY_MODE)
        return report_error(path, error,
                            "if nobody has read it, `chmod 600` it; else make a new key");
    if (error == NONOS_E_KEY_LENGTH || error == NONOS_E_KEY_ZERO)
        return report_error(path, error, "`nonos keygen` makes one; it never overwrites a file");
    return report_file_error(path, error);
}
