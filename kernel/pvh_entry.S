/*
 * pvh_entry.S - the 32-bit PVH entry: protected mode, flat segments, no paging, no stack, ebx =
 * physical address of the start information (Xen, docs/misc/pvh.pandoc). The image lies where it is
 * linked.
 *
 * The early tables are one tree of tables for the first 4 GiB, reached in three ways: at address 0
 * (for the switch alone), at the direct map (marked no-execute at the top) and at the linked
 * address. The first 4 MiB have 4 KiB pages, so that each segment of the image has its own
 * permissions from the first instruction with paging on; all else is RW and never executable.
 * SDM vol. 3 §4.5 (tables), §9.8.5 (entering long mode).
 */

.set VIRTUAL_OFFSET, 0xFFFFFFFF80000000
.set PRESENT, 1 << 0
.set WRITABLE, 1 << 1
.set LARGE, 1 << 7
.set NO_EXECUTE, 1 << 31 /* in the upper half of an entry */
.set SERIAL, 0x3F8
.set LAST_WORD, 0x4E4F4E4F /* any value that is not zero */

#define PHYSICAL(symbol) ((symbol) - VIRTUAL_OFFSET)

    .section .note.pvh, "a", @note
    .balign 4
    .long 4       /* length of the name */
    .long 8       /* length of the value */
    .long 18      /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad PHYSICAL(pvh_entry)

    .section .rodata.pvh, "a", @progbits
    .balign 8
/* The accessed bits are set already: the processor would have to write them to a read-only page. */
pvh_gdt:
    .quad 0
    .quad 0x00AF9B000000FFFF /* code, 64-bit */
    .quad 0x00CF93000000FFFF /* data */
pvh_gdt_pointer:
    .word pvh_gdt_pointer - pvh_gdt - 1
    .long PHYSICAL(pvh_gdt)
pvh_refusal:
    .ascii "NONOS: unverified start (PVH)\r\n"
    .asciz "NONOS: panic: the processor has no 64-bit mode or no NX\r\n"
pvh_no_memory:
    .ascii "NONOS: unverified start (PVH)\r\n"
    .asciz "NONOS: panic: there is less memory than the image takes\r\n"

    .section .bss.pvh, "aw", @nobits
    .balign 4096
    .globl pvh_memory, pvh_memory_end
pvh_memory:
pvh_pml4:
    .skip 4096
pvh_pdpt_low:
    .skip 4096
pvh_pdpt_high:
    .skip 4096
pvh_directories:
    .skip 4 * 4096
pvh_page_tables:
    .skip 2 * 4096
    .globl pvh_stack
pvh_stack:
    .skip 64 * 1024
pvh_stack_end:
pvh_memory_end:
    .globl pvh_entry_tsc
pvh_entry_tsc:
    .skip 8

    .section .text.pvh, "ax", @progbits
    .code32
    .globl pvh_entry
    .type pvh_entry, @function
pvh_entry:
    cli
    cld
    movl %ebx, %ebp
    rdtsc
    movl %eax, PHYSICAL(pvh_entry_tsc)
    movl %edx, PHYSICAL(pvh_entry_tsc) + 4

    /* Without its last word there are neither tables nor a stack to rely on. */
    movl $PHYSICAL(pvh_no_memory), %esi
    movl $LAST_WORD, PHYSICAL(kernel_data_end) - 4
    cmpl $LAST_WORD, PHYSICAL(kernel_data_end) - 4
    jne 9f
    movl $0, PHYSICAL(kernel_data_end) - 4

    movl $PHYSICAL(pvh_refusal), %esi
    movl $0x80000000, %eax
    cpuid
    cmpl $0x80000001, %eax
    jb 9f
    movl $0x80000001, %eax
    cpuid
    andl $(1 << 29 | 1 << 20), %edx /* long mode, NX */
    cmpl $(1 << 29 | 1 << 20), %edx
    jne 9f

    movl $PHYSICAL(pvh_pdpt_low) + PRESENT + WRITABLE, PHYSICAL(pvh_pml4)
    movl $PHYSICAL(pvh_pdpt_low) + PRESENT + WRITABLE, PHYSICAL(pvh_pml4) + 256 * 8
    movl $NO_EXECUTE, PHYSICAL(pvh_pml4) + 256 * 8 + 4
    movl $PHYSICAL(pvh_pdpt_high) + PRESENT + WRITABLE, PHYSICAL(pvh_pml4) + 511 * 8
    movl $PHYSICAL(pvh_directories) + PRESENT + WRITABLE, PHYSICAL(pvh_pdpt_high) + 510 * 8
    movl $PHYSICAL(pvh_directories) + PRESENT + WRITABLE, %eax
    movl $PHYSICAL(pvh_pdpt_low), %edi
    movl $4, %ecx
