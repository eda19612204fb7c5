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

/*
 * A fault (a skipped instruction, a flipped branch, a wrong result) must not turn a refusal into a
 * change. So everything is decided twice, from the files on, and each time into a plan of its own:
 * once to find out, and once more by the function that then changes the folder, which uses the
 * second plan alone. Not inlined: the two must not share what they have read. `make faults` tries
 * it.
 */

/* What is asked for, the folder being locked. */
struct request {
    const char *folder;
    const char *path; /* add: of the identity's file, for reports; and what is in it */
    struct file_bytes text;
    const uint8_t *id;
    const char *name; /* revoke */
    int lock;
};

/* What is to be done: the folder as it is, who is meant, and its file, here and there. */
struct plan {
    struct trust trust;
    struct identity identity;
    char *trusted;
    char *revoked;
    char *pins;
};

static void plan_free(struct plan *plan)
{
    trust_free(&plan->trust);
    free(plan->trusted);
    free(plan->revoked);
    free(plan->pins);
}

static int lock_folder(const char *folder, int *lock)
{
    *lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0)
        return report_file_error(folder, errno == ENOENT ? NONOS_E_NOT_FOUND : NONOS_E_READ);
    return flock(*lock, LOCK_EX) == 0 ? 0 : report_file_error(folder, NONOS_E_WRITE);
}

static void unlock_folder(int lock)
{
    if (lock >= 0)
        close(lock);
}

static char *join(const char *folder, const char *below, const char *name, const char *suffix)
{
    char *path = nullptr;
    return asprintf(&path, "%s/%s%s%s", folder, below, name, suffix) < 0 ? nullptr : path;
}

