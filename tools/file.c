#include "tools/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdckdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool file_read_fully(int fd, void *bytes, size_t len, size_t *got)
{
    *got = 0;
    while (*got < len) {
        ssize_t n = read(fd, (uint8_t *)bytes + *got, len - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return true;
}

static enum nonos_error read_open_file(int fd, size_t max_len, struct file_bytes *out)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return NONOS_E_READ;
    bool is_regular = S_ISREG(status.st_mode);
    if (is_regular && (uintmax_t)status.st_size > max_len)
        return NONOS_E_SIZE;
    size_t expected = is_regular ? (size_t)status.st_size : max_len;
    out->bytes = malloc(expected + 1);
    if (out->bytes == nullptr)
        return NONOS_E_NO_MEMORY;
    if (!file_read_fully(fd, out->bytes, expected + 1, &out->len))
        return NONOS_E_READ;
    if (is_regular && out->len != expected)
        return NONOS_E_IMAGE_CHANGED;
    return out->len > max_len ? NONOS_E_SIZE : NONOS_OK;
}

enum nonos_error file_read(const char *path, size_t max_len, struct file_bytes *out)
{
    *out = (struct file_bytes){nullptr, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? NONOS_E_NOT_FOUND : NONOS_E_READ;
    enum nonos_error error = read_open_file(fd, max_len, out);
    int reason = errno;
    if (error != NONOS_OK)
        file_free(out);
    close(fd);
    errno = reason;
    return error;
}

void file_free(struct file_bytes *file)
{
    free(file->bytes);
    *file = (struct file_bytes){nullptr, 0};
}

static bool write_fully(int fd, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, (const uint8_t *)bytes + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

void file_hold_signals(sigset_t *before)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGQUIT);
    sigprocmask(SIG_BLOCK, &held, before);
}

/* The name of a directory entry outlives a power failure only once the directory is written. */
static bool sync_directory(const char *path)
{
    char *copy = strdup(path);
    if (copy == nullptr)
        return false;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (fd < 0)
        return false;
    /* Some file systems cannot: the file itself is safe all the same. */
    bool done = fsync(fd) == 0 || errno == EINVAL;
    int reason = errno;
    close(fd);
    errno = reason;
    return done;
}

/* A new file beside path, whole and on the disk, with the given mode. */
static bool write_beside(char *name, const void *bytes, size_t len, mode_t mode)
{
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = fchmod(fd, mode) == 0 && write_fully(fd, bytes, len) && fsync(fd) == 0;
    int reason = errno;
    if (close(fd) != 0 && done) {
        done = false;
        reason = errno;
    }
    if (!done)
        unlink(name);
    errno = reason;
    return done;
}

/* Puts the bytes beside path and then in its place: over what is there, or only where nothing is.
 */
static enum nonos_error place(const char *path, const void *bytes, size_t len, mode_t mode,
                              bool replace)
{
    char *beside = nullptr;
    if (asprintf(&beside, "%s.XXXXXX", path) < 0)
        return NONOS_E_NO_MEMORY;
    sigset_t before;
    file_hold_signals(&before);
    enum nonos_error error = NONOS_OK;
    if (!write_beside(beside, bytes, len, mode)) {
        error = NONOS_E_WRITE;
    } else {
        int moved = replace ? rename(beside, path) : link(beside, path);
        if (moved != 0)
            error = errno == EEXIST && !replace ? NONOS_E_EXISTS : NONOS_E_WRITE;
        int reason = errno;
        if (!replace || moved != 0)
            unlink(beside);
        errno = reason;
        if (error == NONOS_OK && !sync_directory(path))
            error = NONOS_E_WRITE;
    }
    int reason = errno;
    sigprocmask(SIG_SETMASK, &before, nullptr);
    free(beside);
    errno = reason;
    return error;
}

static enum nonos_error write_into(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return NONOS_E_WRITE;
    bool done = write_fully(fd, bytes, len);
    int reason = errno;
    if (close(fd) != 0 && done) {
        done = false;
        reason = errno;
    }
    errno = reason;
    return done ? NONOS_OK : NONOS_E_WRITE;
}

static mode_t default_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return (mode_t)(0666 & ~mask);
}

enum nonos_error file_write(const char *path, const void *bytes, size_t len)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        if (errno != ENOENT)
            return NONOS_E_WRITE;
        return place(path, bytes, len, default_mode(), true);
    }
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return NONOS_E_WRITE;
    }
    if (!S_ISREG(status.st_mode))
        return write_into(path, bytes, len);
    /* A file that its owner made read-only is not to be replaced behind his back. */
    if (access(path, W_OK) != 0)
        return NONOS_E_WRITE;
    char *target = realpath(path, nullptr);
    if (target == nullptr)
        return NONOS_E_WRITE;
    enum nonos_error error = place(target, bytes, len, status.st_mode & 07777, true);
    int reason = errno;
    free(target);
    errno = reason;
    return error;
}

enum nonos_error file_create_secret(const char *path, const void *bytes, size_t len)
{
    struct stat status;
    if (lstat(path, &status) == 0)
        return NONOS_E_EXISTS;
    if (errno != ENOENT)
        return NONOS_E_WRITE;
    return place(path, bytes, len, 0600, false);
}

enum nonos_error file_move(const char *from, const char *to)
{
    if (rename(from, to) != 0 || !sync_directory(to) || !sync_directory(from))
        return NONOS_E_WRITE;
    return NONOS_OK;
}
