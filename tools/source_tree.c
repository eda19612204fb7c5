#include "tools/source_tree.h"

#include "tools/file.h"
#include "tools/print.h"
#include "tools/report.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAX_WORDS 24u
#define ANSWER_MAX_LEN (64u * 1024)
#define LOG_MAX_LEN (64u * 1024 * 1024)
#define LOG_LINES 6u
#define NO_ROOM_LEN (4u * 1024 * 1024) /* a file that did not fit is gone by then */
#define OPEN_FOLDERS 16

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)place;
    if (kind == FTW_DP || kind == FTW_DNR)
        (void)rmdir(path);
    else
        (void)unlink(path);
    return 0;
}

void source_tree_remove(const char *folder)
{
    (void)nftw(folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* Null: no memory. */
[[gnu::format(printf, 1, 2)]] static char *text_of(const char *format, ...)
{
    char *text = nullptr;
    va_list arguments;
    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    return len < 0 ? nullptr : text;
}

char *source_tree_path(const struct source_tree *it, const char *name)
{
    return text_of("%s/%s", it->tree, name);
}

static bool is_full(const char *folder)
{
    struct statvfs status;
    return statvfs(folder, &status) == 0 &&
           (uint64_t)status.f_bavail * status.f_frsize < NO_ROOM_LEN;
}

/* The last lines of the log, indented. */
static void print_end_of_log(const char *path)
{
    struct file_bytes log;
    if (file_read(path, LOG_MAX_LEN, &log) != NONOS_OK)
        return;
    size_t start = log.len;
    for (unsigned lines = 0; start > 0 && lines <= LOG_LINES; start--)
        lines += start < log.len && log.bytes[start - 1] == '\n' ? 1 : 0;
    if (start > 0)
        start += 1;
    while (start < log.len) {
        const uint8_t *end = memchr(log.bytes + start, '\n', log.len - start);
        size_t len = end == nullptr ? log.len - start : (size_t)(end - log.bytes) - start;
        char *line = strndup((const char *)log.bytes + start, len);
        if (line != nullptr) {
            fputs("  | ", stderr);
            report_text(stderr, line);
            fputc('\n', stderr);
        }
        free(line);
        start += len + 1;
    }
    file_free(&log);
}

int source_tree_report(struct source_tree *it, const char *what, enum process_end end)
{
    if (end == PROCESS_INTERRUPTED)
        return (int)NONOS_E_REBUILD;
    if (end == PROCESS_MISSING)
        return report_error(what, NONOS_E_REBUILD, "there is no program %s here; install it", what);
    if (is_full(it->folder))
        return report_error(what, NONOS_E_REBUILD,
                            "there is no room left on the disk of %s: make room, or name another "
                            "folder with TMPDIR",
                            it->folder);
    print_end_of_log(it->log);
    it->log_is_named = true;
    return report_error(what, NONOS_E_REBUILD, "it failed; what it printed is in %s", it->log);
}

enum process_end source_tree_run(const struct source_tree *it, const char *doing,
                                 const char *const *argv)
{
    return process_run(&(struct process){
        .argv = argv, .environment = it->environment, .log = it->log, .doing = doing});
}

/* Runs git in a folder; with answer, what it prints, without the line feed at its end (free it). */
static enum process_end run_git(const struct source_tree *it, const char *folder,
                                const char *const *words, char **answer)
{
    /* Objects as they are, hooks of nobody, and nothing that a program might rewrite. */
    const char *argv[MAX_WORDS] = {
        "git", "--no-replace-objects", "-c", "core.hooksPath=/dev/null", "-C", folder};
    size_t count = 6;
    while (*words != nullptr && count + 1 < MAX_WORDS)
        argv[count++] = *words++;
    struct process process = {.argv = argv, .environment = it->environment, .log = it->log};
    char *path = nullptr;
    if (answer != nullptr) {
        *answer = nullptr;
        path = text_of("%s/answer", it->folder);
        process.output = path;
        if (path == nullptr)
            return PROCESS_FAILED;
    }
    enum process_end end = process_run(&process);
    struct file_bytes file = {nullptr, 0};
    if (answer != nullptr && end == PROCESS_SUCCEEDED &&
        file_read(path, ANSWER_MAX_LEN, &file) == NONOS_OK) {
        size_t len = file.len > 0 && file.bytes[file.len - 1] == '\n' ? file.len - 1 : file.len;
        *answer = strndup((const char *)file.bytes, len);
    }
    file_free(&file);
    free(path);
    return end == PROCESS_SUCCEEDED && answer != nullptr && *answer == nullptr ? PROCESS_FAILED
                                                                               : end;
}

#define GIT(it, folder, answer, ...)                                                               \
    run_git(it, folder, (const char *const[]){__VA_ARGS__, nullptr}, answer)

static int make_folder(struct source_tree *it)
{
    const char *where = getenv("TMPDIR");
    if (where == nullptr || *where == 0)
        where = "/tmp";
    char *name = text_of("%s/nonos-rebuild-XXXXXX", where);
    if (name == nullptr)
        return report_error(where, NONOS_E_NO_MEMORY, nullptr);
    if (strpbrk(name, " \t\n$#:\\'") != nullptr || *name != '/') {
        free(name);
        return report_error(where, NONOS_E_REBUILD,
                            "make cannot build below a folder of this name: name another one with "
                            "TMPDIR, from the root and without blanks");
    }
    if (mkdtemp(name) == nullptr) {
        int status = report_file_error(name, NONOS_E_WRITE);
        free(name);
        return status;
    }
    it->folder = name;
    it->tree = text_of("%s/source", name);
    it->log = text_of("%s.log", name);
    it->temporary = text_of("TMPDIR=%s", name);
    it->environment = process_environment((const char *const[]){it->epoch, it->temporary, nullptr});
    if (it->temporary == nullptr || it->tree == nullptr || it->log == nullptr ||
        it->environment == nullptr)
        return report_error(where, NONOS_E_NO_MEMORY, nullptr);
    return 0;
}

static int find_repository(struct source_tree *it, const char *source)
{
    enum process_end end =
        GIT(it, source, &it->git, "rev-parse", "--path-format=absolute", "--git-common-dir");
    if (end == PROCESS_FAILED) {
        print_end_of_log(it->log);
        return report_error(source, NONOS_E_REBUILD,
                            "git finds no repository there: run this in a clone of the source, or "
                            "name one with --source");
    }
    if (end == PROCESS_SUCCEEDED)
        end = GIT(it, source, &it->checkout, "rev-parse", "--show-toplevel");
    /* A bare repository has no checkout. */
    return end == PROCESS_SUCCEEDED || end == PROCESS_FAILED ? 0
                                                             : source_tree_report(it, "git", end);
}

static int report_missing(struct source_tree *it, const char *source, const char *commit)
{
    char *answer = nullptr;
    enum process_end end = GIT(it, source, &answer, "rev-parse", "--is-shallow-repository");
    bool is_shallow = end == PROCESS_SUCCEEDED && strcmp(answer, "true") == 0;
    free(answer);
    if (end == PROCESS_INTERRUPTED)
        return source_tree_report(it, "git", end);
    if (is_shallow)
        return report_error(commit, NONOS_E_REBUILD,
                            "%s is a shallow clone without that commit; git fetch --unshallow gets "
                            "the rest",
                            source);
    return report_error(commit, NONOS_E_REBUILD,
                        "there is no such commit in %s: git fetch --tags may get it, or --source "
                        "names a clone that has it",
                        source);
}

/* Whoever makes an image chooses its commit, and building it runs what is in it: objects that only
 * lie around, such as somebody's proposal that was fetched once, are not the project's. */
static int check_reachable(struct source_tree *it, const char *source, const char *commit)
{
    char *answer = nullptr;
    enum process_end end = GIT(it, source, nullptr, "merge-base", "--is-ancestor", commit, "HEAD");
    if (end == PROCESS_FAILED)
        end = GIT(it, source, &answer, "for-each-ref", "--count=1", "--contains", commit,
                  "refs/heads", "refs/remotes", "refs/tags");
    bool is_reachable = end == PROCESS_SUCCEEDED && (answer == nullptr || *answer != 0);
    free(answer);
    if (is_reachable)
        return 0;
    if (end != PROCESS_SUCCEEDED)
        return source_tree_report(it, "git", end);
    return report_error(commit, NONOS_E_REBUILD,
                        "no branch and no tag of %s has that commit: look at it, then check it out "
                        "or give it a tag",
                        source);
}

static int find_commit(struct source_tree *it, const char *source, const char *commit)
{
    char object[64];
    (void)snprintf(object, sizeof(object), "%s^{commit}", commit);
    enum process_end end = GIT(it, source, nullptr, "cat-file", "-e", object);
    if (end == PROCESS_FAILED)
        return report_missing(it, source, commit);
    int status = end == PROCESS_SUCCEEDED ? check_reachable(it, source, commit)
                                          : source_tree_report(it, "git", end);
    if (status != 0)
        return status;
    char *subject = nullptr;
    end = GIT(it, source, &subject, "show", "--no-patch", "--format=%cs %s", commit);
    if (end != PROCESS_SUCCEEDED)
        return source_tree_report(it, "git", end);
    print_line("commit", commit);
    print_line("", subject);
    free(subject);
    return 0;
}

static int check_out(struct source_tree *it, const char *commit)
{
    enum process_end end = GIT(it, "/", nullptr, "clone", "--quiet", "--shared", "--no-checkout",
                               "--template=", "--config", "core.autocrlf=false", "--config",
                               "core.fileMode=true", it->git, it->tree);
    if (end == PROCESS_SUCCEEDED)
        end = GIT(it, it->tree, nullptr, "-c", "advice.detachedHead=false", "checkout", "--quiet",
                  "--detach", commit);
    return end == PROCESS_SUCCEEDED ? 0 : source_tree_report(it, "git", end);
}

int source_tree_open(struct source_tree *it, const char *source, const struct manifest *manifest)
{
    char commit[48];
    (void)snprintf(commit, sizeof(commit), "%.*s", (int)manifest->commit.len,
                   manifest->commit.bytes);
    (void)snprintf(it->epoch, sizeof(it->epoch), "SOURCE_DATE_EPOCH=%" PRIu64, manifest->epoch);
    int status = make_folder(it);
    if (status == 0)
        status = find_repository(it, source);
    if (status == 0)
        status = find_commit(it, source, commit);
    if (status == 0)
        status = check_out(it, commit);
    return status;
}

void source_tree_close(struct source_tree *it)
{
    if (it->folder != nullptr)
        source_tree_remove(it->folder);
    if (it->log != nullptr && !it->log_is_named)
        (void)unlink(it->log);
    free(it->folder);
    free(it->tree);
    free(it->log);
    free(it->git);
    free(it->checkout);
    free(it->environment);
    free(it->temporary);
    *it = (struct source_tree){0};
}
