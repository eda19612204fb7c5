/*
 * trampoline.S - from firmware's address space to the kernel's (boot/trampoline.h).
 *
 * Never run where it is linked: it is data here, and code in the copy. No stack is used but where
 * it is said. SDM vol. 3 §4.1.2 (5-level paging changes only with paging off), §9.8.5 (entering
 * IA-32e mode).
 */
#define CR0_ALL_BUT_PG 0x7FFFFFFF
/* PG, WP, NE, ET, MP, PE: caches on, no emulation, no alignment check */
#define CR0_KERNEL 0x80010033
#define CR4_PAE (1 << 5)
#define CR4_MCE (1 << 6)
#define CR4_LA57 (1 << 12)
#define MSR_EFER 0xC0000080
#define EFER_NXE (1 << 11)

#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define SELECTOR_CODE_32 0x18

/* struct parameters in boot/trampoline.c */
#define TABLES (trampoline_parameters - trampoline_code + 0)
#define ENTRY (trampoline_parameters - trampoline_code + 8)
#define STACK_TOP (trampoline_parameters - trampoline_code + 16)
#define HANDOFF (trampoline_parameters - trampoline_code + 24)
#define LONG_MODE_POINTER (trampoline_parameters - trampoline_code + 32)
#define GDT_POINTER (trampoline_parameters - trampoline_code + 38)

    .section .rdata, "dr"
    .balign 16
    .globl trampoline_code, trampoline_code_end, trampoline_long_mode
    .globl trampoline_gdt, trampoline_gdt_end, trampoline_parameters

    .code64
trampoline_code:
    cli
    cld
    leaq trampoline_code(%rip), %rbx /* the page, for all that follows */
    lgdt GDT_POINTER(%rbx)
    lidt no_idt(%rip)
    movl $SELECTOR_DATA, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs

    /* No shadow stack, PCID, global pages or anything else that firmware may have on. */
    movq %cr4, %rax
    andl $(CR4_LA57 | CR4_MCE), %eax
    orl $CR4_PAE, %eax
    movq %rax, %cr4
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_NXE, %eax
    wrmsr

    movq %cr4, %rax
    testl $CR4_LA57, %eax
    jnz leave_5_levels
    movq TABLES(%rbx), %rax
    movq %rax, %cr3

trampoline_long_mode:
    movl $CR0_KERNEL, %eax
    movq %rax, %cr0
    movl %ebx, %ebx /* 32-bit code leaves the upper half undefined */
    movq STACK_TOP(%rbx), %rsp
    pushq $SELECTOR_CODE
    leaq 1f(%rip), %rax
    pushq %rax
    lretq
1:  movq HANDOFF(%rbx), %rdi
    movq ENTRY(%rbx), %rax
    xorl %ebp, %ebp /* the end of every backtrace */
    pushq $0        /* in place of a return address */
    jmpq *%rax

leave_5_levels:
    /* On firmware's stack, which is still mapped here. */
    pushq $SELECTOR_CODE_32
    leaq 1f(%rip), %rax
    pushq %rax
    lretq

    .code32
1:  movl %cr0, %eax
    andl $CR0_ALL_BUT_PG, %eax
    movl %eax, %cr0
    movl %cr4, %eax
    andl $~CR4_LA57, %eax
    movl %eax, %cr4
    movl TABLES(%ebx), %eax
    movl %eax, %cr3
    movl $CR0_KERNEL, %eax
    movl %eax, %cr0
    ljmpl *LONG_MODE_POINTER(%ebx)

    .balign 8
no_idt: /* the next exception resets the machine */
    .word 0
    .quad 0
    .balign 8
trampoline_gdt: /* all marked accessed: the page is read-only */
    .quad 0
    .quad 0x00AF9B000000FFFF
    .quad 0x00CF93000000FFFF
    .quad 0x00CF9B000000FFFF
trampoline_gdt_end:
    .balign 8
trampoline_parameters:
    .space 48
trampoline_code_end:
