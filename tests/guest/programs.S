/*
 * programs.S - programs for ring 3: position-independent pieces of code that suites copy to a page.
 */
#include "tests/guest/program_macros.inc"

    .section .rodata.programs, "a", @progbits

/* Reads the clock 100 times, yields in between, and ends. */
PROGRAM clock
    movl $100, %ebx
1:  movl $2, %eax /* clock_read */
    syscall
    testq %rax, %rax
    jnz 2f
    movl $1, %eax /* yield */
    syscall
    decl %ebx
    jnz 1b
    xorl %eax, %eax /* thread_exit */
    syscall
2:  ud2
END clock

    .section .note.GNU-stack, "", @progbits
