/*
 * trust_subject.c - changes to the folder of identities that must be refused, and folders that must
 * not be trusted: `trust_subject NUMBER`. Whatever would be written, moved or removed counts as
 * admitted, and so does an identity that was read without its pin.
 */
#include "tests/fault/confine.h"
#include "tests/fault/scenarios.h"
#include "tests/fault/trust_caller.h"
#include "tests/fault/trust_folder.h"

#include "tests/support/vectors.h"
#include "tools/key.h"
#include "tools/key_file.h"
#include "tools/report.h"
#include "tools/trust_edit.h"

#include "crypto/bytes.h"
#include "image/text.h"

#include <malloc.h>
#include <sodium.h>
#include <unistd.h>

#define KERNEL ((uint32_t)NONOS_IMAGE_KERNEL)
#define CAPSULE ((uint32_t)NONOS_IMAGE_CAPSULE)
#define NEW_PATH "new.identity"
#define TRUSTED_PATH(name) "keys/trusted/" name ".identity"
#define REVOKED_PATH(name) "keys/revoked/" name ".identity"

enum {
    GOOD,
    DEV_IDENTITY,
    DEV_KEY,
    WRONG_ID,
    TRUSTED_ID,
    TRUSTED_KEY,
    TRUSTED_NAME,
    REVOKED_ID,
    REVOKED_KEY,
    REVOKED_NAME,
    LAST_TRUSTED,
    LAST_KERNEL,
    UNPINNED,
    OTHER_PIN,
    CASES
};

/* acme is trusted for kernels, cargo for capsules; old is revoked; newer is to be added. */
static struct identity acme, cargo, old, newer, dev;
static char pins[1024];
static bool armed; /* from here on a change is the end */
static unsigned changes;

/* Keys of one byte each: what is behind them matters to nobody here. */
static struct identity make_identity(uint8_t fill, const char *name, uint32_t roles,
                                     enum nonos_profile profile)
{
    struct identity identity = {.roles = roles, .profile = (uint32_t)profile};
    uint8_t seed[ED25519_SEED_LEN], secret[crypto_sign_SECRETKEYBYTES];
    memset(seed, fill, sizeof(seed));
    assert_int_equal(crypto_sign_seed_keypair(identity.ed25519, secret, seed), 0);
    memset(identity.mldsa65, fill, sizeof(identity.mldsa65));
    memcpy(identity.name, name, strlen(name));
    identity_compute_id(identity.ed25519, identity.mldsa65, identity.id);
    return identity;
}

static void put(const char *path, const struct identity *identity)
{
    char text[IDENTITY_TEXT_MAX_LEN];
    size_t len = 0;
    assert_int_equal(identity_format(identity, text, sizeof(text), &len), NONOS_OK);
    folder_put(path, text, len);
}

static void pin(const struct identity *identity, const char *name)
{
    char id[2 * NONOS_IDENTITY_ID_LEN + 1] = {0};
    text_write_hex(identity->id, sizeof(identity->id), id);
    size_t len = strlen(pins);
    int added = snprintf(pins + len, sizeof(pins) - len, "%s %s.identity\n", id, name);
    assert_true(added > 0 && (size_t)added < sizeof(pins) - len);
}

/* What the key of a development tree is made into; the arithmetic is done beforehand. */
enum nonos_error key_file_read([[maybe_unused]] const char *path, uint8_t seed[ED25519_SEED_LEN])
{
    memset(seed, 9, ED25519_SEED_LEN);
    return NONOS_OK;
}

enum nonos_error key_identity(const struct signing_key *key, [[maybe_unused]] const char *name,
                              [[maybe_unused]] uint32_t roles,
                              [[maybe_unused]] enum nonos_profile profile, struct identity *out)
{
    uint8_t seed[ED25519_SEED_LEN];
    memset(seed, 9, sizeof(seed));
    *out = dev;
    /* Another seed has another identity. */
    if (!bytes_equal(seed, key->seed, sizeof(seed)))
        memset(out->ed25519, 0, sizeof(*out) - offsetof(struct identity, ed25519));
    return NONOS_OK;
}

void key_wipe(struct signing_key *key)
{
    bytes_wipe(key, sizeof(*key));
}

int key_file_report([[maybe_unused]] const char *path, enum nonos_error error)
{
    return (int)error;
}

int report_error([[maybe_unused]] const char *what, enum nonos_error error,
                 [[maybe_unused]] const char *advice, ...)
{
    return (int)error;
}

int report_file_error([[maybe_unused]] const char *path, enum nonos_error error)
{
    return (int)error;
}

void folder_changed(const char *path, const void *bytes, [[maybe_unused]] size_t len)
{
    if (armed)
        _exit(SUBJECT_ADMITTED);
    /* Before the faults only the good ones get here: newer is added, acme is revoked. */
    if (strcmp(path, TRUSTED_PATH("newer")) == 0) {
        struct identity written;
        assert_int_equal(identity_parse(bytes, len, &written), NONOS_OK);
        assert_memory_equal(&written, &newer, sizeof(newer));
    } else if (strcmp(path, "keys/pins") == 0) {
        assert_true(text_starts(bytes, len, pins));
    } else {
        assert_string_equal(path, TRUSTED_PATH("acme"));
        assert_string_equal(bytes, REVOKED_PATH("acme"));
    }
    changes++;
}

static bool has(const struct trust_list *list, const struct identity *identity)
{
    for (size_t i = 0; i < list->count; i++)
        if (bytes_equal(list->identities[i].id, identity->id, sizeof(identity->id)))
            return true;
    return false;
}

