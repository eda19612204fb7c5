/*
 * trust_edit.h - changes to the folder of identities (tools/trust.h): add one, revoke one.
 *
 * Both refuse a folder that is not in order, and leave one that is. One writer at a time holds the
 * folder's lock. Revoking is one rename. Adding is two, the identity and then its pin: whoever
 * reads in between finds an identity without its pin, and refuses the folder. Both decide twice,
 * from the files on, so that a single fault changes nothing (`make faults`); the identity's file,
 * which may be a pipe, is read once.
 *
 * Both report what is wrong and return the exit status.
 */
#ifndef NONOS_TOOLS_TRUST_EDIT_H
#define NONOS_TOOLS_TRUST_EDIT_H

#include "image/identity.h"

/* Trusts the identity in the file at path, whose id the caller has from its owner. Refuses another
 * id, a development identity or key, and one that shares a name, an id or a key with one that is
 * there, trusted or revoked. *out is who was added. */
[[nodiscard]] int trust_edit_add(const char *folder, const char *path,
                                 const uint8_t id[NONOS_IDENTITY_ID_LEN], struct identity *out);

/* Revokes the trusted identity of that name; its file moves, whole. Refuses the last one trusted,
 * and the last of those with the role kernel in its profile. *out is who was revoked. */
[[nodiscard]] int trust_edit_revoke(const char *folder, const char *name, struct identity *out);

#endif
