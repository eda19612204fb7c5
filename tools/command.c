#include "tools/command.h"

#include "image/text.h"
#include "tools/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void command_print_help(const struct command *command)
{
    printf("usage: nonos %s %s\n\n%s.\n\n%s", command->name, command->arguments, command->summary,
           command->help);
}

void command_common_option(const struct command *command, int option, char **argv, int *status)
{
    const char *word = argv[optind - 1];
    if (option == OPTION_HELP || option == 'h') {
        command_print_help(command);
        *status = 0;
    } else if (option == ':') {
        *status = command_usage(command, "%s needs an argument", word);
    } else {
        *status = command_usage(command, "%s is not an option here", word);
    }
}

int command_usage(const struct command *command, const char *why, ...)
{
    char *text = nullptr;
    va_list arguments;
    va_start(arguments, why);
    int len = vasprintf(&text, why, arguments);
    va_end(arguments);
    int code = report_error(command->name, NONOS_E_USAGE, "%s; try `nonos %s --help`",
                            len < 0 ? "out of memory" : text, command->name);
    if (len >= 0)
        free(text);
    return code;
}

bool command_read_profile(const char *word, enum nonos_profile *out)
{
    if (strcmp(word, "dev") == 0)
        *out = NONOS_PROFILE_DEV;
    else if (strcmp(word, "release") == 0)
        *out = NONOS_PROFILE_RELEASE;
    else
        return false;
    return true;
}

const char *command_profile_name(uint32_t profile)
{
    return profile == NONOS_PROFILE_RELEASE ? "release" : "dev";
}

const char *command_type_name(enum nonos_image_type type)
{
    return type == NONOS_IMAGE_KERNEL    ? "kernel"
           : type == NONOS_IMAGE_CAPSULE ? "capsule"
                                         : "bundle";
}

static bool read_type(const char *word, size_t len, enum nonos_image_type *out)
{
    if (text_is(word, len, "kernel"))
        *out = NONOS_IMAGE_KERNEL;
    else if (text_is(word, len, "capsule"))
        *out = NONOS_IMAGE_CAPSULE;
    else if (text_is(word, len, "bundle"))
        *out = NONOS_IMAGE_BUNDLE;
    else
        return false;
    return true;
}

bool command_read_type(const char *word, enum nonos_image_type *out)
{
    return read_type(word, strlen(word), out);
}

bool command_read_roles(const char *words, uint32_t *out)
{
    *out = 0;
    for (;;) {
        size_t len = strcspn(words, ",");
        enum nonos_image_type role;
        if (!read_type(words, len, &role))
            return false;
        *out |= (uint32_t)role;
        if (words[len] == 0)
            return true;
        words += len + 1;
    }
}

bool command_read_floor(const char *digits, uint32_t *out)
{
    uint64_t number = 0;
    bool valid = text_read_number(digits, strlen(digits), UINT32_MAX, &number) && number > 0;
    *out = (uint32_t)number;
    return valid;
}
