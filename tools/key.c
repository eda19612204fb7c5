#include "tools/key.h"

#include "crypto/blake3.h"
#include "crypto/bytes.h"
#include "tools/command.h"
#include "tools/key_file.h"
#include "tools/report.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SIGNING_KEY "SIGNING_KEY"
#define HEX_LEN (2 * ED25519_SEED_LEN)

static_assert(ED25519_SEED_LEN == crypto_sign_SEEDBYTES);

void key_wipe(struct signing_key *key)
{
    bytes_wipe(key, sizeof(*key));
}

static bool is_pkcs11(const char *source)
{
    return strncmp(source, "pkcs11:", 7) == 0;
}

static bool is_hex_key(const char *source)
{
    return strlen(source) == HEX_LEN && strspn(source, "0123456789abcdefABCDEF") == HEX_LEN;
}

/* By name, wherever it lies; refuse_dev_key() knows it by content. */
static bool is_dev_key_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(slash == nullptr ? path : slash + 1, NONOS_DEV_KEY_FILE) == 0;
}

static int report_dev_key(void)
{
    return report_error(NONOS_DEV_KEY_FILE, NONOS_E_KEY_NONE,
                        "this is the development key; give the release key with -k or SIGNING_KEY");
}

static int open_argument(const char *path, enum nonos_profile profile, struct signing_key *out)
{
    if (is_pkcs11(path))
        return report_error("-k", NONOS_E_KEY_SOURCE,
                            "pkcs11: keys are not supported in this version; give a file");
    if (is_hex_key(path))
        return report_error("-k", NONOS_E_USAGE,
                            "a key is never an argument, where other users see it: put it in a "
                            "file or in the environment variable SIGNING_KEY");
    if (profile != NONOS_PROFILE_DEV && is_dev_key_name(path))
        return report_dev_key();
    enum nonos_error error = key_file_read(path, out->seed);
    return error == NONOS_OK ? 0 : key_file_report(path, error);
}

/* What is not understood may be a mistyped secret, so no message repeats it. */
static int open_source(const char *source, enum nonos_profile profile, struct signing_key *out)
{
    if (source[0] == 0)
        return report_error(SIGNING_KEY, NONOS_E_KEY_EMPTY, nullptr);
    if (is_pkcs11(source))
        return report_error(SIGNING_KEY, NONOS_E_KEY_SOURCE,
                            "pkcs11: keys are not supported in this version");
    if (is_hex_key(source)) {
        size_t len = 0;
        if (sodium_hex2bin(out->seed, sizeof(out->seed), source, HEX_LEN, nullptr, &len, nullptr) !=
                0 ||
            len != sizeof(out->seed))
            return report_error(SIGNING_KEY, NONOS_E_INTERNAL, nullptr);
        if (bytes_are_zero(out->seed, sizeof(out->seed)))
            return report_error(SIGNING_KEY, NONOS_E_KEY_ZERO, nullptr);
        return 0;
    }
    if (profile != NONOS_PROFILE_DEV && is_dev_key_name(source))
        return report_dev_key();
    enum nonos_error error = key_file_read(source, out->seed);
    if (error == NONOS_OK)
        return 0;
    if (error == NONOS_E_NOT_FOUND || (error == NONOS_E_READ && errno == ENAMETOOLONG))
        return report_error(SIGNING_KEY, NONOS_E_KEY_SOURCE,
                            "there is no file of that name; its text is not shown, as it may be "
                            "a key");
    return key_file_report(SIGNING_KEY, error);
}

static int open_environment(char *in_environment, enum nonos_profile profile,
                            struct signing_key *out)
{
    char *source = strdup(in_environment);
    bytes_wipe(in_environment, strlen(in_environment));
    unsetenv(SIGNING_KEY);
    if (source == nullptr)
        return report_error(SIGNING_KEY, NONOS_E_NO_MEMORY, nullptr);
    int status = open_source(source, profile, out);
    bytes_wipe(source, strlen(source));
    free(source);
    return status;
}

