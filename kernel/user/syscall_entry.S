/*
 * syscall_entry.S - from a program into the kernel by SYSCALL and back by SYSRET, and the first way
 * into a program. SDM vol. 2 SYSCALL, SYSRET; vol. 3 §5.8.8.
 */
#include "kernel/cpu/gate.inc"

.set USER_DATA, 0x1B
.set USER_CODE, 0x23

    .section .text.syscall, "ax", @progbits

/* rax: number; rdi, rsi, rdx, r10: arguments; rcx, r11: the program's rip and flags. Interrupts are
 * off (FMASK). */
    .globl syscall_entry
    .type syscall_entry, @function
syscall_entry:
    swapgs
    movq %rsp, %gs:CPU_USER_RSP
    testb $CPU_ISOLATED, %gs:CPU_WORK
    jnz 3f
2:  movq %gs:CPU_KERNEL_RSP, %rsp
    pushq %gs:CPU_USER_RSP
    pushq %r11
    pushq %rcx
    subq $8, %rsp /* 16-byte alignment at the call */
    movq %r10, %rcx
    movq %rax, %r8
    callq syscall_dispatch
    addq $8, %rsp
    popq %rcx
    popq %r11
    /* With an address that is none, SYSRET faults in ring 0 on the program's stack. */
    btq $47, %rcx
    jc 1f
    xorl %esi, %esi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    popq %rsp
    testb $CPU_ISOLATED | CPU_CLEARED, %gs:CPU_WORK
    jnz 4f
    xorl %edi, %edi
    swapgs
    sysretq
3:  movq %cr3, %rsp
    btrq $CR3_PROGRAM, %rsp
    movq %rsp, %cr3
    jmp 2b
4:  testb $CPU_ISOLATED, %gs:CPU_WORK
    jz 5f
    movq %cr3, %rdi
    btsq $CR3_PROGRAM, %rdi
    movq %rdi, %cr3
5:  xorl %edi, %edi
    swapgs
    verw syscall_segment(%rip)
    sysretq
1:  callq syscall_end_thread /* the last page is never mapped, so no program comes from there */
    .size syscall_entry, . - syscall_entry

syscall_segment:
    .word GDT_KERNEL_DATA

/* [[noreturn]] void user_enter(uint64_t rip, uint64_t rsp, uint64_t argument) */
    .globl user_enter
    .type user_enter, @function
user_enter:
    cli
    pushq $USER_DATA
    pushq %rsi
    pushq $0x202 /* interrupts on */
    pushq $USER_CODE
    pushq %rdi
    movq %rdx, %rdi
    xorl %eax, %eax
    xorl %ebx, %ebx
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %ebp, %ebp
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
    jmp trap_depart
    .size user_enter, . - user_enter

    .section .note.GNU-stack, "", @progbits