1:  movl %eax, (%edi)
    addl $4096, %eax
    addl $8, %edi
    decl %ecx
    jnz 1b

    movl $PRESENT + WRITABLE + LARGE, %eax
    movl $PHYSICAL(pvh_directories), %edi
    movl $4 * 512, %ecx
1:  movl %eax, (%edi)
    movl $NO_EXECUTE, 4(%edi)
    addl $(2 << 20), %eax
    addl $8, %edi
    decl %ecx
    jnz 1b
    movl $PHYSICAL(pvh_page_tables) + PRESENT + WRITABLE, %eax
    movl %eax, PHYSICAL(pvh_directories)
    movl $0, PHYSICAL(pvh_directories) + 4
    addl $4096, %eax
    movl %eax, PHYSICAL(pvh_directories) + 8
    movl $0, PHYSICAL(pvh_directories) + 12

    movl $PRESENT + WRITABLE, %eax
    movl $PHYSICAL(pvh_page_tables), %edi
    movl $2 * 512, %ecx
1:  movl %eax, (%edi)
    movl $NO_EXECUTE, 4(%edi)
    addl $4096, %eax
    addl $8, %edi
    decl %ecx
    jnz 1b

    /* From the image's start to the end of its code: not writable; the code: executable. */
    movl $PHYSICAL(kernel_rodata_start), %eax
1:  movl %eax, %edi
    shrl $9, %edi /* eight bytes for each 4096 */
    addl $PHYSICAL(pvh_page_tables), %edi
    andl $~WRITABLE, (%edi)
    cmpl $PHYSICAL(kernel_text_start), %eax
    jb 2f
    movl $0, 4(%edi)
2:  addl $4096, %eax
    cmpl $PHYSICAL(kernel_text_end), %eax
    jb 1b

    movl $(1 << 5), %eax /* CR4: PAE alone */
    movl %eax, %cr4
    movl $PHYSICAL(pvh_pml4), %eax
    movl %eax, %cr3
    movl $0xC0000080, %ecx /* EFER: LME and NXE */
    rdmsr
    orl $(1 << 8 | 1 << 11), %eax
    wrmsr
    movl $0x80010031, %eax /* CR0: PG, WP, NE, ET, PE */
    movl %eax, %cr0
    lgdt PHYSICAL(pvh_gdt_pointer)
    ljmpl $0x08, $PHYSICAL(pvh_long)

/* The text at esi, said on the serial port as it is, byte by byte. */
9:  lodsb
    testb %al, %al
    jz 3f
    movb %al, %bl
    movl $100000, %ecx
    movw $SERIAL + 5, %dx
2:  inb %dx, %al
    testb $0x20, %al /* room to send */
    loopz 2b
    movb %bl, %al
    movw $SERIAL, %dx
    outb %al, %dx
    jmp 9b
3:  cli
    hlt
    jmp 3b
    .size pvh_entry, . - pvh_entry

    .code64
    .type pvh_long, @function
pvh_long:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movq $pvh_stack_end, %rsp
    pushq $1f /* from where the code lies to where it is linked */
    retq
1:  xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl %ebp, %edi
    xorl %ebp, %ebp
    callq pvh_start
    ud2
    .size pvh_long, . - pvh_long

    .section .note.GNU-stack, "", @progbits
