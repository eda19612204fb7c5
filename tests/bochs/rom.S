/*
 * rom.S - the way in by PVH on a machine whose firmware is a BIOS: an option ROM. The BIOS calls it
 * once the machine is set up; it asks for the memory map, looks for the ACPI tables, and enters the
 * kernel, which lies in memory already, as a hypervisor would. It never returns.
 *
 * Source: BIOS Boot Specification 1.01 §3.3 (header, call at byte 3); ACPI 6.5 §15.1 (INT 15h,
 * AX=E820h), §5.2.5.1 (where the RSDP is); SDM vol. 3 §9.9.1 (protected mode),
 * §8.4.4 (INIT, start-up); kernel/pvh.h.
 */

.set MAP_ENTRY_LEN, 24          /* PVH's; the BIOS fills in the first 20 bytes */
.set MAP_ENTRY_MAX, 64
.set SMAP, 0x534D4150
.set PVH_START_MAGIC, 0x336EC578
.set MSR_TSC, 0x10
.set APIC_COMMAND, 0xFEE00300
.set APIC_INIT_OTHERS, 0xC4500
.set APIC_STARTUP_OTHERS, 0xC4600
.set APIC_WAIT, 100000
.set SHIFT_CLOSE, 1 << 20       /* counts in which all of it is done */

.set ROM, 0xD0000               /* rom.ld */

/* Memory that the BIOS leaves alone, and the kernel until it has read it. */
.set STACK_END, 0x8000
.set INFO, 0x8000
.set OTHER, 0x8FF8              /* another processor's counter, when it has been set */
.set MAP, 0x9000

    .section .text.rom, "ax", @progbits
    .code16
rom:
    .byte 0x55, 0xAA
    .byte 0                     /* length in 512 bytes, and the sum of all bytes is 0: run.py */
    jmp begin
    .balign 8
    .ascii "NONOSROM"           /* for tests/guest/options.c: what it looks for is at byte 512 */
/* run.py fills these in: byte 16, byte 24. */
entry:
    .long 0
    .long 0
counter_shift:
    .quad 0

begin:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $STACK_END, %esp
    movl $INFO, %edi
    movw $(MAP - INFO) / 4 + MAP_ENTRY_LEN / 4 * MAP_ENTRY_MAX, %cx
    xorl %eax, %eax
    rep stosl

    movw $MAP, %di
    xorl %ebx, %ebx
1:  movl $0xE820, %eax
    movl $SMAP, %edx
    movl $20, %ecx
    int $0x15
    jc 2f
    cmpl $SMAP, %eax
    jne 2f
    incl INFO + 48
    addw $MAP_ENTRY_LEN, %di
    cmpw $MAP + MAP_ENTRY_MAX * MAP_ENTRY_LEN, %di
    jae 2f
    testl %ebx, %ebx
    jnz 1b

2:  cli
    inb $0x92, %al              /* address line 20 */
    orb $2, %al
    andb $0xFE, %al
    outb %al, $0x92
    lgdtl %cs:gdt_pointer - rom
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    ljmpl $0x08, $protected

    .code32
protected:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl %eax, %ss

    movl $PVH_START_MAGIC, INFO
    movl $1, INFO + 4
    movl $MAP, INFO + 40
    movl $0xE0000, %esi
1:  cmpl $0x20445352, (%esi)    /* "RSD PTR " */
    jne 2f
    cmpl $0x20525450, 4(%esi)
    je 3f
2:  addl $16, %esi
    cmpl $0x100000, %esi
    jb 1b
    xorl %esi, %esi
3:  movl %esi, INFO + 32

    /* The counters of all others, if they are to differ. They do, or this is the end. */
    movl counter_shift, %eax
    orl counter_shift + 4, %eax
    jz 5f
    movl $APIC_INIT_OTHERS, APIC_COMMAND
    movl $APIC_WAIT, %ecx
1:  pause
    decl %ecx
    jnz 1b
    movl $APIC_STARTUP_OTHERS + (other - rom + ROM) / 4096, APIC_COMMAND
    movl $APIC_WAIT, %ecx
1:  pause
    decl %ecx
    jnz 1b
    rdtsc
    subl OTHER, %eax
    sbbl OTHER + 4, %edx
    addl counter_shift, %eax
    adcl counter_shift + 4, %edx
    jnz stop
    cmpl $SHIFT_CLOSE, %eax
    ja stop

5:  movl $INFO, %ebx
    jmpl *entry
stop:
    cli
    hlt
    jmp stop

    .balign 8
gdt:
    .quad 0
    .quad 0x00CF9B000000FFFF    /* code */
    .quad 0x00CF93000000FFFF    /* data */
gdt_pointer:
    .word gdt_pointer - gdt - 1
    .long gdt

/* Where a further processor starts: a page of its own. */
    .balign 4096, 0
    .code16
other:
    cli
    movw $ROM / 16, %ax
    movw %ax, %ds
    rdtsc
    addl counter_shift - rom, %eax
    adcl counter_shift - rom + 4, %edx
    movl $MSR_TSC, %ecx
    wrmsr
    xorw %ax, %ax
    movw %ax, %ds
    rdtsc
    movl %eax, OTHER
    movl %edx, OTHER + 4
1:  hlt
    jmp 1b

    .section .note.GNU-stack, "", @progbits
