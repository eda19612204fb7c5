/* Where a signing key comes from: SIGNING_KEY, -k, --key-pq and two key files, all from the input.
 */
#include "tests/fuzz/fuzz.h"

#include "crypto/bytes.h"
#include "tools/command.h"
#include "tools/key.h"
#include "tools/report.h"
#include "tools/wrapped_key.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE "SIGNING_KEY="
#define KEY_FILE "key"
#define FILE_MAX_LEN 40u
#define SOURCE_MAX_LEN 8192u
#define TELLING_LEN 8u /* so much of a text does not stand in a message by chance */

struct key_file {
    const char *name;
    uint32_t mode;
    size_t len;
    uint8_t bytes[FILE_MAX_LEN];
};

static char *secret; /* must not be in any message; null: there is none */

static void check_message(const char *text)
{
    fuzz_require(secret == nullptr || strlen(secret) < TELLING_LEN ||
                 strstr(text, secret) == nullptr);
}

int report_error(const char *what, enum nonos_error error, const char *advice, ...)
{
    char text[1024];
    check_message(what);
    if (advice != nullptr) {
        va_list arguments;
        va_start(arguments, advice);
        vsnprintf(text, sizeof text, advice, arguments);
        va_end(arguments);
        check_message(text);
    }
    fuzz_require(error != NONOS_OK);
    return (int)error;
}

int report_file_error(const char *path, enum nonos_error error)
{
    return report_error(path, error, nullptr);
}

void report_notice(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    check_message(text);
}

/* No module is loaded that an input names: this token has every key that is asked for. */
static char token;
static int open_tokens;

int pkcs11_key_open(const char *uri, const char *pin, struct pkcs11_key **out)
{
    fuzz_require(strncmp(uri, "pkcs11:", 7) == 0 && pin == nullptr);
    open_tokens++;
    *out = (void *)&token;
    return 0;
}

int pkcs11_key_make(const char *uri, const char *pin, struct pkcs11_key **out)
{
    return pkcs11_key_open(uri, pin, out);
}

void pkcs11_key_close(struct pkcs11_key *key)
{
    if (key != nullptr)
        open_tokens--;
}

void pkcs11_key_public(const struct pkcs11_key *key, uint8_t public_key[ED25519_PUBLIC_KEY_LEN])
{
    fuzz_require(key != nullptr);
    memset(public_key, 0, ED25519_PUBLIC_KEY_LEN);
}

enum nonos_error pkcs11_key_sign(struct pkcs11_key *key, const uint8_t *message, size_t len,
                                 uint8_t signature[ED25519_SIGNATURE_LEN])
{
    fuzz_require(key != nullptr && message != nullptr && len > 0);
    memset(signature, 0, ED25519_SIGNATURE_LEN);
    return NONOS_E_PKCS11_FAILED;
}

enum nonos_error pkcs11_key_prove(struct pkcs11_key *key)
{
    fuzz_require(key != nullptr);
    return NONOS_OK;
}

const char *pkcs11_key_failure(const struct pkcs11_key *key)
{
    fuzz_require(key != nullptr);
    return "";
}

/* The files are in a folder of their own, where the input's names are looked up too. */
static int folder_open(void)
{
    char name[4096];
    const char *temporary = getenv("TMPDIR");
    int len = snprintf(name, sizeof name, "%s/nonos-fuzz-key-XXXXXX",
                       temporary == nullptr ? "/tmp" : temporary);
    fuzz_require(len > 0 && (size_t)len < sizeof name && mkdtemp(name) != nullptr);
    int folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fuzz_require(folder >= 0);
    return folder;
}

static void file_take(struct fuzz_input *input, const char *name, struct key_file *file)
{
    static const uint32_t modes[] = {0600, 0600, 0400, 0640, 0604, 0700, 04600, 0000};
    *file = (struct key_file){.name = name, .mode = modes[fuzz_take8(input) % 8]};
    uint8_t choice = fuzz_take8(input);
    file->len = choice < 192 ? ED25519_SEED_LEN : choice % (FILE_MAX_LEN + 1);
    fuzz_take(input, file->bytes, file->len);
}