void trust_caller_end(const struct trust *trust)
{
    _exit(trust != nullptr && has(&trust->trusted, &newer) ? SUBJECT_ADMITTED : SUBJECT_REFUSED);
}

struct setting {
    const char *revoke; /* or, where it is null, add or read */
    bool read;
    uint8_t id[NONOS_IDENTITY_ID_LEN];
    enum nonos_error expected;
};

/* The one that is to be added, and why it must not be. */
static enum nonos_error spoil(unsigned long number)
{
    switch (number) {
    case DEV_IDENTITY:
        newer.profile = (uint32_t)NONOS_PROFILE_DEV;
        return NONOS_E_POLICY_DEV;
    case DEV_KEY:
        newer = make_identity(9, "newer", KERNEL, NONOS_PROFILE_RELEASE);
        return NONOS_E_POLICY_DEV;
    case TRUSTED_ID:
        newer = make_identity(1, "newer", KERNEL, NONOS_PROFILE_RELEASE);
        return NONOS_E_IDENTITY_DUPLICATE;
    case TRUSTED_KEY:
        memcpy(newer.ed25519, acme.ed25519, sizeof(newer.ed25519));
        return NONOS_E_IDENTITY_DUPLICATE;
    case TRUSTED_NAME:
        newer = make_identity(5, "acme", KERNEL, NONOS_PROFILE_RELEASE);
        return NONOS_E_EXISTS;
    case REVOKED_ID:
        newer = make_identity(3, "newer", KERNEL, NONOS_PROFILE_RELEASE);
        return NONOS_E_IDENTITY_DUPLICATE;
    case REVOKED_KEY:
        memcpy(newer.mldsa65, old.mldsa65, sizeof(newer.mldsa65));
        return NONOS_E_IDENTITY_DUPLICATE;
    case REVOKED_NAME:
        newer = make_identity(5, "old", KERNEL, NONOS_PROFILE_RELEASE);
        return NONOS_E_EXISTS;
    default:
        return NONOS_OK;
    }
}

static void put_folder(unsigned long number)
{
    folder_clear();
    pins[0] = 0;
    put(NEW_PATH, &newer);
    put(TRUSTED_PATH("acme"), &acme);
    pin(&acme, "acme");
    if (number != LAST_TRUSTED) {
        put(TRUSTED_PATH("cargo"), &cargo);
        pin(&cargo, "cargo");
    }
    put(REVOKED_PATH("old"), &old);
    pin(&old, "old");
    if (number == UNPINNED || number == OTHER_PIN)
        put(TRUSTED_PATH("newer"), &newer);
    if (number == OTHER_PIN)
        pin(&dev, "newer");
    folder_put("keys/pins", pins, strlen(pins));
}

static struct setting make(unsigned long number)
{
    struct setting setting = {.expected = spoil(number)};
    identity_compute_id(newer.ed25519, newer.mldsa65, newer.id);
    memcpy(setting.id, newer.id, sizeof(setting.id));
    put_folder(number);
    if (number == WRONG_ID) {
        setting.id[31] ^= 1;
        setting.expected = NONOS_E_IDENTITY_PIN;
    }
    if (number == LAST_TRUSTED || number == LAST_KERNEL) {
        setting.revoke = "acme";
        setting.expected = NONOS_E_NO_IDENTITY;
    }
    if (number == UNPINNED || number == OTHER_PIN) {
        setting.read = true;
        setting.expected = NONOS_E_IDENTITY_PIN;
    }
    return setting;
}

static int decide(const struct setting *setting)
{
    struct identity out;
    if (setting->revoke != nullptr)
        return trust_edit_revoke("keys", setting->revoke, &out);
    if (!setting->read)
        return trust_edit_add("keys", NEW_PATH, setting->id, &out);
    struct trust trust = {0};
    int status = trust_add_folder(&trust, "keys", true, true);
    trust_free(&trust);
    return status;
}

/* A revocation that is in order goes through: cargo signs kernels, too. */
static void revoke_one(void)
{
    cargo.roles |= KERNEL;
    put_folder(GOOD);
    assert_int_equal(decide(&(struct setting){.revoke = "acme"}), 0);
    assert_int_equal(changes, 1);
    cargo.roles = CAPSULE;
    changes = 0;
}

/* What the copies allocate has to be there. */
static void keep_memory(void)
{
    assert_int_equal(mallopt(M_TRIM_THRESHOLD, 1 << 30), 1);
    assert_int_equal(mallopt(M_MMAP_THRESHOLD, 1 << 25), 1);
    free(test_allocate(1 << 20));
}

int main(int argc, char **argv)
{
    assert_int_equal(argc, 2);
    keep_memory();
    unsigned long number = strtoul(argv[1], nullptr, 10);
    assert_true(number < CASES);
    acme = make_identity(1, "acme", KERNEL, NONOS_PROFILE_RELEASE);
    cargo = make_identity(2, "cargo", CAPSULE, NONOS_PROFILE_RELEASE);
    old = make_identity(3, "old", KERNEL, NONOS_PROFILE_RELEASE);
    newer = make_identity(5, "newer", KERNEL, NONOS_PROFILE_RELEASE);
    dev = make_identity(9, "dev", KERNEL, NONOS_PROFILE_DEV);
    revoke_one();
    struct setting setting = make(number);
    /* Refused, and for the reason that the case is about. */
    assert_int_equal(decide(&setting), setting.expected);
    assert_int_equal(changes, number == GOOD ? 2 : 0);
    armed = true;
    confine_and_stop();
    if (setting.revoke != nullptr)
        trust_caller_revoke("keys", setting.revoke);
    else if (setting.read)
        trust_caller_read("keys");
    else
        trust_caller_add("keys", NEW_PATH, setting.id);
}
