#include "tests/fault/code.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct instruction *instructions;
static size_t instruction_count;

void stop(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("injector: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

static int compare_addresses(const void *a, const void *b)
{
    const struct instruction *first = a, *second = b;
    return (first->address > second->address) - (first->address < second->address);
}

void code_read(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[512];
    size_t capacity = 0;
    if (file == nullptr)
        stop("%s: %s", path, strerror(errno));
    while (fgets(line, sizeof(line), file) != nullptr) {
        if (instruction_count == capacity) {
            capacity = 2 * capacity + 1024;
            instructions = reallocarray(instructions, capacity, sizeof(*instructions));
            if (instructions == nullptr)
                stop("no memory");
        }
        struct instruction *next = &instructions[instruction_count++];
        *next = (struct instruction){0};
        char *rest = nullptr;
        next->address = strtoull(line, &rest, 16);
        next->len = (unsigned)strtoul(rest, &rest, 10);
        if (next->address == 0 || next->len == 0 || next->len > 15)
            stop("%s: not an instruction: %s", path, line);
        rest[strcspn(rest, "\n")] = 0;
        snprintf(next->text, sizeof(next->text), "%s", rest + strspn(rest, " "));
    }
    (void)fclose(file);
    if (instruction_count == 0)
        stop("%s: no instructions", path);
    qsort(instructions, instruction_count, sizeof(*instructions), compare_addresses);
}

struct instruction *code_find(uint64_t address)
{
    const struct instruction key = {.address = address};
    return bsearch(&key, instructions, instruction_count, sizeof(key), compare_addresses);
}

int code_condition_offset(uint64_t code)
{
    const uint8_t *bytes = (const uint8_t *)&code;
    int at = 0;
    while (bytes[at] == 0x66 || (bytes[at] & 0xF0) == 0x40)
        at++;
    if ((bytes[at] & 0xF0) == 0x70)
        return at;
    if (bytes[at] != 0x0F)
        return -1;
    uint8_t group = bytes[at + 1] & 0xF0;
    return group == 0x40 || group == 0x80 || group == 0x90 ? at + 1 : -1;
}

bool code_is_return(uint64_t code)
{
    return (code & 0xFF) == 0xC3;
}

void code_forget(void)
{
    for (size_t i = 0; i < instruction_count; i++)
        instructions[i].executions = instructions[i].returns = 0;
}
