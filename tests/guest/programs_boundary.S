/*
 * programs_boundary.S - the program of suite_boundary.c: into the kernel by a call, with an address
 * that faults there, by exceptions and while it is interrupted; looks at all registers each time.
 */
#include "tests/guest/program_macros.inc"

.set DATA, 0x600000
.set STACK_TOP, 0x800000
.set GS_BASE, DATA + 0x2000
.set MARK, 0x4D41524B
.set NT_AC_DF, 1 << 14 | 1 << 18 | 1 << 10
.set TF, 1 << 8
.set IF, 1 << 9
.set NO_CALL, 0xFFFF
.set E_CALL, 117
.set E_ADDRESS, 118
.set RANDOM_BYTES, 6
.set TURNS, 3000 /* in the program alone */

.macro FILL registers:vararg
    .set word, 0
    .irp register, \registers
    movq steady_words + word(%rip), %\register
    .set word, word + 8
    .endr
.endm
.macro SAME registers:vararg
    .set word, 0
    .irp register, \registers
    cmpq steady_words + word(%rip), %\register
    jne 9f
    .set word, word + 8
    .endr
.endm
.macro FILL_ALL
    FILL rbx, rbp, r12, r13, r14, r15, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
.endm
.macro SAME_ALL
    SAME rbx, rbp, r12, r13, r14, r15, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
    cmpq $STACK_TOP, %rsp
    jne 9f
    cmpq $MARK, %gs:0
    jne 9f
.endm
/* A call's result, and what it leaves of the registers. */
.macro CALLED error
    SAME rbx, rbp, r12, r13, r14, r15
    cmpq $\error, %rax
    jne 9f
    orq %rdi, %rdx
    orq %rsi, %rdx
    orq %r8, %rdx
    orq %r9, %rdx
    orq %r10, %rdx
    jnz 9f
    cmpq $STACK_TOP, %rsp
    jne 9f
    cmpq $MARK, %gs:0
    jne 9f
.endm

    .section .rodata.programs, "a", @progbits

/* As often as its argument says; ends with 0, or with 1 when something is not as it must be. */
PROGRAM steady
    movq $MARK, GS_BASE
    movl %edi, DATA
1:  FILL_ALL
    movl $NO_CALL, %eax
    pushq $NT_AC_DF | 2
    popfq
    syscall
    pushfq
    pushq $2
    popfq
    cmpq $NT_AC_DF | IF | 2, (%rsp)
    leaq 8(%rsp), %rsp
    jne 9f
    CALLED E_CALL
    FILL_ALL
    movl $RANDOM_BYTES, %eax
    movl $64, %esi
    xorl %edi, %edi
    syscall
    CALLED E_ADDRESS
    FILL_ALL
    ud2
    SAME_ALL
    pushq $TF | 2
    popfq
    nop
    SAME_ALL
    movl $TURNS, DATA + 8
2:  decl DATA + 8
    jnz 2b
    SAME_ALL
    decl DATA
    jnz 1b
    xorl %edi, %edi
    jmp 3f
9:  movl $1, %edi
3:  xorl %eax, %eax
    syscall
    .balign 8
steady_words:
    .irp word, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .quad 0x8765432112345678 + (\word << 56)
    .endr
END steady

    .section .note.GNU-stack, "", @progbits
