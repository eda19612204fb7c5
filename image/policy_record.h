/*
 * policy_record.h - the policy of a loader as it lies in its file, for whoever has only that file.
 *
 * `nonos policy` writes it and the loader's own policy points into it: what is read here from a
 * file is what that loader trusts. It is the section POLICY_RECORD_SECTION of the PE file, exactly
 * one struct policy_record and behind it the trusted identities, then the revoked ones, each a
 * struct identity, in the order in which the loader measures them. Numbers are little-endian.
 */
#ifndef NONOS_IMAGE_POLICY_RECORD_H
#define NONOS_IMAGE_POLICY_RECORD_H

#include "image/identity.h"

#include <stddef.h>
#include <stdint.h>

#define POLICY_RECORD_SECTION ".policy"
#define POLICY_PROFILE_SECTION ".profile" /* the loader's enum nonos_profile, four bytes, alone */
#define POLICY_RECORD_MAGIC "NONOS-POLICY 1"
#define POLICY_RECORD_MAGIC_LEN 16u /* zero-padded */

struct policy_record {
    char magic[POLICY_RECORD_MAGIC_LEN]; /*  0 */
    uint32_t floor;                      /* 16: lowest security version accepted */
    uint32_t allow_dev;                  /* 20: 1 or 0 */
    uint32_t trusted_count;              /* 24 */
    uint32_t revoked_count;              /* 28 */
    uint32_t identity_len;               /* 32: sizeof(struct identity) */
};

static_assert(offsetof(struct policy_record, floor) == 16);
static_assert(offsetof(struct policy_record, allow_dev) == 20);
static_assert(offsetof(struct policy_record, trusted_count) == 24);
static_assert(offsetof(struct policy_record, revoked_count) == 28);
static_assert(offsetof(struct policy_record, identity_len) == 32);
static_assert(sizeof(struct policy_record) == 36);

/* Compiled by two compilers' targets and read as bytes: the layout is part of the record. */
static_assert(offsetof(struct identity, roles) == 36);
static_assert(offsetof(struct identity, profile) == 40);
static_assert(offsetof(struct identity, id) == 44);
static_assert(offsetof(struct identity, ed25519) == 76);
static_assert(offsetof(struct identity, mldsa65) == 108);
static_assert(sizeof(struct identity) == 2060);

#endif
