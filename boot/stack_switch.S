/*
 * stack_switch.S - void stack_switch_call(void (*function)(void *), void *argument, uint64_t top)
 *
 * UEFI's calling convention: arguments in rcx, rdx, r8; 32 bytes for the callee above its return
 * address; rbp preserved.
 */
    .text
    .globl stack_switch_call
stack_switch_call:
    pushq %rbp
    movq %rsp, %rbp
    movq %r8, %rsp
    subq $32, %rsp
    movq %rcx, %rax
    movq %rdx, %rcx
    callq *%rax
    movq %rbp, %rsp
    popq %rbp
    retq
