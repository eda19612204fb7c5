/*
 * policy.h - whom this loader trusts. Compiled in: there is no configuration file to attack.
 *
 * Both are defined by a file that `nonos policy` writes from keys/ when the loader is built; the
 * identities lie in a section of their own, where `nonos measure` finds them (policy_record.h).
 */
#ifndef NONOS_BOOT_POLICY_H
#define NONOS_BOOT_POLICY_H

#include "image/policy_record.h"
#include "image/verify.h"

#include <stdint.h>

extern const struct image_policy boot_policy;

/* enum nonos_profile. Alone in a section of the file, so that whoever is to sign the loader reads
 * there what the loader itself goes by (scripts/secureboot). */
extern const uint32_t boot_profile;

#endif
