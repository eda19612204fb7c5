/*
 * rebuild.h - whether an image is what its source gives, for those who do not have its key.
 */
#ifndef NONOS_TOOLS_REBUILD_H
#define NONOS_TOOLS_REBUILD_H

#include "tools/verification.h"

/* Builds the commit that the manifest names, from the repository that the folder source is in, and
 * compares all but the two signatures. Who signed is said where it is known; where request names
 * identities or a folder of them, their verdict has to be "verified" first. Reports what is wrong
 * and returns the exit status: 0 when every byte before the signatures is the same. */
[[nodiscard]] int rebuild_verify(const struct verification *request, const char *source,
                                 const char *path);

#endif
