/*
 * code.h - the instructions that faults happen to, as tests/fault/instructions lists them.
 */
#ifndef NONOS_TESTS_FAULT_CODE_H
#define NONOS_TESTS_FAULT_CODE_H

#include <stddef.h>
#include <stdint.h>

#define CODE_TEXT_LEN 160u

struct instruction {
    uint64_t address;
    unsigned len;
    char text[CODE_TEXT_LEN]; /* function and assembly */
    unsigned executions;      /* so far, in this walk */
    unsigned returns;         /* to here */
};

/* Reads the list; a line that is no instruction, and a list without any, stop the program. */
void code_read(const char *path);

/* The instruction at an address, or null. */
struct instruction *code_find(uint64_t address);

/* Sets the counts of all instructions to 0. */
void code_forget(void);

/* Which byte of an instruction, given its first eight, is the opcode byte whose lowest bit is the
 * sense of the condition (SDM vol. 2 B.1.4.7); -1 when it has no condition. */
int code_condition_offset(uint64_t code);

bool code_is_return(uint64_t code);

/* Says why on standard error and exits with 2: the campaign itself does not work. */
[[noreturn, gnu::format(printf, 1, 2)]] void stop(const char *format, ...);

#endif
