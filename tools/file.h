/*
 * file.h - whole files: read once, written so that a reader sees the old bytes or the new ones.
 *
 * While a temporary file exists, the signals that end a program are held back, so that Ctrl-C
 * leaves nothing behind. On NONOS_E_READ and NONOS_E_WRITE errno says why.
 */
#ifndef NONOS_TOOLS_FILE_H
#define NONOS_TOOLS_FILE_H

#include "abi/error.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct file_bytes {
    uint8_t *bytes; /* the caller frees them with file_free */
    size_t len;
};

/* Reads the file once, asking for one byte more than its size. NONOS_E_NOT_FOUND, NONOS_E_READ,
 * NONOS_E_SIZE (more than max_len bytes), NONOS_E_IMAGE_CHANGED, NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error file_read(const char *path, size_t max_len, struct file_bytes *out);

/* Does not wipe: no secret is read this way (tools/key.h reads keys). */
void file_free(struct file_bytes *file);

/* Replaces the file, or the file a link points to, keeping its mode; a device or a pipe is written
 * to. NONOS_E_WRITE, NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error file_write(const char *path, const void *bytes, size_t len);

/* Creates a file with mode 0600 that nobody sees before it is whole. NONOS_E_EXISTS (whatever it
 * is that exists), NONOS_E_WRITE, NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error file_create_secret(const char *path, const void *bytes, size_t len);

/* Renames a file within one file system and writes both folders to the disk. NONOS_E_WRITE. */
[[nodiscard]] enum nonos_error file_move(const char *from, const char *to);

/* Holds back the signals that end a program, until sigprocmask(SIG_SETMASK, before, nullptr). */
void file_hold_signals(sigset_t *before);

/* Reads up to len bytes: *got < len only at the end of the file. False with errno set. */
[[nodiscard]] bool file_read_fully(int fd, void *bytes, size_t len, size_t *got);

#endif
