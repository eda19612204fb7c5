/*
 * guest_programs.S - programs for ring 3 that measure one operation, in one piece of code that does
 * not care where it is. Each gets the address of a struct samples (tests/bench/samples.h).
 *
 * The counter is read before and after the operation, and the difference stored, SAMPLES_MAX times.
 * What the last call returned goes behind the samples.
 */
.set SAMPLES_MAX, 1000
.set SAMPLES_TICKS, 4
.set RESULT, 4080
.set SPACE, 4040 /* for 32 bytes */
.set NOWHERE, 0x10000

.set CALL_THREAD_EXIT, 0
.set CALL_YIELD, 1
.set CALL_CLOCK_READ, 2
.set CALL_LOG_WRITE, 3
.set CALL_MEMORY_MAP, 4
.set CALL_MEMORY_UNMAP, 5
.set CALL_RANDOM_BYTES, 6

.macro CALL number
    movl $\number, %eax
    syscall
.endm

/* Codes that thread_exit takes for calls that are not there yet (guest_calls.c). */
.set WAIT, 0xE0000001
.set SIGNAL, 0xE0000002

.macro PROGRAM name
    .globl cost_\name, cost_\name\()_end
    .balign 16
cost_\name:
    movq %rdi, %r13
    xorl %ebx, %ebx
1:
.endm

/* Of what the counter says now, in eax, and said before: the next sample. */
.macro STORE before
    subl \before, %eax
    movl %eax, SAMPLES_TICKS(%r13,%rbx,4)
    incl %ebx
    movl %ebx, (%r13)
    cmpl $SAMPLES_MAX, %ebx
    jne 1b
.endm

.macro END name
    jmp 3f
2:  movq %rax, RESULT(%r13) /* a call that the rest needs has failed */
3:  xorl %edi, %edi
    CALL CALL_THREAD_EXIT
    ud2
cost_\name\()_end:
.endm

.macro BEGIN_SAMPLE
    rdtsc
    movl %eax, %r12d
.endm

.macro END_SAMPLE
    movq %rax, %r14
    rdtsc
    movq %r14, RESULT(%r13)
    STORE %r12d
.endm

    .section .rodata.cost_programs, "a", @progbits

/* The counter itself, all of it, as the first thing that a program does. */
PROGRAM first
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, RESULT(%r13)
END first

PROGRAM nothing
    BEGIN_SAMPLE
    END_SAMPLE
END nothing

PROGRAM clock
    BEGIN_SAMPLE
    CALL CALL_CLOCK_READ
    END_SAMPLE
END clock

PROGRAM yield
    BEGIN_SAMPLE
    CALL CALL_YIELD
    END_SAMPLE
END yield

PROGRAM random
    leaq SPACE(%r13), %rbp
    BEGIN_SAMPLE
    movq %rbp, %rdi
    movl $32, %esi
    CALL CALL_RANDOM_BYTES
    END_SAMPLE
END random

PROGRAM bad_pointer
    BEGIN_SAMPLE
    movl $NOWHERE, %edi
    movl $8, %esi
    CALL CALL_LOG_WRITE
    END_SAMPLE
END bad_pointer

.macro MAP len
    movl $\len, %edi
    movl $1, %esi
    CALL CALL_MEMORY_MAP
    testl %eax, %eax
    jnz 2f
    movq %rdx, %rbp
.endm

.macro UNMAP len
    movq %rbp, %rdi
    movl $\len, %esi
    CALL CALL_MEMORY_UNMAP
.endm

/* Now and then a page stays, so that no table comes and goes with the one that is measured: more
 * often than the addresses that are given out come to a further table. */
.macro KEEP_NEIGHBOR
    testb $31, %bl
    jnz 4f
    MAP 4096
4:
.endm

PROGRAM map_unmap
    KEEP_NEIGHBOR
    BEGIN_SAMPLE
    MAP 4096
    UNMAP 4096
    END_SAMPLE
END map_unmap

PROGRAM map_touch_unmap
    KEEP_NEIGHBOR
    BEGIN_SAMPLE
    MAP 4096
    movb $1, (%rbp)
    UNMAP 4096
    END_SAMPLE
END map_touch_unmap

/* Two that yield to each other: the counter before it in one, and after it in the other. */
PROGRAM yields
    BEGIN_SAMPLE
    CALL CALL_YIELD
    movl %r12d, %eax
    STORE $0
END yields

PROGRAM yielded_to
    CALL CALL_YIELD
    rdtsc
    STORE $0
END yielded_to

/* One that waits at a higher priority than the other, which signals. */
PROGRAM wakes
    BEGIN_SAMPLE
    movl $SIGNAL, %edi
    CALL CALL_THREAD_EXIT
    movl %r12d, %eax
    STORE $0
END wakes

PROGRAM woken
    movl $WAIT, %edi
    CALL CALL_THREAD_EXIT
    rdtsc
    STORE $0
END woken

/* The counter before the end, which somebody else waits for. */
PROGRAM exit
    rdtsc
    movl %eax, SAMPLES_TICKS(%r13)
END exit

PROGRAM fault
    rdtsc
    movl %eax, SAMPLES_TICKS(%r13)
    movb $1, NOWHERE
END fault

/* From here on nothing is measured: what may keep interrupts off for long. */
.macro REPEAT times
    incl %ebx
    cmpl $\times, %ebx
    jb 1b
    movq %rax, RESULT(%r13)
.endm

PROGRAM log_long
    leaq 1b(%rip), %rdi
    movl $256, %esi
    CALL CALL_LOG_WRITE
    REPEAT 8
END log_long

PROGRAM random_long
    MAP 0x10000
    movq %rbp, %rdi
    movl $0x10000, %esi
    CALL CALL_RANDOM_BYTES
    testl %eax, %eax
    jnz 2f
    UNMAP 0x10000
    REPEAT 4
END random_long

PROGRAM map_long
    MAP 0x200000
    UNMAP 0x200000
    REPEAT 4
END map_long

PROGRAM map_too_long
    movq $0x100000000, %rdi
    movl $1, %esi
    CALL CALL_MEMORY_MAP
    REPEAT 4
END map_too_long

    .section .note.GNU-stack, "", @progbits
