/*
 * The folder of identities: trusted and revoked in any order, with files and pins changed in
 * between. A refusal changes nothing; what is done leaves a folder that is in order, with somebody
 * trusted in it and nobody of a development build.
 */
#include "tests/fuzz/fuzz.h"

#include "tools/file.h"
#include "tools/key.h"
#include "tools/report.h"
#include "tools/trust.h"
#include "tools/trust_edit.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDENTITY_COUNT 5u
#define STEPS_MAX 12u
#define SEEN_MAX_LEN 65536u

/* The last two are of one key, and the fourth is a development one. */
static struct identity identities[IDENTITY_COUNT];

/* Reports are not what is tried here, and would be most of the time. */
int report_error([[maybe_unused]] const char *what, enum nonos_error error,
                 [[maybe_unused]] const char *advice, ...)
{
    fuzz_require(error != NONOS_OK);
    return (int)error;
}

int report_file_error([[maybe_unused]] const char *path, enum nonos_error error)
{
    fuzz_require(error != NONOS_OK);
    return (int)error;
}

void report_notice([[maybe_unused]] const char *format, ...)
{
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0);
}

static void path_of(const char *folder, size_t i, char path[64])
{
    snprintf(path, 64, "keys/%s/%s.identity", folder, identities[i].name);
}

static void prepare(void)
{
    static const struct {
        const char *name;
        uint8_t seed;
        enum nonos_profile profile;
        uint32_t roles;
    } makings[IDENTITY_COUNT] = {
        {"alice", 1, NONOS_PROFILE_RELEASE, NONOS_IMAGE_KERNEL},
        {"bob", 2, NONOS_PROFILE_RELEASE, NONOS_IMAGE_KERNEL | NONOS_IMAGE_CAPSULE},
        {"carol", 3, NONOS_PROFILE_RELEASE, NONOS_IMAGE_CAPSULE},
        {"dave", 4, NONOS_PROFILE_DEV, NONOS_IMAGE_KERNEL},
        {"erin", 4, NONOS_PROFILE_RELEASE, NONOS_IMAGE_KERNEL},
    };
    const char *temporary = getenv("TMPDIR");
    char name[4096];
    int len = snprintf(name, sizeof name, "%s/nonos-fuzz-trust-XXXXXX",
                       temporary == nullptr ? "/tmp" : temporary);
    fuzz_require(sodium_init() >= 0 && len > 0 && (size_t)len < sizeof name);
    fuzz_require(mkdtemp(name) != nullptr && chdir(name) == 0 && mkdir("keys", 0700) == 0);
    fuzz_require(mkdir("keys/trusted", 0700) == 0 && mkdir("keys/revoked", 0700) == 0);
    for (size_t i = 0; i < IDENTITY_COUNT; i++) {
        struct signing_key key = {.token = nullptr};
        char text[IDENTITY_TEXT_MAX_LEN], path[64];
        size_t text_len = 0;
        memset(key.seed, makings[i].seed, sizeof key.seed);
        fuzz_require(key_identity(&key, makings[i].name, makings[i].roles, makings[i].profile,
                                  &identities[i]) == NONOS_OK);
        fuzz_require(identity_format(&identities[i], text, sizeof text, &text_len) == NONOS_OK);
        snprintf(path, sizeof path, "%s.identity", makings[i].name);
        write_file(path, text, text_len);
    }
}

/* Every file that there can be, one behind the other. */
static size_t look(uint8_t *seen)
{
    size_t len = 0;
    for (size_t i = 0; i <= 2 * IDENTITY_COUNT; i++) {
        char path[64] = "keys/pins";
        struct file_bytes file;
        if (i < 2 * IDENTITY_COUNT)
            path_of(i % 2 == 0 ? "trusted" : "revoked", i / 2, path);
        bool there = file_read(path, SEEN_MAX_LEN, &file) == NONOS_OK;
        fuzz_require(len + file.len + 5 <= SEEN_MAX_LEN);
        seen[len++] = there;
        memcpy(seen + len, &file.len, 4);
        len += 4;
        if (there)
            memcpy(seen + len, file.bytes, file.len);
        len += file.len;
        file_free(&file);
    }
    return len;
}

static void check_done(const struct identity *who, bool added)
{
    struct trust trust = {0};
    fuzz_require(trust_add_folder(&trust, "keys", true, true) == 0 &&
                 trust_check(&trust, true) == 0);
    fuzz_require(trust.trusted.count > 0 && trust.trusted.identities != nullptr);
    const struct trust_list *list = added ? &trust.trusted : &trust.revoked;
    bool found = false;
    for (size_t i = 0; i < list->count; i++)
        found = found || memcmp(list->identities[i].id, who->id, sizeof who->id) == 0;
    fuzz_require(found && (!added || who->profile == NONOS_PROFILE_RELEASE));
    trust_free(&trust);
}

static void edit(struct fuzz_input *input, uint8_t step)
{
    static uint8_t before[SEEN_MAX_LEN], after[SEEN_MAX_LEN];
    struct identity out;
    char path[64];
    bool adding = step % 2 == 0;
    size_t i = fuzz_take8(input) % IDENTITY_COUNT;
    /* Mostly the id that is the file's. */
    uint8_t other = fuzz_take8(input);
    size_t len = look(before);
    snprintf(path, sizeof path, "%s.identity", identities[i].name);
    const uint8_t *id = identities[other < 192 ? i : other % IDENTITY_COUNT].id;
    int status = adding ? trust_edit_add("keys", path, id, &out)
                        : trust_edit_revoke("keys", identities[i].name, &out);
    if (status == 0) {
        fuzz_require(!adding || memcmp(id, out.id, sizeof out.id) == 0);
        check_done(&out, adding);
    } else {
        fuzz_require(look(after) == len && memcmp(before, after, len) == 0);
    }
}

/* Somebody else's hands in the folder: a file or the pins, changed, cut off, or gone. */
static void disturb(struct fuzz_input *input, uint8_t step)
{
    char path[64] = "keys/pins";
    struct file_bytes file;
    if (step % 2 == 0)
        path_of(step % 4 == 0 ? "trusted" : "revoked", fuzz_take8(input) % IDENTITY_COUNT, path);
    uint8_t at = fuzz_take8(input);
    if (file_read(path, SEEN_MAX_LEN, &file) == NONOS_OK && file.len > 0) {
        file.bytes[at % file.len] ^= fuzz_take8(input);
        if (at == 255)
            unlink(path);
        else
            write_file(path, file.bytes, at == 254 ? file.len / 2 : file.len);
    }
    file_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    if (identities[0].profile == 0 && identities[0].roles == 0)
        prepare();
    for (unsigned i = 0; i < STEPS_MAX && input.len > 0; i++) {
        uint8_t step = fuzz_take8(&input);
        if (step < 208)
            edit(&input, step);
        else
            disturb(&input, step);
    }
    unlink("keys/pins");
    for (size_t i = 0; i < 2 * IDENTITY_COUNT; i++) {
        char path[64];
        path_of(i % 2 == 0 ? "trusted" : "revoked", i / 2, path);
        unlink(path);
    }
    return 0;
}
