/*
 * five_levels.S - void five_levels_switch(uint64_t root), UEFI's calling convention.
 *
 * CR4.LA57 changes only with paging off, which 64-bit code cannot turn off (SDM vol. 3 §4.1.2): so
 * through 32-bit code, on a descriptor table of our own, and back to firmware's.
 */
#define CR0_PG (1 << 31)
#define CR4_LA57 (1 << 12)

    .text
    .code64
    .globl five_levels_switch
five_levels_switch:
    pushq %rbx
    pushq %rsi
    pushq %rdi
    pushfq
    cli
    movl %cs, %esi /* firmware's, to come back to */
    subq $32, %rsp
    sgdt 16(%rsp)
    leaq gdt(%rip), %rax
    movw $gdt_end - gdt - 1, (%rsp)
    movq %rax, 2(%rsp)
    lgdt (%rsp)
    leaq 2f(%rip), %rdi
    leaq 1f(%rip), %rax
    pushq $0x10
    pushq %rax
    lretq

    .code32
1:  movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    movl %cr4, %eax
    orl $CR4_LA57, %eax
    movl %eax, %cr4
    movl %ecx, %cr3
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    pushl $0x08
    pushl %edi
    lretl

    .code64
2:  movl %esp, %esp
    lgdt 16(%rsp)
    addq $32, %rsp
    leaq 3f(%rip), %rax
    pushq %rsi
    pushq %rax
    lretq
3:  popfq
    popq %rdi
    popq %rsi
    popq %rbx
    retq

    .section .rdata, "dr"
    .balign 8
gdt:
    .quad 0
    .quad 0x00AF9B000000FFFF /* code, 64-bit */
    .quad 0x00CF9B000000FFFF /* code, 32-bit */
gdt_end:
