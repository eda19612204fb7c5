/*
 * thunk.S - where the compiler sends calls and jumps whose target is in a register (-mretpoline): a
 * return whose prediction is known, so no processor runs ahead to where a program has taught it to.
 */

    .section .text.thunk, "ax", @progbits

/* Goes on at r11. */
    .globl __x86_indirect_thunk_r11
    .type __x86_indirect_thunk_r11, @function
__x86_indirect_thunk_r11:
    callq 2f
1:  pause /* a processor that runs ahead waits here */
    lfence
    jmp 1b
2:  movq %r11, (%rsp)
    retq
    .size __x86_indirect_thunk_r11, . - __x86_indirect_thunk_r11

    .section .note.GNU-stack, "", @progbits
