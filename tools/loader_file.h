/*
 * loader_file.h - a loader's file and the policy that is compiled into it (image/policy_record.h).
 */
#ifndef NONOS_TOOLS_LOADER_FILE_H
#define NONOS_TOOLS_LOADER_FILE_H

#include "abi/error.h"
#include "image/verify.h"
#include "tools/authenticode.h"
#include "tools/file.h"

struct loader_file {
    struct file_bytes file;
    struct pe_file pe;
    struct identity *identities; /* trusted, then revoked; policy points to them */
    struct image_policy policy;
    uint32_t profile; /* enum nonos_profile */
};

/* Reads the policy of a loader out of the bytes of its file, which stay the caller's: signed for
 * Secure Boot or not. NONOS_E_LOADER: no such file, or no such record in it, or one of a loader
 * that trusts nobody; NONOS_E_NO_MEMORY; an identity's error (identity_check, identity_check_set).
 * The caller frees *out with loader_file_free, also on failure. */
[[nodiscard]] enum nonos_error loader_file_parse(const uint8_t *bytes, size_t len,
                                                 struct loader_file *out);

/* The same from a file; also the errors of file_read. */
[[nodiscard]] enum nonos_error loader_file_read(const char *path, struct loader_file *out);

void loader_file_free(struct loader_file *loader);

#endif
