#include "tools/trust.h"

#include "crypto/bytes.h"
#include "image/text.h"
#include "tools/file.h"
#include "tools/report.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".identity"
#define ID_HEX_LEN (2 * NONOS_IDENTITY_ID_LEN)

/* The lines of keys/pins, as text: each is looked up by file name. */
struct pins {
    char *path;
    struct file_bytes file;
};

static int list_add(struct trust_list *list, const struct identity *identity)
{
    if (list->count == TRUST_MAX_COUNT)
        return report_error(identity->name, NONOS_E_SIZE, "at most %u identities can be used",
                            TRUST_MAX_COUNT);
    struct identity *grown = realloc(list->identities, (list->count + 1) * sizeof(struct identity));
    if (grown == nullptr)
        return report_error(identity->name, NONOS_E_NO_MEMORY, nullptr);
    list->identities = grown;
    list->identities[list->count++] = *identity;
    return 0;
}

int trust_read_text(const char *path, struct file_bytes *out)
{
    enum nonos_error error = file_read(path, IDENTITY_TEXT_MAX_LEN, out);
    if (error == NONOS_E_SIZE)
        error = NONOS_E_IDENTITY_SYNTAX;
    return error == NONOS_OK ? 0 : report_file_error(path, error);
}

static int read_identity(const char *path, struct identity *out)
{
    struct file_bytes file;
    *out = (struct identity){0};
    int status = trust_read_text(path, &file);
    if (status != 0)
        return status;
    enum nonos_error error = identity_parse((const char *)file.bytes, file.len, out);
    file_free(&file);
    return error == NONOS_OK ? 0 : report_error(path, error, nullptr);
}

int trust_add_file(struct trust *trust, const char *path)
{
    struct identity identity;
    int status = read_identity(path, &identity);
    return status != 0 ? status : trust_add(trust, &identity);
}

/* The id stands for both keys. */
static bool is_same_identity(const struct identity *a, const struct identity *b)
{
    return bytes_equal(a->id, b->id, sizeof(a->id)) && strcmp(a->name, b->name) == 0 &&
           a->roles == b->roles && a->profile == b->profile;
}

int trust_add(struct trust *trust, const struct identity *identity)
{
    for (size_t i = 0; i < trust->trusted.count; i++)
        if (is_same_identity(&trust->trusted.identities[i], identity))
            return 0;
    return list_add(&trust->trusted, identity);
}

static int report_pins_line(const struct pins *pins, size_t line, const char *why)
{
    return report_error(pins->path, NONOS_E_IDENTITY_SYNTAX, "line %zu %s", line, why);
}

struct pin {
    const char *name;
    size_t name_len;
    uint8_t id[NONOS_IDENTITY_ID_LEN];
};

/* Takes one line off the pins; *empty for a comment or an empty line. False where it is malformed.
 */
static bool take_pin(const char **text, size_t *len, struct pin *out, bool *empty)
{
    size_t line_len = text_find(*text, *len, '\n');
    const char *line = *text;
    size_t taken = line_len == *len ? line_len : line_len + 1;
    *text += taken;
    *len -= taken;
    *empty = line_len == 0 || line[0] == '#';
    if (*empty)
        return true;
    if (line_len < ID_HEX_LEN + 2 || line[ID_HEX_LEN] != ' ' ||
        !text_read_hex(line, ID_HEX_LEN, out->id, sizeof(out->id)))
        return false;
    out->name = line + ID_HEX_LEN + 1;
    out->name_len = line_len - ID_HEX_LEN - 1;
    return text_find(out->name, out->name_len, ' ') == out->name_len &&
           text_find(out->name, out->name_len, '/') == out->name_len &&
           text_find(out->name, out->name_len, 0) == out->name_len;
}

/* *found: how many pins the name has, and the id of the last one. */
static int find_pin(const struct pins *pins, const char *name, unsigned *found,
                    uint8_t id[NONOS_IDENTITY_ID_LEN])
{
    const char *text = (const char *)pins->file.bytes;
    size_t len = pins->file.len;
    *found = 0;
    for (size_t line = 1; len > 0; line++) {
        struct pin pin;
        bool empty = false;
        if (!take_pin(&text, &len, &pin, &empty))
            return report_pins_line(pins, line, "is not \"<64 hexadecimal digits> <file name>\"");
        if (empty || !text_is(pin.name, pin.name_len, name))
            continue;
        ++*found;
        memcpy(id, pin.id, sizeof(pin.id));
    }
    return 0;
}

[[gnu::noinline]] static int check_pin(const struct pins *pins, const char *path, const char *name,
                                       const struct identity *identity)
{
    unsigned found = 0;
    uint8_t id[NONOS_IDENTITY_ID_LEN] = {0};
    int status = find_pin(pins, name, &found, id);
    if (status != 0)
        return status;
    if (found == 1 && bytes_equal(id, identity->id, sizeof(id)))
        return 0;
    char hex[ID_HEX_LEN + 1] = {0};
    text_write_hex(identity->id, sizeof(identity->id), hex);
    if (found > 1)
        return report_error(path, NONOS_E_IDENTITY_PIN,
                            "%s names it more than once: keep one of the lines", pins->path);
    return report_error(path, NONOS_E_IDENTITY_PIN,
                        "once its owner has confirmed the id, add this line to %s: %s %s",
                        pins->path, hex, name);
}

/* The pin is looked up once more: one fault must not do without it (`make faults`). */
[[gnu::noinline]] static int list_add_pinned(struct trust_list *list, const struct pins *pins,
                                             const char *path, const char *name,
                                             const struct identity *identity)
{
    int status = check_pin(pins, path, name, identity);
    return status != 0 ? status : list_add(list, identity);
}

