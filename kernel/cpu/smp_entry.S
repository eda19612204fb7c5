/*
 * smp_entry.S - the first code of a further processor: from real mode to 64-bit mode in one page
 * below 1 MiB, to which smp.c copies it. Position-independent but for what smp.c fills in at its
 * end. SDM vol. 3 §8.4.4 (MP initialization), §9.8.5 (IA-32e mode).
 */
.set CR0_PE_WP_PG, 1 << 31 | 1 << 16 | 1 << 0
.set CR4_PAE, 1 << 5
.set CPUID_EXTENDED, 0x80000001
.set CPUID_LM_NX, 1 << 29 | 1 << 20
.set MSR_EFER, 0xC0000080
.set EFER_LME_NXE, 1 << 11 | 1 << 8

    .section .rodata.smp, "a", @progbits
    .globl smp_trampoline, smp_trampoline_long, smp_trampoline_end
    .balign 8
    .code16
smp_trampoline:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl gdt_pointer - smp_trampoline
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $CPUID_EXTENDED, %eax
    cpuid
    notl %edx
    testl $CPUID_LM_NX, %edx
    jnz halt
    movl root - smp_trampoline, %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    movl $EFER_LME_NXE, %eax
    xorl %edx, %edx
    wrmsr
    movl $CR0_PE_WP_PG, %eax
    movl %eax, %cr0
    ljmpl *(jump - smp_trampoline)

halt: /* does not come */
    hlt
    jmp halt

    .code64
smp_trampoline_long:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movq stack_top(%rip), %rsp
    movq argument(%rip), %rdi
    xorl %ebp, %ebp /* a backtrace ends here */
    callq *function(%rip)
    ud2

    .balign 8
gdt:
    .quad 0
    .quad 0x00AF9B000000FFFF /* 64-bit code */
    .quad 0x00CF93000000FFFF /* data */
/* struct smp_parameters (smp.c) from here on */
    .globl smp_trampoline_parameters
smp_trampoline_parameters:
gdt_pointer:
    .word . - gdt - 1
    .long 0 /* of gdt */
jump:
    .long 0 /* of smp_trampoline_long */
    .word 8
root:
    .long 0
stack_top:
    .quad 0
argument:
    .quad 0
function:
    .quad 0
smp_trampoline_end:

    .section .note.GNU-stack, "", @progbits
