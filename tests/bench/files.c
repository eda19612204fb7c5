/*
 * files.c - files COUNT FILE: reads and hashes FILE so many times, with the host program's own
 * reading and hashing, and prints what b3sum does.
 */
#include "crypto/blake3.h"
#include "image/text.h"
#include "tools/file.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_LEN (64u * 1024 * 1024)

int main(int argument_count, char **arguments)
{
    uint8_t digest[BLAKE3_OUT_LEN];
    char hex[2 * BLAKE3_OUT_LEN];
    struct file_bytes file;

    if (argument_count != 3) {
        fputs("usage: files COUNT FILE\n", stderr);
        return 2;
    }
    for (long left = strtol(arguments[1], nullptr, 10); left > 0; left--) {
        if (file_read(arguments[2], MAX_LEN, &file) != NONOS_OK) {
            perror(arguments[2]);
            return 1;
        }
        blake3_hash(file.bytes, file.len, digest);
        file_free(&file);
        text_write_hex(digest, sizeof digest, hex);
        printf("%.*s  %s\n", (int)sizeof hex, hex, arguments[2]);
    }
    return 0;
}
