/*
 * trap_entry.S - one entry for each exception: makes the stack look like struct trap_frame (trap.h)
 * and calls trap_handle. Nothing ever returns from an exception. SDM vol. 3 §6.14.2 (stack frame).
 */

/* The processor pushes an error code for these alone (SDM vol. 3 table 6-1). */
.set HAS_ERROR_CODE, 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | \
    1 << 21 | 1 << 29 | 1 << 30

    .section .text.trap, "ax", @progbits
.altmacro
.macro ENTRY vector
    .balign 8
trap_entry_\vector:
    .ifeq HAS_ERROR_CODE >> \vector & 1
    pushq $0
    .endif
    pushq $\vector
    jmp trap_common
.endm

.set i, 0
.rept 32
    ENTRY %i
    .set i, i + 1
.endr

    .type trap_common, @function
trap_common:
    pushq $2 /* no flag but the one that is always set: a program may have left DF or AC, with which
              * SMAP would not hold */
    popfq
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    callq trap_handle
    ud2
    .size trap_common, . - trap_common

    .section .rodata.trap, "a", @progbits
    .balign 8
    .globl trap_entries
trap_entries:
.macro ADDRESS vector
    .quad trap_entry_\vector
.endm
.set i, 0
.rept 32
    ADDRESS %i
    .set i, i + 1
.endr

    .section .note.GNU-stack, "", @progbits
