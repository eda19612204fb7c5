/*
 * trap_entry.S - one entry for each vector: makes the stack look like struct trap_frame (trap.h),
 * calls trap_handle and returns to what was interrupted. SDM vol. 3 §6.14.2 (stack frame).
 *
 * GS base is the program's outside the kernel and struct cpu's inside. Which of the two it is the
 * saved code segment tells, except for what may come between an entry and its SWAPGS: NMI, double
 * fault, machine check and debug exception look at the register itself, which in the kernel is a
 * negative number. The first returns by the stack that it came on: nothing in it raises an
 * exception, whose IRET would let in the next NMI, on the same stack.
 *
 * Where programs have tables of their own (kernel/mem/gate.h) what interrupts them comes with
 * these, on a stack in struct cpu: the frame is moved to where no program's tables reach, and
 * nothing of a program's registers stays behind. Interrupts are off wherever CR3 and stack do not
 * go together, and what cannot be masked finds out by CR3 itself.
 */
#include "kernel/cpu/gate.inc"
#include "kernel/cpu/vectors.h"

/* The processor pushes an error code for these alone (SDM vol. 3 table 6-1). */
.set HAS_ERROR_CODE, 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | \
    1 << 21 | 1 << 29 | 1 << 30
.set BY_REGISTER, 1 << VECTOR_NMI | 1 << VECTOR_DOUBLE_FAULT | 1 << VECTOR_MACHINE_CHECK
.set MSR_GS_BASE, 0xC0000101

.set FRAME_CODE_SEGMENT, 24 /* from the vector up: vector, error code, rip, cs */
.set FRAME_RAX, 112 /* in struct trap_frame */
.set FRAME_VECTOR, 120
.set FRAME_LEN, 176

    .section .text.trap, "ax", @progbits
.altmacro
.macro ENTRY vector
    .balign VECTOR_ENTRY_LEN, 0xCC
    pushq $\vector
    .if \vector == VECTOR_DOUBLE_FAULT
    jmp trap_by_register
    .elseif \vector < 32 && (BY_REGISTER >> (\vector & 31) & 1)
    jmp trap_by_register_no_code
    .elseif \vector == VECTOR_DEBUG
    jmp trap_debug
    .elseif \vector < 32 && (HAS_ERROR_CODE >> (\vector & 31) & 1)
    jmp trap_by_segment
    .else
    jmp trap_by_segment_no_code
    .endif
.endm

/* Puts an error code of 0 under the vector: here, since in each entry it would be twice as long. */
.macro ADD_ERROR_CODE
    pushq (%rsp)
    andq $0, 8(%rsp)
.endm

    .balign VECTOR_ENTRY_LEN, 0xCC
    .globl trap_entries
trap_entries:
.set i, 0
.rept VECTOR_COUNT
    ENTRY %i
    .set i, i + 1
.endr

.macro SAVE_REGISTERS
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
.endm

.macro POP_REGISTERS
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
.endm

.macro RESTORE_REGISTERS
    POP_REGISTERS
    addq $16, %rsp /* vector and error code */
.endm

/* The frame from the gate to the stack that ends at rdi. */
.macro LEAVE_GATE
    subq $FRAME_LEN, %rdi
    movq %rdi, %rdx
    movq %rsp, %rsi
    movl $FRAME_LEN / 8, %ecx
    rep movsq
    movq %rsp, %rdi
    movl $FRAME_VECTOR / 8, %ecx
    xorl %eax, %eax
    rep stosq
    movq %rdx, %rsp
.endm

    .type trap_by_segment_no_code, @function
trap_by_segment_no_code:
    ADD_ERROR_CODE
    .size trap_by_segment_no_code, . - trap_by_segment_no_code

    .type trap_by_segment, @function
trap_by_segment:
    pushq $2 /* no flag but the one that is always set: a program may have left DF or AC, with which
              * SMAP would not hold */
    popfq
    testb $3, FRAME_CODE_SEGMENT(%rsp)
    jz 1f
    swapgs
1:  lfence /* neither a GS base that was not swapped nor one that was, before it is known */
    SAVE_REGISTERS
    testb $CPU_ISOLATED, %gs:CPU_WORK
    jnz trap_from_gate
