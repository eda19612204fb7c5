/*
 * copy_bytes.S - the one instruction that reads and writes memory of programs. SDM vol. 3 §4.6
 * (SMAP); vol. 2 STAC, CLAC, REP: after a fault rcx says how much is left.
 */

    .section .text.copy, "ax", @progbits

/* size_t copy_bytes(void *to, const void *from, size_t len, bool smap) */
    .globl copy_bytes
    .type copy_bytes, @function
copy_bytes:
    movl %ecx, %eax
    movq %rdx, %rcx
    lfence /* no access before the caller's check of the address is through */
    testb %al, %al
    jz 1f
    stac
1:
    .globl copy_access
copy_access:
    rep movsb
    .globl copy_access_end
copy_access_end:
    testb %al, %al
    jz 1f
    clac
1:  movq %rcx, %rax
    xorl %ecx, %ecx
    xorl %esi, %esi
    xorl %edi, %edi
    retq
    .size copy_bytes, . - copy_bytes

    .section .note.GNU-stack, "", @progbits
