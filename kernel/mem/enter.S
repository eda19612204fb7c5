/*
 * enter.S - leaving one set of page tables and one stack for others, at once: neither the old stack
 * in the new tables nor the new one in the old need to be mapped. The code is mapped in both.
 */

    .section .text.enter, "ax", @progbits

/* [[noreturn]] void paging_switch(uint64_t root, void *stack_top, void (*function)(void)) */
    .globl paging_switch
    .type paging_switch, @function
paging_switch:
    movq %rdi, %cr3
    movq %rsi, %rsp
    pushq $2 /* no flag but the one that is always set: with AC left on, SMAP would not hold */
    popfq
    xorl %ebp, %ebp /* a backtrace ends here */
    pushq $0 /* where it would return to */
    pushq %rdx
    retq
    .size paging_switch, . - paging_switch

    .section .note.GNU-stack, "", @progbits
