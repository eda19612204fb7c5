/*
 * trust.h - whom to trust: identities given one by one, and a folder of them (docs/keys.md).
 *
 *   keys/trusted/NAME.identity   trusted
 *   keys/revoked/NAME.identity   revoked, kept whole
 *   keys/pins                    "<64 hex id> NAME.identity" for every one of these files
 *
 * Functions that return int report what is wrong and return the exit status.
 */
#ifndef NONOS_TOOLS_TRUST_H
#define NONOS_TOOLS_TRUST_H

#include "abi/error.h"
#include "image/identity.h"

#include <stddef.h>

struct file_bytes;

#define TRUST_MAX_COUNT 64u
#define TRUST_PINS_MAX_LEN (64u * 1024)

struct trust_list {
    struct identity *identities;
    size_t count;
};

/* All zero at first; trust_free gives back what is in it, and makes it zero again. */
struct trust {
    struct trust_list trusted;
    struct trust_list revoked;
};

/* Reads the text of an identity, for identity_parse; the caller frees it, whatever is returned. */
[[nodiscard]] int trust_read_text(const char *path, struct file_bytes *out);

/* Trusts the identity in a file. */
[[nodiscard]] int trust_add_file(struct trust *trust, const char *path);

/* Trusts an identity; one that is trusted already is not an error. */
[[nodiscard]] int trust_add(struct trust *trust, const struct identity *identity);

/* Takes what the folder revokes and, where with_trusted, what it trusts. A folder that does not
 * exist is an error where must_exist. */
[[nodiscard]] int trust_add_folder(struct trust *trust, const char *folder, bool with_trusted,
                                   bool must_exist);

/* Refuses identities that share an id or a key: within each list and, where across, between the
 * two. Who is both trusted and revoked is revoked; across finds it where it can be mended. */
[[nodiscard]] int trust_check(const struct trust *trust, bool across);

void trust_free(struct trust *trust);

#endif
