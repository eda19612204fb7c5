/*
 * print.h - lines that more than one command prints to standard output.
 */
#ifndef NONOS_TOOLS_PRINT_H
#define NONOS_TOOLS_PRINT_H

#include "image/manifest.h"

#include <stddef.h>
#include <stdint.h>

/* "label      text", control characters in text replaced. */
void print_line(const char *label, const char *text);

/* "label      blake3:<hex>" */
void print_digest(const char *label, const uint8_t *digest);

/* "image      <path>, <len> bytes" */
void print_image(const char *path, size_t len);

/* The manifest's lines, indented; its bytes were checked by manifest_parse. */
void print_manifest(const struct manifest *manifest);

#endif