static int read_folder(const char *folder, const char *name, struct plan *out)
{
    out->trusted = join(folder, "trusted/", name, SUFFIX);
    out->revoked = join(folder, "revoked/", name, SUFFIX);
    out->pins = join(folder, "pins", "", "");
    if (out->trusted == nullptr || out->revoked == nullptr || out->pins == nullptr)
        return report_error(folder, NONOS_E_NO_MEMORY, nullptr);
    int status = trust_add_folder(&out->trust, folder, true, true);
    return status != 0 ? status : trust_check(&out->trust, true);
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

static int read_new(const struct request *request, struct identity *out)
{
    enum nonos_error error =
        identity_parse((const char *)request->text.bytes, request->text.len, out);
    if (error != NONOS_OK)
        return report_error(request->path, error, nullptr);
    if (!bytes_equal(out->id, request->id, sizeof(out->id)))
        return report_error(request->path, NONOS_E_IDENTITY_PIN,
                            "its id is not the one given with --id: have its owner read it to "
                            "you once more, over another channel than the file came by");
    return refuse_dev(request->path, out);
}

static const struct identity *find_name(const struct trust_list *list, const char *name)
{
    for (size_t i = 0; list->identities != nullptr && i < list->count; i++)
        if (strcmp(list->identities[i].name, name) == 0)
            return &list->identities[i];
    return nullptr;
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

/* Names are for people, who would take one for the other; and the file's name is made of it. */
static int check_new(const struct plan *plan, const char *path)
{
    const struct identity *identity = &plan->identity;
    if (plan->trust.trusted.count + plan->trust.revoked.count >= TRUST_MAX_COUNT)
        return report_error(path, NONOS_E_SIZE, "at most %u identities can be used",
                            TRUST_MAX_COUNT);
    const struct trust_list *lists[] = {&plan->trust.trusted, &plan->trust.revoked};
    for (size_t list = 0; list < 2; list++)
        for (size_t i = 0; i < lists[list]->count; i++) {
            struct identity both[] = {lists[list]->identities[i], *identity};
            if (identity_check_set(both, 2) != NONOS_OK)
                return report_error(path, NONOS_E_IDENTITY_DUPLICATE,
                                    "%s, which is %s, is the same or has one of its keys; a new "
                                    "identity needs a new key",
                                    both[0].name, list == 0 ? "trusted" : "revoked");
        }
    if (find_name(&plan->trust.trusted, identity->name) != nullptr ||
        find_name(&plan->trust.revoked, identity->name) != nullptr || exists(plan->trusted) ||
        exists(plan->revoked))
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

[[gnu::noinline]] static int plan_add(const struct request *request, struct plan *out)
{
    *out = (struct plan){0};
    int status = read_new(request, &out->identity);
    if (status == 0)
        status = read_folder(request->folder, out->identity.name, out);
    return status != 0 ? status : check_new(out, request->path);
}

static int write_files(const struct plan *plan, const char *text, size_t len)
{
    int status = 0;
    sigset_t before;
    file_hold_signals(&before);
    enum nonos_error error = file_write(plan->trusted, text, len);
    if (error != NONOS_OK) {
        status = report_file_error(plan->trusted, error);
    } else {
        error = add_pin(plan->pins, &plan->identity);
        if (error != NONOS_OK) {
            status = report_file_error(plan->pins, error);
            unlink(plan->trusted);
        }
    }
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return status;
}

static int write_new(const struct plan *plan)
{
    char text[IDENTITY_TEXT_MAX_LEN];
    size_t len = 0;
    enum nonos_error error = identity_format(&plan->identity, text, sizeof(text), &len);
    if (error != NONOS_OK)
        return report_error(plan->identity.name, error, nullptr);
    int status = make_folder_of(plan->trusted);
    return status != 0 ? status : write_files(plan, text, len);
}

[[gnu::noinline]] static int commit_add(const struct request *request, struct identity *out)
{
    struct plan plan;
    int status = plan_add(request, &plan);
    if (status == 0)
        status = write_new(&plan);
    if (status == 0)
        *out = plan.identity;
    plan_free(&plan);
    return status;
}

int trust_edit_add(const char *folder, const char *path, const uint8_t id[NONOS_IDENTITY_ID_LEN],
                   struct identity *out)
{
    *out = (struct identity){0};
    struct request request = {.folder = folder, .path = path, .id = id, .lock = -1};
    struct plan plan = {0};
    /* Once: it may be a pipe. */
    int status = trust_read_text(path, &request.text);
    if (status == 0)
        status = lock_folder(folder, &request.lock);
    if (status == 0)
        status = plan_add(&request, &plan);
    if (status == 0)
        status = commit_add(&request, out);
    plan_free(&plan);
    unlock_folder(request.lock);
    file_free(&request.text);
    return status;
}

static bool is_kernel_signer(const struct identity *identity)
{
    return (identity->roles & (uint32_t)NONOS_IMAGE_KERNEL) != 0;
}

/* A tree that trusts nobody builds loaders that start nothing. */
static int check_others(const struct trust_list *list, const struct identity *who)
{
    if (list->count == 1)
        return report_error(who->name, NONOS_E_NO_IDENTITY,
                            "it is the last one trusted: trust its successor first (`nonos trust "
                            "add`)");
    bool remains = !is_kernel_signer(who);
    for (size_t i = 0; i < list->count; i++) {
        const struct identity *other = &list->identities[i];
        remains =
            remains || (other != who && is_kernel_signer(other) && other->profile == who->profile);
    }
    if (remains)
        return 0;
    return report_error(who->name, NONOS_E_NO_IDENTITY,
                        "it is the last one of its profile with the role kernel: trust its "
                        "successor first (`nonos trust add`)");
}

[[gnu::noinline]] static int plan_revoke(const struct request *request, struct plan *out)
{
    const char *name = request->name;
    *out = (struct plan){0};
    int status = read_folder(request->folder, name, out);
    if (status != 0)
        return status;
    if (find_name(&out->trust.revoked, name) != nullptr)
        return report_error(name, NONOS_E_REVOKED, "there is nothing left to do");
    const struct identity *who = find_name(&out->trust.trusted, name);
    if (who == nullptr || !exists(out->trusted))
        return report_error(name, NONOS_E_NOT_FOUND,
                            "%s is not there, with an identity of that name in it; `nonos trust "
                            "list` shows who is",
                            out->trusted);
    out->identity = *who;
    status = check_others(&out->trust.trusted, who);
    if (status == 0 && exists(out->revoked))
        status = report_error(out->revoked, NONOS_E_EXISTS, "move it away first");
    return status;
}

static int move_to_revoked(const struct plan *plan)
{
    int status = make_folder_of(plan->revoked);
    if (status != 0)
        return status;
    enum nonos_error error = file_move(plan->trusted, plan->revoked);
    return error == NONOS_OK ? 0 : report_file_error(plan->revoked, error);
}

[[gnu::noinline]] static int commit_revoke(const struct request *request, struct identity *out)
{
    struct plan plan;
    int status = plan_revoke(request, &plan);
    if (status == 0)
        status = move_to_revoked(&plan);
    if (status == 0)
        *out = plan.identity;
    plan_free(&plan);
    return status;
}

int trust_edit_revoke(const char *folder, const char *name, struct identity *out)
{
    *out = (struct identity){0};
    struct request request = {.folder = folder, .name = name, .lock = -1};
    struct plan plan = {0};
    int status = lock_folder(folder, &request.lock);
    if (status == 0)
        status = plan_revoke(&request, &plan);
    if (status == 0)
        status = commit_revoke(&request, out);
    plan_free(&plan);
    unlock_folder(request.lock);
    return status;
}
