/*
 * start.S - where a program written in C begins: its argument is in rdi, and what program_main
 * returns is its exit code.
 */
    .section .text.start, "ax", @progbits
    .globl program_start
program_start:
    callq program_main
    movq %rax, %rdi
    xorl %eax, %eax /* thread_exit */
    syscall
    ud2

    .section .note.GNU-stack, "", @progbits
