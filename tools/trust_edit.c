#include "tools/trust_edit.h"

#include "crypto/bytes.h"
#include "tools/command.h"
#include "tools/file.h"
#include "tools/key.h"
#include "tools/key_file.h"
#include "tools/report.h"
#include "tools/trust.h"

#include "image/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SUFFIX ".identity"
#define ID_HEX_LEN (2 * NONOS_IDENTITY_ID_LEN)

/* A folder that is being changed: locked, read, and in order. */
struct editing {
    int lock;
    struct trust trust;
    char *trusted; /* path of the file in trusted/, and of the other two */
    char *revoked;
    char *pins;
};

static void end_editing(struct editing *editing)
{
    if (editing->lock >= 0)
        close(editing->lock);
    trust_free(&editing->trust);
    free(editing->trusted);
    free(editing->revoked);
    free(editing->pins);
}

static char *join(const char *folder, const char *below, const char *name, const char *suffix)
{
    char *path = nullptr;
    return asprintf(&path, "%s/%s%s%s", folder, below, name, suffix) < 0 ? nullptr : path;
}

static int read_folder(const char *folder, const char *name, struct editing *out)
{
    if (out->lock < 0)
        return report_file_error(folder, errno == ENOENT ? NONOS_E_NOT_FOUND : NONOS_E_READ);
    if (flock(out->lock, LOCK_EX) != 0)
        return report_file_error(folder, NONOS_E_WRITE);
    out->trusted = join(folder, "trusted/", name, SUFFIX);
    out->revoked = join(folder, "revoked/", name, SUFFIX);
    out->pins = join(folder, "pins", "", "");
    int status = trust_add_folder(&out->trust, folder, true, true);
    return status != 0 ? status : trust_check(&out->trust, true);
}

