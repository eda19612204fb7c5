#include "tools/rebuild.h"

#include "image/digest.h"
#include "image/text.h"
#include "tools/command.h"
#include "tools/image_file.h"
#include "tools/print.h"
#include "tools/rebuild_report.h"
#include "tools/report.h"
#include "tools/seal.h"
#include "tools/source_tree.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK "package-lock.json"
#define LOCK_MAX_LEN (16u * 1024 * 1024)
#define INSTALLED "node_modules/.package-lock.json"

static int read_side(const char *path, struct rebuild_side *out)
{
    enum nonos_error error = image_file_read(path, &out->file);
    if (error == NONOS_OK)
        error = structure_read(out->file.bytes, out->file.len, &out->structure);
    return error == NONOS_OK ? 0 : image_file_report(path, error, out->structure.manifest_line);
}

/* What no signature of a stranger says anything about; of all else the reason stands. */
static bool is_unjudged(enum nonos_error error)
{
    return error == NONOS_E_NO_IDENTITY || error == NONOS_E_UNSIGNED || error == NONOS_E_ED25519;
}

/* Who signed, where that is known. Whom the caller names has to be the signer; whoever is known
 * besides must not be revoked, and both signatures must be his. */
static int judge_signer(const struct verification *request, const char *path,
                        const struct file_bytes *image)
{
    struct trust trust;
    struct image_verdict verdict;
    bool must_hold = request->identity_count > 0 || request->keys != nullptr;
    int status = verification_gather(request, &trust);
    if (status == 0) {
        enum nonos_error error = verification_decide(request, &trust, image, &verdict);
        bool is_verified = image_is_verified(&verdict);
        verification_print_signer(&verdict);
        if (is_verified)
            verification_print_verdict(&verdict);
        else if (error == NONOS_E_UNSIGNED && !must_hold)
            print_line("signer", "none: it is not signed");
        else if (is_unjudged(error) && !must_hold)
            print_line("signer", "nobody who is trusted here: the signatures are not judged");
        else if (error != NONOS_E_POLICY_DEV || must_hold)
            status = image_file_report(path, error, verdict.manifest_line);
    }
    trust_free(&trust);
    return status;
}

static int check_manifest(const char *path, const struct manifest *manifest)
{
    if (manifest->type != NONOS_IMAGE_KERNEL)
        return report_error(path, NONOS_E_REBUILD,
                            "it is a %s, and the source that is built here gives a kernel",
                            command_type_name(manifest->type));
    if (text_is(manifest->commit.bytes, manifest->commit.len, "none"))
        return report_error(path, NONOS_E_REBUILD,
                            "its manifest says commit=none: nobody can say what it was built from");
    if (manifest->dirty)
        return report_error(path, NONOS_E_REBUILD,
                            "its manifest says dirty=yes: it was built from files that its commit "
                            "does not have, so nobody else can build it");
    return 0;
}

static bool have_same_bytes(const char *first, const char *second)
{
    struct file_bytes a = {nullptr, 0}, b = {nullptr, 0};
    bool same = file_read(first, LOCK_MAX_LEN, &a) == NONOS_OK &&
                file_read(second, LOCK_MAX_LEN, &b) == NONOS_OK && a.len == b.len &&
                memcmp(a.bytes, b.bytes, a.len) == 0;
    file_free(&a);
    file_free(&b);
    return same;
}

/* PQClean as the user's checkout has it, when it was locked to the same version. Not checked again:
 * npm has no command for that. Failing is no error, make installs what is not there. */
static void copy_packages(const struct source_tree *tree)
{
    char *lock = source_tree_path(tree, LOCK), *target = source_tree_path(tree, "node_modules");
    char *installed = source_tree_path(tree, INSTALLED);
    char *from = nullptr, *from_lock = nullptr;
    if (asprintf(&from, "%s/node_modules/.", tree->checkout) < 0)
        from = nullptr;
    if (asprintf(&from_lock, "%s/" LOCK, tree->checkout) < 0)
        from_lock = nullptr;
    if (lock != nullptr && target != nullptr && installed != nullptr && from != nullptr &&
        from_lock != nullptr && have_same_bytes(lock, from_lock)) {
        const char *argv[] = {"cp", "-R", from, target, nullptr};
        source_tree_remove(target);
        /* Newer than the lock file, for make. */
        if (source_tree_run(tree, nullptr, argv) == PROCESS_SUCCEEDED &&
            utimensat(AT_FDCWD, installed, nullptr, 0) == 0)
            print_line("pqclean", "copied from this checkout, as npm installed it");
        else
            source_tree_remove(target);
    }
    free(lock);
    free(target);
    free(installed);
    free(from);
    free(from_lock);
}

/* From npm's cache, where each package is checked against its SHA-512; else a copy. */
static void install_packages(const struct source_tree *tree)
{
    char *script = source_tree_path(tree, "scripts/npm-ci");
    if (script == nullptr)
        return;
    const char *argv[] = {"env", "npm_config_offline=true", script, nullptr};
    enum process_end end = source_tree_run(tree, nullptr, argv);
    free(script);
    if (end == PROCESS_SUCCEEDED)
        print_line("pqclean", "from npm's cache, checked against its SHA-512");
    else if (end == PROCESS_FAILED && tree->checkout != nullptr)
        copy_packages(tree);
}

