/*
 * thread_entry.S - where a new thread comes out of its first switch.
 */

    .section .text.switch, "ax", @progbits

/* A backtrace ends here. */
    .globl sched_begin
    .type sched_begin, @function
sched_begin:
    xorl %ebp, %ebp
    callq thread_begin
    ud2
    .size sched_begin, . - sched_begin

    .section .note.GNU-stack, "", @progbits