/* A file with another name would look trusted, or revoked, and be neither. */
static bool is_ignored(const char *name)
{
    return name[0] == '.' || strcmp(name, "README.md") == 0;
}

static int add_pinned(struct trust_list *list, const struct pins *pins, const char *folder,
                      const char *name)
{
    char *path = nullptr;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return report_error(name, NONOS_E_NO_MEMORY, nullptr);
    size_t len = strlen(name);
    size_t suffix_len = strlen(SUFFIX);
    struct identity identity;
    int status = 0;
    if (len <= suffix_len || strcmp(name + len - suffix_len, SUFFIX) != 0)
        status = report_error(path, NONOS_E_IDENTITY_SYNTAX,
                              "only files named NAME" SUFFIX " may lie in that folder");
    else
        status = read_identity(path, &identity);
    if (status == 0)
        status = check_pin(pins, path, name, &identity);
    if (status == 0)
        status = list_add_pinned(list, pins, path, name, &identity);
    free(path);
    return status;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* In the order of the names, so that what is made from them is the same everywhere. */
static int add_subfolder(struct trust_list *list, const struct pins *pins, const char *folder,
                         const char *subfolder)
{
    char *path = nullptr;
    if (asprintf(&path, "%s/%s", folder, subfolder) < 0)
        return report_error(folder, NONOS_E_NO_MEMORY, nullptr);
    struct dirent **entries = nullptr;
    int count = scandir(path, &entries, nullptr, by_name);
    int status = 0;
    /* Folders without a file do not survive in git. */
    if (count < 0 && errno != ENOENT)
        status = report_file_error(path, NONOS_E_READ);
    for (int i = 0; i < count; i++) {
        if (status == 0 && !is_ignored(entries[i]->d_name))
            status = add_pinned(list, pins, path, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    free(path);
    return status;
}

static bool exists_below(const char *folder, const char *subfolder, const struct pin *pin)
{
    char *path = nullptr;
    if (asprintf(&path, "%s/%s/%.*s", folder, subfolder, (int)pin->name_len, pin->name) < 0)
        return false;
    struct stat status;
    bool exists = stat(path, &status) == 0;
    free(path);
    return exists;
}

/* A pin without its file: the file was taken away, which may be a revocation that got lost. */
static int check_pins_used(const struct pins *pins, const char *folder)
{
    const char *text = (const char *)pins->file.bytes;
    size_t len = pins->file.len;
    for (size_t line = 1; len > 0; line++) {
        struct pin pin;
        bool empty = false;
        if (!take_pin(&text, &len, &pin, &empty))
            return report_pins_line(pins, line, "is not \"<64 hexadecimal digits> <file name>\"");
        if (!empty && !exists_below(folder, "trusted", &pin) &&
            !exists_below(folder, "revoked", &pin))
            return report_error(pins->path, NONOS_E_IDENTITY_PIN,
                                "line %zu pins a file that is neither in %s/trusted nor in "
                                "%s/revoked: put the file back, or take the line away",
                                line, folder, folder);
    }
    return 0;
}

static int read_pins(struct pins *pins, const char *folder)
{
    *pins = (struct pins){nullptr, {nullptr, 0}};
    if (asprintf(&pins->path, "%s/pins", folder) < 0) {
        pins->path = nullptr;
        return report_error(folder, NONOS_E_NO_MEMORY, nullptr);
    }
    enum nonos_error error = file_read(pins->path, TRUST_PINS_MAX_LEN, &pins->file);
    if (error == NONOS_E_SIZE)
        return report_error(pins->path, error, "at most %u bytes", TRUST_PINS_MAX_LEN);
    if (error != NONOS_OK && error != NONOS_E_NOT_FOUND)
        return report_file_error(pins->path, error);
    return 0;
}

int trust_add_folder(struct trust *trust, const char *folder, bool with_trusted, bool must_exist)
{
    struct stat info;
    if (stat(folder, &info) != 0) {
        if (errno == ENOENT && !must_exist)
            return 0;
        return report_file_error(folder, errno == ENOENT ? NONOS_E_NOT_FOUND : NONOS_E_READ);
    }
    struct pins pins;
    int status = read_pins(&pins, folder);
    if (status == 0)
        status = check_pins_used(&pins, folder);
    if (status == 0 && with_trusted)
        status = add_subfolder(&trust->trusted, &pins, folder, "trusted");
    if (status == 0)
        status = add_subfolder(&trust->revoked, &pins, folder, "revoked");
    file_free(&pins.file);
    free(pins.path);
    return status;
}

static int check_list(const struct identity *identities, size_t count)
{
    enum nonos_error error = identity_check_set(identities, count);
    if (error == NONOS_OK)
        return 0;
    return report_error("identities", error,
                        "an identity is either trusted or revoked, and stands there once");
}

static int check_across(const struct trust *trust)
{
    size_t count = trust->trusted.count + trust->revoked.count;
    struct identity *all = calloc(count + 1, sizeof(struct identity));
    if (all == nullptr)
        return report_error("identities", NONOS_E_NO_MEMORY, nullptr);
    for (size_t i = 0; i < count; i++)
        all[i] = i < trust->trusted.count ? trust->trusted.identities[i]
                                          : trust->revoked.identities[i - trust->trusted.count];
    int status = check_list(all, count);
    free(all);
    return status;
}

int trust_check(const struct trust *trust, bool across)
{
    if (across)
        return check_across(trust);
    int status = check_list(trust->trusted.identities, trust->trusted.count);
    if (status == 0)
        status = check_list(trust->revoked.identities, trust->revoked.count);
    return status;
}

void trust_free(struct trust *trust)
{
    free(trust->trusted.identities);
    free(trust->revoked.identities);
    *trust = (struct trust){0};
}
