#include "tools/print.h"

#include "image/text.h"
#include "tools/report.h"

#include <stdio.h>

void print_line(const char *label, const char *text)
{
    printf("%-10s ", label);
    report_text(stdout, text);
    putchar('\n');
}

void print_digest(const char *label, const uint8_t *digest)
{
    char hex[2 * NONOS_DIGEST_LEN + 1] = {0};
    text_write_hex(digest, NONOS_DIGEST_LEN, hex);
    printf("%-10s blake3:%s\n", label, hex);
}

void print_image(const char *path, size_t len)
{
    printf("%-10s ", "image");
    report_text(stdout, path);
    printf(", %zu bytes\n", len);
}

void print_manifest(const struct manifest *manifest)
{
    puts("manifest");
    struct manifest_text rest = manifest->all;
    while (rest.len > 0) {
        size_t len = text_find(rest.bytes, rest.len, '\n');
        printf("           %.*s\n", (int)len, rest.bytes);
        rest.bytes += len + 1;
        rest.len -= len + 1;
    }
}
