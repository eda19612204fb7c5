/*
 * image_file.h - reads an image from a file, and says why one is refused.
 */
#ifndef NONOS_TOOLS_IMAGE_FILE_H
#define NONOS_TOOLS_IMAGE_FILE_H

#include "abi/error.h"
#include "tools/file.h"

/* Reads the file once. The errors of file_read, and NONOS_E_IMAGE_SHORT, NONOS_E_IMAGE_LONG. */
[[nodiscard]] enum nonos_error image_file_read(const char *path, struct file_bytes *out);

/* Reports an error of reading, structure, manifest, signatures or policy with what to do about it;
 * manifest_line is the line at fault, or 0. Returns the code. */
int image_file_report(const char *path, enum nonos_error error, unsigned manifest_line);

#endif