2:  movq %rsp, %rdi
    callq trap_handle
    .globl trap_return
trap_return:
    testb $3, FRAME_CODE_SEGMENT + FRAME_VECTOR(%rsp)
    jz 1f
    testb $CPU_ISOLATED | CPU_CLEARED, %gs:CPU_WORK
    jnz 3f
    swapgs
1:  RESTORE_REGISTERS
    iretq
3:  RESTORE_REGISTERS
    .globl trap_depart
trap_depart: /* rsp: what IRET takes, in the kernel still; user_enter comes here too */
    testb $CPU_ISOLATED, %gs:CPU_WORK
    jz 4f
    pushq %rax
    movq %rsp, %rax
    movq %gs:CPU_ENTRY_RSP, %rsp
    .irp word, 40, 32, 24, 16, 8, 0 /* from ss down to rip, and rax */
    pushq \word(%rax)
    .endr
    movq %cr3, %rax
    btsq $CR3_PROGRAM, %rax
    movq %rax, %cr3
    popq %rax
    movq $0, -8(%rsp)
4:  swapgs
    verw trap_segment(%rip)
    iretq
    .size trap_by_segment, . - trap_by_segment

trap_segment:
    .word GDT_KERNEL_DATA

/* Has a stack of its own, since the kernel's may not be in use yet. What a program raises goes on
 * as any other exception, on the stack of its thread. */
    .type trap_debug, @function
trap_debug:
    ADD_ERROR_CODE
    testb $3, FRAME_CODE_SEGMENT(%rsp)
    jz trap_by_register
    pushq $2
    popfq
    swapgs
    lfence
    SAVE_REGISTERS
    testb $CPU_ISOLATED, %gs:CPU_WORK
    jz 5f
trap_from_gate:
    testb $3, FRAME_CODE_SEGMENT + FRAME_VECTOR(%rsp)
    jz 2b
    movq %cr3, %rax
    btrq $CR3_PROGRAM, %rax
    movq %rax, %cr3
5:  movq %gs:CPU_KERNEL_RSP, %rdi
    LEAVE_GATE
    jmp 2b
    .size trap_debug, . - trap_debug

    .type trap_by_register_no_code, @function
trap_by_register_no_code:
    ADD_ERROR_CODE
    .size trap_by_register_no_code, . - trap_by_register_no_code

    .type trap_by_register, @function
trap_by_register:
    pushq $2
    popfq
    SAVE_REGISTERS
    movl $MSR_GS_BASE, %ecx
    rdmsr
    movl %edx, %ebx /* negative: it was the kernel's; the handler leaves rbx as it is */
    testl %edx, %edx
    js 1f
    swapgs
1:  lfence
    movq %rsp, %r13
    movq %rsp, %rax
    xorq %gs:CPU_SELF, %rax
    shrq $PAGE_BITS, %rax
    jz 3f /* the stack is in the gate */
    movq %rsp, %rdi
    callq trap_handle
    testl %ebx, %ebx
    js 2f
    swapgs
2:  RESTORE_REGISTERS
    verw trap_segment(%rip)
    iretq
3:  movq %cr3, %r12
    movq %r12, %rax
    btrq $CR3_PROGRAM, %rax
    movq %rax, %cr3
    movq FRAME_LEN(%rsp), %rdi /* above the stack: where it goes on */
    LEAVE_GATE
    movq %rsp, %rdi
    callq trap_handle
    /* The last register and what IRET takes are in the gate; CR3 comes in between. */
    movq FRAME_RAX(%rsp), %rax
    movq %rax, FRAME_RAX(%r13)
    movq %r12, FRAME_RAX(%rsp)
    addq $FRAME_RAX, %r13
    movq %r13, FRAME_VECTOR(%rsp)
    testl %ebx, %ebx
    js 4f
    swapgs
4:  POP_REGISTERS
    popq %rsp
    movq %rax, %cr3
    popq %rax
    movq $0, -8(%rsp)
    addq $16, %rsp
    verw trap_segment(%rip)
    iretq
    .size trap_by_register, . - trap_by_register

    .section .note.GNU-stack, "", @progbits