static void file_put(const struct key_file *file)
{
    int fd = open(file->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(fd >= 0);
    fuzz_require(write(fd, file->bytes, file->len) == (ssize_t)file->len);
    fuzz_require(fchmod(fd, file->mode) == 0);
    close(fd);
}

/* A file that begins like a wrapped key is one, whatever its length. */
static bool file_is_key(const struct key_file *file)
{
    return (file->mode == 0600 || file->mode == 0400) && file->len == ED25519_SEED_LEN &&
           !bytes_are_zero(file->bytes, file->len) && !wrapped_key_is(file->bytes, file->len);
}

static bool is_hex_key(const char *source)
{
    return strlen(source) == 64 && strspn(source, "0123456789abcdefABCDEF") == 64;
}

static void check_key(const char *source, bool by_argument, const struct key_file *file,
                      const struct key_file *dev, const struct signing_key *key)
{
    fuzz_require(!bytes_are_zero(key->seed, sizeof key->seed));
    if (source == nullptr) {
        fuzz_require(memcmp(key->seed, dev->bytes, sizeof key->seed) == 0 && file_is_key(dev));
    } else if (is_hex_key(source)) {
        fuzz_require(!by_argument);
        for (size_t i = 0; i < sizeof key->seed; i++) {
            const char digits[] = {source[2 * i], source[2 * i + 1], 0};
            fuzz_require(key->seed[i] == strtoul(digits, nullptr, 16));
        }
    } else {
        bool is_file = file_is_key(file) && memcmp(key->seed, file->bytes, sizeof key->seed) == 0;
        bool is_dev = file_is_key(dev) && memcmp(key->seed, dev->bytes, sizeof key->seed) == 0;
        fuzz_require(is_file || is_dev);
    }
}

static void open_key(char *source, unsigned how, enum nonos_profile profile,
                     const struct key_file *file, const struct key_file *dev)
{
    static char variable[sizeof VARIABLE + SOURCE_MAX_LEN];
    struct signing_key key;
    const char *argument = how == 1 ? source : how == 3 ? "pkcs11:token=x" : nullptr;
    const char *argument_pq = how == 3 ? source : nullptr;
    char *value = variable + strlen(VARIABLE);
    const char *used = how == 2 ? nullptr : source;
    memset(&key, 0xEE, sizeof key);
    secret = how == 0 || ((how == 1 || how == 3) && is_hex_key(source)) ? source : nullptr;
    /* What stands in messages anyway says nothing. */
    if (secret != nullptr && !is_hex_key(secret) && strchr(secret, '/') == nullptr)
        secret = nullptr;
    if (how == 0) {
        snprintf(variable, sizeof variable, VARIABLE "%s", source);
        fuzz_require(putenv(variable) == 0);
    }
    int status = key_open(argument, argument_pq, profile, &key);
    fuzz_require(status >= 0 && getenv("SIGNING_KEY") == nullptr);
    if (how == 0)
        fuzz_require(bytes_are_zero(value, strlen(source)));
    if (status != 0)
        fuzz_require(bytes_are_zero(key.seed, sizeof key.seed));
    else
        check_key(used, how == 1 || how == 3, file, dev, &key);
    fuzz_require((status == 0 && how == 3) == (key.token != nullptr));
    if (status == 0 && profile == NONOS_PROFILE_RELEASE) {
        fuzz_require(used != nullptr);
        fuzz_require(!file_is_key(dev) || memcmp(key.seed, dev->bytes, sizeof key.seed) != 0);
    }
    /* A good key of a good source has to be taken. */
    if (used != nullptr && strcmp(used, KEY_FILE) == 0 && profile == NONOS_PROFILE_DEV)
        fuzz_require((status == 0) == file_is_key(file));
    key_wipe(&key);
    fuzz_require(open_tokens == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static int folder = -1, home = -1;
    if (folder < 0) {
        folder = folder_open();
        home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fuzz_require(home >= 0);
    }
    struct fuzz_input input = {bytes, len};
    struct key_file file, dev;
    unsigned how = fuzz_take8(&input) % 4;
    uint8_t choice = fuzz_take8(&input);
    file_take(&input, KEY_FILE, &file);
    file_take(&input, NONOS_DEV_KEY_FILE, &dev);
    char *source = fuzz_allocate(input.len + 1);
    fuzz_take(&input, source, input.len);
    /* Nothing outside the folder is opened. */
    if (strlen(source) <= SOURCE_MAX_LEN && source[0] != '/' && strstr(source, "..") == nullptr) {
        fuzz_require(fchdir(folder) == 0);
        file_put(&file);
        file_put(&dev);
        open_key(source, how, choice % 2 == 0 ? NONOS_PROFILE_DEV : NONOS_PROFILE_RELEASE, &file,
                 &dev);
        unlink(KEY_FILE);
        unlink(NONOS_DEV_KEY_FILE);
        fuzz_require(fchdir(home) == 0);
    }
    free(source);
    return 0;
}
