#include "tools/key.h"

#include "crypto/blake3.h"
#include "crypto/bytes.h"
#include "tools/command.h"
#include "tools/key_file.h"
#include "tools/pkcs11_pin.h"
#include "tools/pkcs11_uri.h"
#include "tools/report.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SIGNING_KEY "SIGNING_KEY"
#define SIGNING_KEY_PQ "SIGNING_KEY_PQ"
#define HEX_LEN (2 * ED25519_SEED_LEN)

static_assert(ED25519_SEED_LEN == crypto_sign_SEEDBYTES);

/* Where one half comes from; name is what messages call it: a variable, an option. */
struct source {
    const char *name;
    const char *text; /* null: not given */
    bool is_argument;
};

void key_wipe(struct signing_key *key)
{
    pkcs11_key_close(key->token);
    bytes_wipe(key, sizeof(*key));
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

static int report_seed_file(const struct source *source, enum nonos_error error)
{
    if (source->is_argument)
        return key_file_report(source->text, error);
    /* What is not understood may be a mistyped secret, so no message repeats it. */
    if (error == NONOS_E_NOT_FOUND || (error == NONOS_E_READ && errno == ENAMETOOLONG))
        return report_error(source->name, NONOS_E_KEY_SOURCE,
                            "there is no file of that name; its text is not shown, as it may be "
                            "a key");
    return key_file_report(source->name, error);
}

static int read_hex_seed(const struct source *source, uint8_t seed[ED25519_SEED_LEN])
{
    size_t len = 0;
    if (source->is_argument)
        return report_error(source->name, NONOS_E_USAGE,
                            "a key is never an argument, where other users see it: put it in a "
                            "file or in the environment variable SIGNING_KEY");
    if (sodium_hex2bin(seed, ED25519_SEED_LEN, source->text, HEX_LEN, nullptr, &len, nullptr) !=
            0 ||
        len != ED25519_SEED_LEN)
        return report_error(source->name, NONOS_E_INTERNAL, nullptr);
    if (bytes_are_zero(seed, ED25519_SEED_LEN))
        return report_error(source->name, NONOS_E_KEY_ZERO, nullptr);
    return 0;
}

/* A file, or in a variable 64 digits. */
static int read_seed(const struct source *source, enum nonos_profile profile,
                     uint8_t seed[ED25519_SEED_LEN])
{
    if (source->text[0] == 0 && !source->is_argument)
        return report_error(source->name, NONOS_E_KEY_EMPTY, nullptr);
    if (is_hex_key(source->text))
        return read_hex_seed(source, seed);
    if (profile != NONOS_PROFILE_DEV && is_dev_key_name(source->text))
        return report_dev_key();
    enum nonos_error error = key_file_read(source->text, seed);
    return error == NONOS_OK ? 0 : report_seed_file(source, error);
}

/* The file first: what is wrong with it is found before a PIN is asked for. */
static int open_pair(const struct source *ed25519, const struct source *pq, const char *pin,
                     enum nonos_profile profile, struct signing_key *out)
{
    if (pq->text == nullptr)
        return report_error(ed25519->name, NONOS_E_KEY_PAIR,
                            "the token gives the Ed25519 half; name the key file of the ML-DSA-65 "
                            "half with --key-pq or SIGNING_KEY_PQ: the one that was made with "
                            "this key, as a new one (`nonos keygen`) makes another identity");
    if (pkcs11_uri_is(pq->text))
        return report_error(pq->name, NONOS_E_KEY_PAIR,
                            "the ML-DSA-65 half is a key file; tokens are used for Ed25519 alone");
    int status = read_seed(pq, profile, out->seed);
    return status != 0 ? status : pkcs11_key_open(ed25519->text, pin, &out->token);
}

/* A copy, and nothing of it in the environment, for programs and modules that could read it there.
 */
static int take_variable(const char *name, char **out)
{
    char *value = getenv(name);
    *out = nullptr;
    if (value == nullptr)
        return 0;
    *out = strdup(value);
    bytes_wipe(value, strlen(value));
    unsetenv(name);
    return *out != nullptr ? 0 : report_error(name, NONOS_E_NO_MEMORY, nullptr);
}

static void free_variable(char *value)
{
    if (value != nullptr)
        bytes_wipe(value, strlen(value));
    free(value);
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
    struct signing_key dev = {.token = nullptr};
    enum nonos_error error = key_file_read(NONOS_DEV_KEY_FILE, dev.seed);
    bool is_dev = error == NONOS_OK && bytes_equal(dev.seed, key->seed, sizeof(dev.seed));
    key_wipe(&dev);
    return is_dev ? report_dev_key() : 0;
}

static int open_sources(const struct source *first, const struct source *pq, const char *pin,
                        enum nonos_profile profile, struct signing_key *out)
{
    if (first->text != nullptr && pkcs11_uri_is(first->text))
        return open_pair(first, pq, pin, profile, out);
    /* Which of two files made a signature nobody would see from it: there is one, or a token. */
    if (pq->text != nullptr)
        return report_error(pq->name, NONOS_E_KEY_PAIR,
                            "it goes with a key in a token (SIGNING_KEY=pkcs11:...); a key file is "
                            "both halves: leave %s away",
                            pq->name);
    if (first->text != nullptr)
        return read_seed(first, profile, out->seed);
    if (profile == NONOS_PROFILE_DEV)
        return open_dev_key(out);
    return report_error("signing key", NONOS_E_KEY_NONE,
                        "give a key file with -k, or set SIGNING_KEY");
}

int key_open(const char *argument, const char *argument_pq, enum nonos_profile profile,
             struct signing_key *out)
{
    char *variable = nullptr, *variable_pq = nullptr, *pin = nullptr;
    *out = (struct signing_key){.token = nullptr};
    int status = take_variable(SIGNING_KEY, &variable);
    if (status == 0)
        status = take_variable(SIGNING_KEY_PQ, &variable_pq);
    if (status == 0)
        status = take_variable(PKCS11_PIN_VARIABLE, &pin);
    struct source first = {"-k", argument, true}, pq = {"--key-pq", argument_pq, true};
    if (argument == nullptr)
        first = (struct source){SIGNING_KEY, variable, false};
    /* A file that is an argument stands for itself, whatever the environment is set up for. */
    bool is_file_argument = argument != nullptr && !pkcs11_uri_is(argument);
    if (argument_pq == nullptr && !is_file_argument)
        pq = (struct source){SIGNING_KEY_PQ, variable_pq, false};
    if (status == 0)
        status = open_sources(&first, &pq, pin, profile, out);
    if (status == 0 && profile != NONOS_PROFILE_DEV)
        status = refuse_dev_key(out);
    if (status != 0)
        key_wipe(out);
    free_variable(variable);
    free_variable(variable_pq);
    free_variable(pin);
    return status;
}

int key_make_in_token(const char *uri, uint8_t public_key[ED25519_PUBLIC_KEY_LEN])
{
    struct pkcs11_key *token = nullptr;
    char *pin = nullptr;
    memset(public_key, 0, ED25519_PUBLIC_KEY_LEN);
    int status = take_variable(PKCS11_PIN_VARIABLE, &pin);
    if (status == 0)
        status = pkcs11_key_make(uri, pin, &token);
    if (status == 0)
        pkcs11_key_public(token, public_key);
    pkcs11_key_close(token);
    free_variable(pin);
    return status;
}

enum nonos_error key_sign_ed25519(const struct signing_key *key, const uint8_t *message, size_t len,
                                  uint8_t signature[ED25519_SIGNATURE_LEN])
{
    if (key->token != nullptr)
        return pkcs11_key_sign(key->token, message, len, signature);
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    bool failed = crypto_sign_seed_keypair(public_key, secret, key->seed) != 0 ||
                  crypto_sign_detached(signature, nullptr, message, len, secret) != 0;
    bytes_wipe(secret, sizeof(secret));
    return failed ? NONOS_E_INTERNAL : NONOS_OK;
}

enum nonos_error key_prove(const struct signing_key *key)
{
    return key->token == nullptr ? NONOS_OK : pkcs11_key_prove(key->token);
}

const char *key_failure(const struct signing_key *key, enum nonos_error error)
{
    return error == NONOS_E_PKCS11_FAILED && key->token != nullptr ? pkcs11_key_failure(key->token)
                                                                   : nullptr;
}

void key_derive_mldsa65_seed(const struct signing_key *key, uint8_t seed[MLDSA65_SEED_LEN])
{
    static_assert(MLDSA65_SEED_LEN == BLAKE3_OUT_LEN);
    blake3_derive_key(NONOS_DERIVE_MLDSA65, key->seed, sizeof(key->seed), seed);
}

static enum nonos_error compute_ed25519(const struct signing_key *key, struct identity *out)
{
    if (key->token != nullptr) {
        pkcs11_key_public(key->token, out->ed25519);
        return NONOS_OK;
    }
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
