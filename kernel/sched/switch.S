/*
 * switch.S - from one thread to another: the registers that a function keeps for its caller, and the
 * stack. System V ABI §3.2.1.
 */

    .section .text.switch, "ax", @progbits

/* void sched_switch(uint64_t *save_rsp, uint64_t load_rsp) */
    .globl sched_switch
    .type sched_switch, @function
sched_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    retq
    .size sched_switch, . - sched_switch

/* Where a new thread comes out of its first switch: a backtrace ends here. */
    .globl sched_begin
    .type sched_begin, @function
sched_begin:
    xorl %ebp, %ebp
    callq thread_begin
    ud2
    .size sched_begin, . - sched_begin

    .section .note.GNU-stack, "", @progbits
