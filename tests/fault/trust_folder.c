#include "tests/fault/trust_folder.h"

#include "tests/support/vectors.h"
#include "tools/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define FILES_MAX_COUNT 8u
#define FOLDER "keys"

static struct folder_file files[FILES_MAX_COUNT];
static size_t file_count;

void folder_put(const char *path, const char *text, size_t len)
{
    assert_true(file_count < FILES_MAX_COUNT && len <= sizeof(files[0].text));
    files[file_count].path = path;
    memcpy(files[file_count].text, text, len);
    files[file_count++].len = len;
}

void folder_clear(void)
{
    file_count = 0;
}

static const struct folder_file *find(const char *path)
{
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    return nullptr;
}

/* What follows the path of a folder in that of a file right in it; null for another file. */
static const char *name_in(const char *folder, const char *path)
{
    size_t len = strlen(folder);
    if (strncmp(path, folder, len) != 0 || path[len] != '/')
        return nullptr;
    return strchr(path + len + 1, '/') == nullptr ? path + len + 1 : nullptr;
}

enum nonos_error file_read(const char *path, size_t max_len, struct file_bytes *out)
{
    *out = (struct file_bytes){nullptr, 0};
    const struct folder_file *file = find(path);
    if (file == nullptr)
        return NONOS_E_NOT_FOUND;
    if (file->len > max_len)
        return NONOS_E_SIZE;
    out->bytes = test_allocate(file->len);
    memcpy(out->bytes, file->text, file->len);
    out->len = file->len;
    return NONOS_OK;
}

void file_free(struct file_bytes *file)
{
    free(file->bytes);
    *file = (struct file_bytes){nullptr, 0};
}

enum nonos_error file_write(const char *path, const void *bytes, size_t len)
{
    folder_changed(path, bytes, len);
    return NONOS_OK;
}

enum nonos_error file_move(const char *from, const char *to)
{
    folder_changed(from, to, strlen(to));
    return NONOS_OK;
}

int unlink(const char *path)
{
    folder_changed(path, nullptr, 0);
    return 0;
}

void file_hold_signals(sigset_t *before)
{
    *before = (sigset_t){0};
}

int sigprocmask([[maybe_unused]] int how, [[maybe_unused]] const sigset_t *set,
                [[maybe_unused]] sigset_t *old)
{
    return 0;
}

int open(const char *path, [[maybe_unused]] int flags, ...)
{
    struct stat status;
    return stat(path, &status) == 0 ? 3 : -1;
}

int close([[maybe_unused]] int fd)
{
    return 0;
}

int flock([[maybe_unused]] int fd, [[maybe_unused]] int operation)
{
    return 0;
}

int lstat(const char *path, struct stat *status)
{
    return stat(path, status);
}

int mkdir([[maybe_unused]] const char *path, [[maybe_unused]] mode_t mode)
{
    errno = EEXIST;
    return -1;
}

int stat(const char *path, struct stat *status)
{
    *status = (struct stat){0};
    if (find(path) != nullptr || strcmp(path, FOLDER) == 0)
        return 0;
    errno = ENOENT;
    return -1;
}

/* In the order in which they were put there. */
int scandir(const char *folder, struct dirent ***entries,
            [[maybe_unused]] int (*wanted)(const struct dirent *),
            [[maybe_unused]] int (*order)(const struct dirent **, const struct dirent **))
{
    int count = 0;
    *entries = calloc(FILES_MAX_COUNT, sizeof(**entries));
    assert_non_null(*entries);
    for (size_t i = 0; i < file_count; i++) {
        const char *name = name_in(folder, files[i].path);
        if (name == nullptr)
            continue;
        struct dirent *entry = calloc(1, sizeof(*entry));
        assert_non_null(entry);
        memcpy(entry->d_name, name, strlen(name) + 1);
        (*entries)[count++] = entry;
    }
    return count;
}
