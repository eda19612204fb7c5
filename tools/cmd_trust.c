#include "tools/command.h"
#include "tools/report.h"
#include "tools/trust.h"
#include "tools/trust_edit.h"

#include "image/text.h"

#include <stdio.h>
#include <string.h>

struct request {
    const char *keys;
    const char *id; /* or null */
};

static void print_identity(const char *state, const struct identity *identity)
{
    char id[2 * NONOS_IDENTITY_ID_LEN + 1] = {0};
    text_write_hex(identity->id, sizeof(identity->id), id);
    printf("%s %s %s ", state, id, command_profile_name(identity->profile));
    const char *comma = "";
    for (unsigned role = NONOS_IMAGE_KERNEL; role <= NONOS_IMAGE_BUNDLE; role <<= 1)
        if ((identity->roles & role) != 0) {
            printf("%s%s", comma, command_type_name((enum nonos_image_type)role));
            comma = ",";
        }
    printf(" %s\n", identity->name);
}

/* Nothing is wrong with that until the key is lost. */
static void advise_recovery(const struct trust_list *trusted)
{
    const struct identity *only = nullptr;
    size_t count = 0;
    for (size_t i = 0; i < trusted->count; i++) {
        const struct identity *identity = &trusted->identities[i];
        if (identity->profile == NONOS_PROFILE_RELEASE &&
            (identity->roles & (uint32_t)NONOS_IMAGE_KERNEL) != 0) {
            only = identity;
            count++;
        }
    }
    if (count == 1)
        report_notice("warning: %s alone may sign release kernels: if its key is lost, loaders "
                      "that are installed take no new kernel; a recovery identity is for that day "
                      "(docs/keys.md)",
                      only->name);
}

static int list(const struct request *request)
{
    struct trust trust = {0};
    int status = trust_add_folder(&trust, request->keys, true, true);
    if (status == 0)
        status = trust_check(&trust, true);
    for (size_t i = 0; status == 0 && i < trust.trusted.count; i++)
        print_identity("trusted", &trust.trusted.identities[i]);
    for (size_t i = 0; status == 0 && i < trust.revoked.count; i++)
        print_identity("revoked", &trust.revoked.identities[i]);
    if (status == 0)
        advise_recovery(&trust.trusted);
    trust_free(&trust);
    return status;
}

static int add(const struct request *request, const char *path)
{
    uint8_t id[NONOS_IDENTITY_ID_LEN];
    if (request->id == nullptr || !text_read_hex(request->id, strlen(request->id), id, sizeof(id)))
        return command_usage(&command_trust,
                             "add needs --id, the 64 lower-case hexadecimal digits that the key's "
                             "owner read to you");
    struct identity added;
    int status = trust_edit_add(request->keys, path, id, &added);
    if (status == 0)
        print_identity("trusted", &added);
    return status;
}

static int revoke(const struct request *request, const char *name)
{
    /* It becomes part of a path. */
    if (!identity_name_is_valid(name))
        return command_usage(&command_trust, "%s is not a name that an identity can have", name);
    struct identity revoked;
    int status = trust_edit_revoke(request->keys, name, &revoked);
    if (status == 0)
        print_identity("revoked", &revoked);
    return status;
}

static int act(const struct request *request, int count, char **words)
{
    const char *action = count > 0 ? words[0] : "";
    bool is_add = strcmp(action, "add") == 0;
    if (request->id != nullptr && !is_add)
        return command_usage(&command_trust, "--id goes with add");
    if (count == 1 && strcmp(action, "list") == 0)
        return list(request);
    if (count == 2 && is_add)
        return add(request, words[1]);
    if (count == 2 && strcmp(action, "revoke") == 0)
        return revoke(request, words[1]);
    return command_usage(&command_trust, "it takes list, add IDENTITY or revoke NAME");
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"keys", required_argument, nullptr, OPTION_KEYS},
        {"id", required_argument, nullptr, OPTION_ID},
        {"help", no_argument, nullptr, OPTION_HELP},
        {nullptr, 0, nullptr, 0},
    };
    struct request request = {.keys = "keys"};
    int option = 0;
    int status = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, nullptr)) != -1) {
        if (option == OPTION_KEYS) {
            request.keys = optarg;
        } else if (option == OPTION_ID) {
            request.id = optarg;
        } else {
            command_common_option(&command_trust, option, argv, &status);
            return status;
        }
    }
    return act(&request, argc - optind, argv + optind);
}

const struct command command_trust = {
    .name = "trust",
    .arguments = "list | add --id ID IDENTITY | revoke NAME  [--keys DIR]",
    .summary = "show and change whom a tree trusts",
    .help = "Works on the folder of trusted and revoked identities, whose files and pins have to\n"
            "be in order before anything is changed.\n"
            "\n"
            "  list             state, id, profile, roles and name of each, one a line; warns\n"
            "                   when one identity alone may sign release kernels\n"
            "  add IDENTITY     trust the release identity in this file, and pin it\n"
            "  revoke NAME      revoke a trusted one, unless it is the last\n"
            "\n"
            "      --id ID      with add: the id, as the key's owner read it to you; another\n"
            "                   one is refused\n"
            "      --keys DIR   the folder (default: keys)\n",
    .run = run,
};
