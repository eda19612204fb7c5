/*
 * user_programs.S - what programs in ring 3 try, a row of struct program (provoke_user.c) each: the
 * name, whether UMIP is what stops it, the code. Constants here; provoke_user.c copies one to a
 * page of a program and starts it.
 *
 * rax: writable memory of the program; rcx: the kernel's code; rdx: the kernel's data. SDM vol. 3
 * §2.5 (UMIP), §5.9 (privileged instructions), §6.12.1.2 (gates called by programs).
 */

.set ROW_LEN, 32
.set NAME_LEN, 20
.set NOTHING, 0
.set UMIP, 1

.macro PROGRAM name, stopped_by, code
    .balign ROW_LEN, 0
1:  .asciz "user-\name"
    .org 1b + NAME_LEN
    .byte \stopped_by
    \code
    ud2
.endm

    .section .rodata.user_programs, "a", @progbits
    .globl user_programs, user_programs_end
    .balign ROW_LEN
user_programs:
    PROGRAM sgdt, UMIP, "sgdt (%rax)"
    PROGRAM sidt, UMIP, "sidt (%rax)"
    PROGRAM sldt, UMIP, "sldt (%rax)"
    PROGRAM str, UMIP, "str (%rax)"
    PROGRAM smsw, UMIP, "smsw (%rax)"
    PROGRAM cli, NOTHING, "cli"
    PROGRAM hlt, NOTHING, "hlt"
    PROGRAM wrmsr, NOTHING, "wrmsr"
    PROGRAM cr3, NOTHING, "movq %rax, %cr3"
    PROGRAM port, NOTHING, "outb %al, $0x80"
    PROGRAM interrupt, NOTHING, "int $14" /* the page fault's gate: a program cannot feign one */
    PROGRAM flags, NOTHING, "pushq $0x40402; popfq; hlt" /* DF and AC, which suspends SMAP */
    PROGRAM syscall, NOTHING, "syscall"
    PROGRAM read, NOTHING, "movb (%rdx), %al"
    PROGRAM write, NOTHING, "movb %al, (%rdx)"
    PROGRAM execute, NOTHING, "jmpq *%rcx"
    .balign ROW_LEN, 0
user_programs_end:

    .section .note.GNU-stack, "", @progbits
