/*
 * programs_entry.S - what suite_entry.c has programs try. Each begins with its argument in rdi and
 * writable memory at DATA.
 */
.set DATA, 0x600000
.set NT_AC_DF, 1 << 14 | 1 << 18 | 1 << 10
.set TF, 1 << 8

/* A row of struct exception_row (suite_entry.c): a name, the vector that has to come, at which byte
 * of the code, or 255 for anywhere. SDM vol. 3 §6.15; QEMU has no exception 19, and 13 in place of
 * 12. */
.macro RAISES name, vector, at, code
    .balign 64, 0
1:  .asciz "\name"
    .org 1b + 16
    .byte \vector, \at
2:  \code
    ud2
    .org 1b + 64
.endm

    .section .rodata.programs, "a", @progbits
    .globl exception_rows, exception_rows_end
    .balign 64
exception_rows:
    RAISES divide, 0, 2, "xorl %ecx, %ecx; divl %ecx"
    RAISES step, 1, 255, "pushq $TF | 2; popfq; nop; nop"
    RAISES step-call, 1, 255, "movl $0xFFFF, %eax; pushq $TF | 2; popfq; syscall; nop; nop"
    RAISES breakpoint, 3, 1, "int3"
    RAISES bound, 6, 0, ".byte 0x62"
    RAISES opcode, 6, 0, "ud2"
    RAISES x87, 16, 255, "fninit; pushq $0; fldcw (%rsp); fldz; fldz; fdivp; fwait"
    RAISES double-gate, 13, 0, "int $8"
    RAISES nmi-gate, 13, 0, "int $2"
    RAISES stack, 13, 255, "movq $0x800000000000, %rbp; movq (%rbp), %rax"
    RAISES canonical, 13, 255, "movq $0x800000000000, %rax; movq (%rax), %rax"
    RAISES jump-away, 13, 255, "movq $0x800000000000, %rax; jmpq *%rax"
    RAISES segment, 13, 5, "movl $0x10, %eax; movl %eax, %ss"
    RAISES null, 14, 255, "xorl %eax, %eax; movb (%rax), %al"
    RAISES last-page, 14, 255, "movabsq $0x7FFFFFFFF000, %rax; jmpq *%rax"
    RAISES no-return, 14, 255, "movq $0x7FFFFFFFFFFE, %rax; jmpq *%rax"
    RAISES no-stack, 14, 255, "movl $0xFFFF, %eax; xorl %esp, %esp; syscall; pushq %rax"
    RAISES bad-stack, 14, 255, "movl $0xFFFF, %eax; movq $0x800000000000, %rsp; syscall; pushq %rax"
    RAISES gs, 14, 255, \
        "mov $0x1B, %eax; mov %eax, %gs; mov $0xFFFF, %eax; syscall; mov %gs:0, %eax"
    RAISES flags, 13, 255, "movl $0xFFFF, %eax; pushq $NT_AC_DF | 2; popfq; syscall; iretq"
    RAISES fsgsbase, 6, 0, "wrgsbase %rax"
    RAISES xsetbv, 13, 255, "xorl %ecx, %ecx; xsetbv"
    RAISES clts, 13, 0, "clts"
    RAISES swapgs, 13, 0, "swapgs"
    RAISES sysret, 13, 0, "sysretq"
exception_rows_end:

#include "tests/guest/program_macros.inc"

/* Calls with rax, rdi and rsi from DATA, 64 bytes a call, until rax there is -1; rax and rdx go
 * behind them, and after those r8 to r11, rdi and rsi or-ed together, but for rcx and r11. */
PROGRAM calls
    movq $DATA, %rbx
1:  movq (%rbx), %rax
    cmpq $-1, %rax
    je 2f
    movq 8(%rbx), %rdi
    movq 16(%rbx), %rsi
    movq $0x1111, %r8
    movq $0x2222, %r9
    movq $0x3333, %r10
    movq %rbx, %r12
    movq %rbx, %r13
    movq %rbx, %r14
    movq %rbx, %r15
    movq %rbx, %rbp
    syscall
    movq %rax, 24(%rbx)
    movq %rdx, 32(%rbx)
    orq %r8, %rdi
    orq %r9, %rdi
    orq %r10, %rdi
    orq %rsi, %rdi
    movq %rdi, 40(%rbx)
    xorq %r12, %r13
    xorq %r14, %r15
    xorq %rbx, %rbp
    xorq %rbx, %r12
    orq %r12, %r13
    orq %r15, %r13
    orq %rbp, %r13
    movq %r13, 48(%rbx)
    addq $64, %rbx
    jmp 1b
2:  xorl %eax, %eax
    xorl %edi, %edi
    syscall
END calls

/* Puts its argument into all vector and x87 registers, gives way as often as DATA says, and
 * compares. Ends with code 1 when something has changed; what it first finds there goes to DATA +
 * 64. */
PROGRAM vectors
    movdqu %xmm0, DATA + 64
    movdqu %xmm15, DATA + 80
    stmxcsr DATA + 96
    fnstcw DATA + 100
    movq %rdi, %xmm0
    movq %rdi, %xmm15
    pushq %rdi
    fildq (%rsp)
    movl DATA, %ebx
1:  movl $1, %eax /* yield */
    syscall
    movq %xmm0, %rax
    cmpq %rax, (%rsp)
    jne 2f
    movq %xmm15, %rax
    cmpq %rax, (%rsp)
    jne 2f
    decl %ebx
    jnz 1b
    fistpq DATA + 8
    movq DATA + 8, %rax
    xorl %edi, %edi
    cmpq %rax, (%rsp)
    je 3f
2:  movl $1, %edi
3:  xorl %eax, %eax
    syscall
END vectors

/* Calls and gives way for ever, with every flag that it may have, until DATA is not 0. */
PROGRAM busy
    movl $0xFFFF, %eax
    pushq $NT_AC_DF | 2
    popfq
    syscall
    cmpl $0x75, %eax /* CALL */
    jne 1f
    incq DATA + 8
    cmpl $0, DATA
    je program_busy
    xorl %edi, %edi
    xorl %eax, %eax
    syscall
1:  ud2
END busy

/* The same memory, for ever: the kernel fills it while it comes and goes. Ends with what is at
 * DATA.
 */
PROGRAM fill
1:  movl $6, %eax /* random_bytes */
    movq DATA + 16, %rdi
    movl $512, %esi
    syscall
    incq DATA + 8(,%rax,8) /* 8: OK; 8 + 8 * 118: ADDRESS */
    cmpl $0, DATA
    je 1b
    xorl %edi, %edi
    xorl %eax, %eax
    syscall
END fill

    .section .note.GNU-stack, "", @progbits
