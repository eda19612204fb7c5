/*
 * trust_caller.h - users of the folder of identities, as `nonos trust` and the readers of keys/
 * are: among the code that faults happen to, up to their end.
 */
#ifndef NONOS_TESTS_FAULT_TRUST_CALLER_H
#define NONOS_TESTS_FAULT_TRUST_CALLER_H

#include "tools/trust.h"

/* Each ends in trust_caller_end. The last one passes what it has read, whatever the answer was. */
void trust_caller_add(const char *folder, const char *path,
                      const uint8_t id[NONOS_IDENTITY_ID_LEN]);
void trust_caller_revoke(const char *folder, const char *name);
void trust_caller_read(const char *folder);

/* Provided by the program; trust may be null. */
[[noreturn]] void trust_caller_end(const struct trust *trust);

#endif