static int begin_editing(const char *folder, const char *name, struct editing *out)
{
    *out = (struct editing){.lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    int status = read_folder(folder, name, out);
    if (status == 0 &&
        (out->trusted == nullptr || out->revoked == nullptr || out->pins == nullptr)) {
        status = (int)NONOS_E_NO_MEMORY;
        report_error(folder, NONOS_E_NO_MEMORY, nullptr);
    }
    return status;
}

/* By content too: a development key that calls itself a release is one all the same. */
static int refuse_dev(const char *path, const struct identity *identity)
{
    static const char advice[] = "a development build trusts its own key by itself, and nobody "
                                 "else does; a release has a key of its own";
    struct signing_key key = {.token = nullptr};
    struct identity dev;
    if (identity->profile != NONOS_PROFILE_RELEASE)
        return report_error(path, NONOS_E_POLICY_DEV, advice);
    enum nonos_error error = key_file_read(NONOS_DEV_KEY_FILE, key.seed);
    if (error == NONOS_E_NOT_FOUND)
        return 0;
    if (error != NONOS_OK)
        return key_file_report(NONOS_DEV_KEY_FILE, error);
    error = key_identity(&key, "dev", (uint32_t)NONOS_IMAGE_KERNEL, NONOS_PROFILE_DEV, &dev);
    key_wipe(&key);
    if (error != NONOS_OK)
        return report_error(NONOS_DEV_KEY_FILE, error, nullptr);
    if (identity_check_set((const struct identity[]){dev, *identity}, 2) != NONOS_OK)
        return report_error(path, NONOS_E_POLICY_DEV, advice);
    return 0;
}

static int read_new(const char *path, const uint8_t id[NONOS_IDENTITY_ID_LEN], struct identity *out)
{
    struct trust given = {0};
    int status = trust_add_file(&given, path);
    if (status == 0)
        *out = given.trusted.identities[0];
    trust_free(&given);
    if (status == 0 && !bytes_equal(out->id, id, sizeof(out->id)))
        status = report_error(path, NONOS_E_IDENTITY_PIN,
                              "its id is not the one given with --id: have its owner read it to "
                              "you once more, over another channel than the file came by");
    return status != 0 ? status : refuse_dev(path, out);
}

static bool has_name(const struct trust_list *list, const char *name, size_t *at)
{
    for (*at = 0; list->identities != nullptr && *at < list->count; ++*at)
        if (strcmp(list->identities[*at].name, name) == 0)
            return true;
    return false;
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

/* Names are for people, who would take one for the other; and the file's name is made of it. */
static int check_new(const struct editing *editing, const char *path, struct identity *identity)
{
    size_t at = 0;
    if (editing->trust.trusted.count + editing->trust.revoked.count >= TRUST_MAX_COUNT)
        return report_error(path, NONOS_E_SIZE, "at most %u identities can be used",
                            TRUST_MAX_COUNT);
    const struct trust_list *lists[] = {&editing->trust.trusted, &editing->trust.revoked};
    for (size_t list = 0; list < 2; list++)
        for (size_t i = 0; i < lists[list]->count; i++) {
            struct identity both[] = {lists[list]->identities[i], *identity};
            if (identity_check_set(both, 2) != NONOS_OK)
                return report_error(path, NONOS_E_IDENTITY_DUPLICATE,
                                    "%s, which is %s, is the same or has one of its keys; a new "
                                    "identity needs a new key",
                                    both[0].name, list == 0 ? "trusted" : "revoked");
        }
    if (has_name(&editing->trust.trusted, identity->name, &at) ||
        has_name(&editing->trust.revoked, identity->name, &at) || exists(editing->trusted) ||
        exists(editing->revoked))
        return report_error(identity->name, NONOS_E_EXISTS,
                            "another identity has that name: make it again with another --name");
    return 0;
}

/* The pins as they are, byte for byte, and one line more. */
static enum nonos_error write_pins(const char *path, const struct file_bytes *old,
                                   const struct identity *identity)
{
    char hex[ID_HEX_LEN + 1] = {0};
    char line[ID_HEX_LEN + IDENTITY_NAME_MAX_LEN + sizeof(SUFFIX) + 4];
    text_write_hex(identity->id, sizeof(identity->id), hex);
    bool is_open = old->len > 0 && old->bytes[old->len - 1] != '\n';
    int line_len = snprintf(line, sizeof(line), "%s%s %s" SUFFIX "\n", is_open ? "\n" : "", hex,
                            identity->name);
    size_t len = old->len + (size_t)line_len;
    if (len > TRUST_PINS_MAX_LEN)
        return NONOS_E_SIZE;
    uint8_t *bytes = malloc(len);
    if (bytes == nullptr)
        return NONOS_E_NO_MEMORY;
    if (old->len > 0)
        memcpy(bytes, old->bytes, old->len);
    memcpy(bytes + old->len, line, (size_t)line_len);
    enum nonos_error error = file_write(path, bytes, len);
    free(bytes);
    return error;
}

static enum nonos_error add_pin(const char *path, const struct identity *identity)
{
    struct file_bytes old;
    enum nonos_error error = file_read(path, TRUST_PINS_MAX_LEN, &old);
    if (error == NONOS_OK || error == NONOS_E_NOT_FOUND)
        error = write_pins(path, &old, identity);
    file_free(&old);
    return error;
}

static int make_folder_of(const char *path)
{
    char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
    if (folder == nullptr)
        return report_error(path, NONOS_E_NO_MEMORY, nullptr);
    int status = 0;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        status = report_file_error(folder, NONOS_E_WRITE);
    free(folder);
    return status;
}

static int write_new(const struct editing *editing, const struct identity *identity)
{
    char text[IDENTITY_TEXT_MAX_LEN];
    size_t len = 0;
    enum nonos_error error = identity_format(identity, text, sizeof(text), &len);
    if (error != NONOS_OK)
        return report_error(identity->name, error, nullptr);
    int status = make_folder_of(editing->trusted);
    if (status != 0)
        return status;
    sigset_t before;
    file_hold_signals(&before);
    error = file_write(editing->trusted, text, len);
    if (error != NONOS_OK) {
        status = report_file_error(editing->trusted, error);
    } else {
        error = add_pin(editing->pins, identity);
        if (error != NONOS_OK) {
            status = report_file_error(editing->pins, error);
            unlink(editing->trusted);
        }
    }
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return status;
}

int trust_edit_add(const char *folder, const char *path, const uint8_t id[NONOS_IDENTITY_ID_LEN],
                   struct identity *out)
{
    *out = (struct identity){0};
    struct identity identity;
    int status = read_new(path, id, &identity);
    if (status != 0)
        return status;
    struct editing editing;
    status = begin_editing(folder, identity.name, &editing);
    if (status == 0)
        status = check_new(&editing, path, &identity);
    if (status == 0)
        status = write_new(&editing, &identity);
    if (status == 0)
        *out = identity;
    end_editing(&editing);
    return status;
}

static bool is_kernel_signer(const struct identity *identity)
{
    return (identity->roles & (uint32_t)NONOS_IMAGE_KERNEL) != 0;
}

/* A tree that trusts nobody builds loaders that start nothing. */
static int check_others(const struct trust_list *list, size_t leaving)
{
    if (list->identities == nullptr)
        return report_error("identities", NONOS_E_INTERNAL, nullptr);
    const struct identity *who = &list->identities[leaving];
    if (list->count == 1)
        return report_error(who->name, NONOS_E_NO_IDENTITY,
                            "it is the last one trusted: trust its successor first (`nonos trust "
                            "add`)");
    bool remains = !is_kernel_signer(who);
    for (size_t i = 0; i < list->count; i++)
        remains = remains || (i != leaving && is_kernel_signer(&list->identities[i]) &&
                              list->identities[i].profile == who->profile);
    if (remains)
        return 0;
    return report_error(who->name, NONOS_E_NO_IDENTITY,
                        "it is the last one of its profile with the role kernel: trust its "
                        "successor first (`nonos trust add`)");
}

static int move_to_revoked(const struct editing *editing)
{
    if (exists(editing->revoked))
        return report_error(editing->revoked, NONOS_E_EXISTS, "move it away first");
    int status = make_folder_of(editing->revoked);
    if (status != 0)
        return status;
    enum nonos_error error = file_move(editing->trusted, editing->revoked);
    return error == NONOS_OK ? 0 : report_file_error(editing->revoked, error);
}

int trust_edit_revoke(const char *folder, const char *name, struct identity *out)
{
    *out = (struct identity){0};
    struct editing editing;
    size_t at = 0;
    int status = begin_editing(folder, name, &editing);
    if (status == 0 && has_name(&editing.trust.revoked, name, &at))
        status = report_error(name, NONOS_E_REVOKED, "there is nothing left to do");
    if (status == 0 && (!has_name(&editing.trust.trusted, name, &at) || !exists(editing.trusted)))
        status = report_error(name, NONOS_E_NOT_FOUND,
                              "%s is not there, with an identity of that name in it; `nonos trust "
                              "list` shows who is",
                              editing.trusted);
    if (status == 0)
        status = check_others(&editing.trust.trusted, at);
    if (status == 0)
        status = move_to_revoked(&editing);
    if (status == 0)
        *out = editing.trust.trusted.identities[at];
    end_editing(&editing);
    return status;
}
