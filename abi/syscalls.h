/*
 * syscalls.h - the numbers of the system calls, and the rights that they need. Also read by
 * assembly.
 */
#ifndef NONOS_ABI_SYSCALLS_H
#define NONOS_ABI_SYSCALLS_H

/* What a process may have been given; NONE is had by all. */
#define NONOS_RIGHT_NONE 0x0
#define NONOS_RIGHT_LOG 0x1
#define NONOS_RIGHT_CLOCK 0x2
#define NONOS_RIGHT_MEMORY 0x4
#define NONOS_RIGHT_RANDOM 0x8
#define NONOS_RIGHT_ALL 0xF

/* memory_map: reading always. */
#define NONOS_MAP_READ 0x0
#define NONOS_MAP_WRITE 0x1
#define NONOS_MAP_EXECUTE 0x2 /* never together with NONOS_MAP_WRITE */
#define NONOS_MAP_ALL 0x3

#define NONOS_LOG_MAX_LEN 256 /* bytes of one log_write */

#ifndef __ASSEMBLER__
enum nonos_syscall {
#define SYSCALL(number, name, right, arguments, documentation) NONOS_SYSCALL_##name = (number),
#include "abi/syscalls.def"
#undef SYSCALL
};

enum {
/* A sum of as many ones. NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define SYSCALL(number, name, right, arguments, documentation) +1
    NONOS_SYSCALL_COUNT = 0
#include "abi/syscalls.def"
#undef SYSCALL
};
#endif

#endif