static int build(struct source_tree *tree, enum nonos_profile profile)
{
    bool is_release = profile == NONOS_PROFILE_RELEASE;
    char jobs[24];
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    (void)snprintf(jobs, sizeof(jobs), "-j%ld", count > 0 ? count : 1);
    const char *argv[] = {"make",
                          "-C",
                          tree->tree,
                          jobs,
                          is_release ? "PROFILE=release" : "PROFILE=dev",
                          is_release ? "build/release/kernel.unsigned" : "build/kernel.unsigned",
                          nullptr};
    (void)fflush(stdout);
    report_notice("building that commit; this takes up to a minute");
    enum process_end end = source_tree_run(tree, "building", argv);
    return end == PROCESS_SUCCEEDED ? 0 : source_tree_report(tree, "make", end);
}

static void print_same(const struct rebuild_side *image)
{
    uint8_t d0[NONOS_DIGEST_LEN];
    uint8_t d1[NONOS_DIGEST_LEN];
    image_digest(image->file.bytes, image->file.len, d0, d1);
    print_digest("body", d0);
    print_line("rebuild", "identical");
    printf("%-10s that commit gives these %zu bytes, which are all but the signatures\n", "shown",
           image->file.len - NONOS_TRAILER_LEN);
    print_line("not shown", "who signed it, and whether the commit is one to trust");
}

static int compare(const char *path, const struct rebuild_side *image,
                   const struct rebuild_side *rebuilt, const struct elf_symbols *symbols)
{
    struct image_side first = {image->file.bytes, image->file.len, &image->structure.elf};
    struct image_side second = {rebuilt->file.bytes, rebuilt->file.len, &rebuilt->structure.elf};
    struct image_comparison *comparison = malloc(sizeof(*comparison));
    if (comparison == nullptr)
        return report_error(path, NONOS_E_NO_MEMORY, nullptr);
    int status = 0;
    image_compare(&first, &second, comparison);
    if (comparison->is_same) {
        print_same(image);
    } else {
        rebuild_report(image, rebuilt, comparison, symbols);
        (void)fflush(stdout);
        status = report_error(path, NONOS_E_REBUILD,
                              "that commit gives other bytes here: do not use the image before "
                              "its maker has explained the difference");
    }
    free(comparison);
    return status;
}

static int compare_built(const struct source_tree *tree, const char *path,
                         const struct rebuild_side *image)
{
    bool is_release = image->structure.manifest.profile == NONOS_PROFILE_RELEASE;
    struct rebuild_side rebuilt = {.file = {nullptr, 0}};
    struct file_bytes elf = {nullptr, 0};
    struct elf_symbols symbols = {.count = 0};
    char *built = source_tree_path(tree, is_release ? "build/release/kernel.unsigned"
                                                    : "build/kernel.unsigned");
    char *linked =
        source_tree_path(tree, is_release ? "build/release/kernel.elf" : "build/kernel.elf");
    int status = built != nullptr && linked != nullptr
                     ? read_side(built, &rebuilt)
                     : report_error(path, NONOS_E_NO_MEMORY, nullptr);
    /* Without symbols a difference has no name, and is a difference all the same. */
    if (status == 0 && (file_read(linked, SEAL_INPUT_MAX_LEN, &elf) != NONOS_OK ||
                        elf_symbols_open(elf.bytes, elf.len, &symbols) != NONOS_OK))
        report_notice("%s has no symbols to name a difference by", linked);
    if (status == 0)
        status = compare(path, image, &rebuilt, &symbols);
    file_free(&elf);
    file_free(&rebuilt.file);
    free(built);
    free(linked);
    return status;
}

/* The signals that end a program are held back: pending ones end it when the folder is gone. */
static int build_and_compare(const char *source, const char *path, const struct rebuild_side *image)
{
    struct source_tree tree = {.folder = nullptr};
    sigset_t before;
    file_hold_signals(&before);
    int status = source_tree_open(&tree, source, &image->structure.manifest);
    if (status == 0) {
        install_packages(&tree);
        status = build(&tree, image->structure.manifest.profile);
    }
    if (status == 0)
        status = compare_built(&tree, path, image);
    source_tree_close(&tree);
    (void)fflush(stdout);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return status;
}

int rebuild_verify(const struct verification *request, const char *source, const char *path)
{
    struct rebuild_side image = {.file = {nullptr, 0}};
    int status = read_side(path, &image);
    if (status == 0) {
        print_image(path, image.file.len);
        status = judge_signer(request, path, &image.file);
    }
    if (status == 0)
        status = check_manifest(path, &image.structure.manifest);
    if (status == 0)
        status = build_and_compare(source, path, &image);
    file_free(&image.file);
    return status;
}
