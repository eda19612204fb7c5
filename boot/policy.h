/*
 * policy.h - whom this loader trusts. Compiled in: there is no configuration file to attack.
 *
 * Both are defined by a file that `nonos policy` writes from keys/ when the loader is built.
 */
#ifndef NONOS_BOOT_POLICY_H
#define NONOS_BOOT_POLICY_H

#include "image/verify.h"

#include <stdint.h>

extern const struct image_policy boot_policy;
extern const uint32_t boot_profile; /* enum nonos_profile */

#endif