static int open_dev_key(struct signing_key *out)
{
    enum nonos_error error = key_file_read(NONOS_DEV_KEY_FILE, out->seed);
    if (error == NONOS_E_NOT_FOUND) {
        error = key_file_make(NONOS_DEV_KEY_FILE, out->seed);
        if (error == NONOS_OK)
            report_notice("made the development key %s (mode 0600); keep it to get the same "
                          "signatures again, never use it for a release",
                          NONOS_DEV_KEY_FILE);
        else if (error == NONOS_E_EXISTS)
            /* Another process made it in between. */
            error = key_file_read(NONOS_DEV_KEY_FILE, out->seed);
    }
    return error == NONOS_OK ? 0 : key_file_report(NONOS_DEV_KEY_FILE, error);
}

/* By content, so that a copy of the development key under another name does not pass. */
static int refuse_dev_key(const struct signing_key *key)
{
    struct signing_key dev;
    enum nonos_error error = key_file_read(NONOS_DEV_KEY_FILE, dev.seed);
    bool is_dev = error == NONOS_OK && bytes_equal(dev.seed, key->seed, sizeof(dev.seed));
    key_wipe(&dev);
    return is_dev ? report_dev_key() : 0;
}

int key_open(const char *argument, enum nonos_profile profile, struct signing_key *out)
{
    *out = (struct signing_key){0};
    char *in_environment = getenv(SIGNING_KEY);
    int status = 0;
    if (argument != nullptr)
        status = open_argument(argument, profile, out);
    else if (in_environment != nullptr)
        status = open_environment(in_environment, profile, out);
    else if (profile == NONOS_PROFILE_DEV)
        status = open_dev_key(out);
    else
        status = report_error("signing key", NONOS_E_KEY_NONE,
                              "give a key file with -k, or set SIGNING_KEY");
    if (status == 0 && profile != NONOS_PROFILE_DEV)
        status = refuse_dev_key(out);
    if (status != 0)
        key_wipe(out);
    return status;
}

void key_derive_mldsa65_seed(const struct signing_key *key, uint8_t seed[MLDSA65_SEED_LEN])
{
    static_assert(MLDSA65_SEED_LEN == BLAKE3_OUT_LEN);
    blake3_derive_key(NONOS_DERIVE_MLDSA65, key->seed, sizeof(key->seed), seed);
}

static enum nonos_error compute_ed25519(const struct signing_key *key, struct identity *out)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    uint8_t ours[ED25519_PUBLIC_KEY_LEN];
    int failed = crypto_sign_seed_keypair(out->ed25519, secret, key->seed);
    bytes_wipe(secret, sizeof(secret));
    ed25519_public_key(key->seed, ours);
    return failed != 0 || !bytes_equal(ours, out->ed25519, sizeof(ours)) ? NONOS_E_DISAGREE
                                                                         : NONOS_OK;
}

static enum nonos_error compute_mldsa65(const struct signing_key *key, struct identity *out)
{
    uint8_t seed[MLDSA65_SEED_LEN];
    uint8_t secret[MLDSA65_SECRET_KEY_LEN];
    key_derive_mldsa65_seed(key, seed);
    enum nonos_error error = mldsa65_generate_key(seed, out->mldsa65, secret);
    bytes_wipe(secret, sizeof(secret));
    bytes_wipe(seed, sizeof(seed));
    return error;
}

enum nonos_error key_identity(const struct signing_key *key, const char *name, uint32_t roles,
                              enum nonos_profile profile, struct identity *out)
{
    *out = (struct identity){.roles = roles, .profile = (uint32_t)profile};
    enum nonos_error error = NONOS_OK;
    size_t name_len = strlen(name);
    if (name_len > IDENTITY_NAME_MAX_LEN)
        error = NONOS_E_IDENTITY_SYNTAX;
    else
        memcpy(out->name, name, name_len);
    if (error == NONOS_OK)
        error = compute_ed25519(key, out);
    if (error == NONOS_OK)
        error = compute_mldsa65(key, out);
    if (error == NONOS_OK) {
        identity_compute_id(out->ed25519, out->mldsa65, out->id);
        error = identity_check(out);
    }
    if (error != NONOS_OK)
        *out = (struct identity){0};
    return error;
}
